import type { PreparedRun } from './prepare.ts';
import type { Task } from './task-graph.ts';

/** How many tasks of one stage run at a time, and with how many threads each. */
export interface Share {
  readonly lanes: number;
  readonly threads: number;
}

/** Tasks in their order, those of one stage together: they need nothing of each other. */
export function byStage(tasks: readonly Task[]): readonly (readonly Task[])[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) groups.set(task.stage.name, [...(groups.get(task.stage.name) ?? []), task]);
  return [...groups.values()];
}

/**
 * Shares the threads out among folds that run side by side. It depends on nothing that changes from start to start, because
 * sums that more threads share may be rounded otherwise, and a run that goes on must go on as it began.
 */
export async function shareOut({ experiment, threads, device }: PreparedRun, tasks: readonly Task[]): Promise<Share> {
  const asked = experiment.resources.parallel_folds;
  const lanes = device === 'cpu' && asked !== 'auto' ? Math.min(asked, tasks.length) : 1;
  return { lanes, threads: Math.max(1, Math.floor(threads / lanes)) };
}
