import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { modelIdOf } from '../../core/model-name.ts';

/**
 * How many folds of a run have a trained model: those that were evaluated together, or, before that, those whose models are in its folder.
 */
export function trainedFoldsOf(folder: string, evaluated: number | undefined): number {
  if (evaluated !== undefined) return evaluated;
  const models = join(folder, 'models');
  const isThere = lstatSync(models, { throwIfNoEntry: false })?.isDirectory() === true;
  const folds = isThere ? readdirSync(models).flatMap((name) => modelIdOf(name)?.fold ?? []) : [];
  return new Set(folds.filter((fold) => fold !== 'all')).size;
}
