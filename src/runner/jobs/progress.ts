import { openOutput } from '../../stages/index.ts';
import type { EpochRecord } from '../../tracking/index.ts';
import { checkpointProgress } from '../../training/index.ts';
import type { PreparedRun } from '../prepare.ts';
import { addressOf, foldOf } from './job-graph.ts';

/** How far the model of a fold has come, in all processes that had a part in it. */
export interface ModelProgress {
  readonly fold: number;
  /** Where the experiment trains each fold with several. */
  readonly seed?: number;
  readonly epochs: readonly EpochRecord[];
  /** Metrics of the epoch whose weights are kept; null while there is more to train. */
  readonly best: Readonly<Record<string, number | null>> | null;
}

/** Of the run's models, in the order of the folds: what the cache holds of them, or else their checkpoints. */
export async function progressOf({ jobs, cache }: Pick<PreparedRun, 'jobs' | 'cache'>): Promise<readonly ModelProgress[]> {
  const models: ModelProgress[] = [];
  for (const job of jobs.filter(({ stage }) => stage.makes === 'model')) {
    const place = { fold: foldOf(job), ...(job.seed === undefined ? {} : { seed: job.seed }) };
    if ((await cache.inspect(addressOf(job))).kind === 'sound') {
      const { epochs, best } = openOutput('model', job.output).history();
      models.push({ ...place, epochs, best });
    } else models.push({ ...place, epochs: checkpointProgress(cache.partial(addressOf(job))).epochs, best: null });
  }
  return models;
}
