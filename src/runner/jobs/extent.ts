import type { Job } from './job-graph.ts';

/** A part of a run's training: some folds, or all up to an epoch. */
export interface Extent {
  /** Numbers of folds, among those that the experiment trains. */
  readonly folds: readonly number[];
  /** Every fold pauses after this epoch, its checkpoint kept; left out: folds are trained to their end. */
  readonly epochs?: number;
}

/** The jobs that train these folds, and all that make what they read. */
export function jobsOf(jobs: readonly Job[], { folds }: Extent): readonly Job[] {
  const wanted = new Set<string>();
  for (const { id, stage, fold, after } of jobs.toReversed()) {
    if (stage.makes === 'model' && fold !== undefined && folds.includes(fold)) wanted.add(id);
    if (wanted.has(id)) for (const other of after) wanted.add(other);
  }
  return jobs.filter(({ id }) => wanted.has(id));
}
