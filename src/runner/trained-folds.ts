import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunMetrics } from '../tracking/run-files.ts';

/** How many folds of a run have a trained model: those that were evaluated together, or those whose models are in its folder so far. */
export function trainedFoldsOf(folder: string, metrics: RunMetrics | null): number {
  if (metrics !== null) return metrics.folds.length;
  const models = join(folder, 'models');
  return existsSync(models) ? readdirSync(models).filter((name) => /^fold-\d+$/.test(name)).length : 0;
}
