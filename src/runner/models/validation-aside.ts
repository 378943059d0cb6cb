import { join } from 'node:path';
import { pathOf } from '../../config/index.ts';
import { aside } from '../../core/aside.ts';
import { moduleBeside } from '../../core/threads.ts';
import { isLarge } from '../../data/tables/index.ts';
import type { TaskDescription } from '../../tasks/index.ts';
import type { StoredRun } from '../stored/runs.ts';
import { readValidation, type Validation } from './validation-rows.ts';

/** `readValidation`, in a thread of its own where the tables are large, so that this one hears Ctrl-C. */
export function validationAside(
  run: StoredRun,
  fold: number | 'all',
  description: TaskDescription,
  signal: AbortSignal | undefined,
): Promise<Validation> {
  if (!isLarge(join(run.folder, 'oof.csv'), pathOf(run.experiment.data.train))) return readValidation(run, fold, description);
  return aside<Validation>(moduleBeside(import.meta.url, 'validation-rows'), 'readValidation', [run, fold, description], signal);
}
