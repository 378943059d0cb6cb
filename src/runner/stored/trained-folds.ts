import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How many folds of a run have a trained model: those that were evaluated together, or, before that, those whose models are in its folder.
 */
export function trainedFoldsOf(folder: string, evaluated: number | undefined): number {
  if (evaluated !== undefined) return evaluated;
  const models = join(folder, 'models');
  const isThere = lstatSync(models, { throwIfNoEntry: false })?.isDirectory() === true;
  return isThere ? readdirSync(models).filter((name) => /^fold-\d+$/.test(name)).length : 0;
}
