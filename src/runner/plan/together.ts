import type { ExperimentPlan } from './plan.ts';

/** What several experiments would do, one after the other: tasks that they share run once. */
export interface PlannedTogether {
  readonly tasks: number;
  /** Tasks whose output no cache holds yet. */
  readonly todo: number;
  /** What stays on the disk. */
  readonly diskBytes: number;
  /** What checkpoints take besides, at most, while folds are trained. */
  readonly checkpointBytes: number;
}

export function plannedTogether(plans: readonly ExperimentPlan[]): PlannedTogether {
  const tasks = [...new Map(plans.flatMap((plan) => plan.tasks.map((task) => [`${task.stage}/${task.key}`, task] as const))).values()];
  const todo = tasks.filter(({ cached }) => !cached);
  return {
    tasks: tasks.length,
    todo: todo.length,
    diskBytes: todo.reduce((total, { diskBytes }) => total + (diskBytes ?? 0), 0),
    checkpointBytes: Math.max(0, ...plans.map(({ estimate }) => estimate.checkpointBytes)),
  };
}
