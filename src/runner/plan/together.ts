import type { ExperimentPlan } from './plan.ts';

/** What several experiments would do, one after the other: jobs that they share run once. */
export interface PlannedTogether {
  readonly tasks: number;
  /** Jobs whose output no cache holds yet. */
  readonly todo: number;
  /** What stays on the disk. */
  readonly diskBytes: number;
  /** What checkpoints take besides, at most, while folds are trained. */
  readonly checkpointBytes: number;
}

export function plannedTogether(plans: readonly ExperimentPlan[]): PlannedTogether {
  const jobs = [...new Map(plans.flatMap((plan) => plan.tasks.map((job) => [`${job.stage}/${job.key}`, job] as const))).values()];
  const todo = jobs.filter(({ cached }) => !cached);
  return {
    tasks: jobs.length,
    todo: todo.length,
    diskBytes: todo.reduce((total, { diskBytes }) => total + (diskBytes ?? 0), 0),
    checkpointBytes: Math.max(0, ...plans.map(({ estimate }) => estimate.checkpointBytes)),
  };
}
