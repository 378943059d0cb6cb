import { verifyModels } from '../models/verify-models.ts';
import type { FoundModels } from './find-models.ts';

/** Throws a `data` error where a model of a run is not as the run left it. Of other models nobody knows how they were. */
export async function throwIfModelsChanged({ run, models, isWhole = false }: FoundModels, signal?: AbortSignal): Promise<void> {
  if (run !== undefined) await verifyModels(run, models.map(({ path }) => path), isWhole ? 'all' : 'these', signal);
}
