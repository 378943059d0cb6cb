import { bareMetric, type Experiment } from '../../config/index.ts';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { Targets } from '../../data/examples/index.ts';
import type { Task, Watched } from '../../tasks/index.ts';

/** Throws a `data` error for each metric that the configuration watches and that the task does not measure. */
export function throwIfUnmeasured(training: Experiment['training'], task: Task): void {
  const problems = watchedBy(training).flatMap(({ field, monitor }): readonly Problem[] => {
    const unmeasured = task.unmeasured(bareMetric(monitor));
    if (unmeasured === undefined) return [];
    const suggestion = monitor.replace(/[^/]*$/, unmeasured.instead);
    return [{ message: `${field} is ${monitor}, which ${unmeasured.reason}`, field, suggestion }];
  });
  if (problems.length === 0) return;
  throw new OrtrainError('data', `the configuration watches a metric that is not measured for ${task.summary}`, { problems });
}

/** What is trained on, and the fold in which each row is validated. */
interface DividedTargets {
  readonly task: Task;
  readonly targets: Targets;
  readonly foldOf: Int32Array;
}

/** Throws a `data` error for each metric that the configuration watches and that says nothing in a fold which is trained. */
export function throwIfUndefined({ training, split }: Pick<Experiment, 'training' | 'split'>, divided: DividedTargets): void {
  const { task, targets, foldOf } = divided;
  const trained = split.only ?? Array.from({ length: split.folds }, (_, fold) => fold);
  const found = task.undefinedMetrics(watchedBy(training), { targets, foldOf, folds: split.folds, trained });
  if (found !== undefined) throw new OrtrainError('data', 'the configuration watches a metric that some folds do not have', found);
}

function watchedBy({ best_model, early_stopping, schedule }: Experiment['training']): readonly Watched[] {
  return [
    { field: 'training.best_model.monitor', monitor: best_model.monitor },
    ...(early_stopping === null ? [] : [{ field: 'training.early_stopping.monitor', monitor: early_stopping.monitor }]),
    ...(schedule.name === 'reduce-on-plateau' ? [{ field: 'training.schedule.monitor', monitor: schedule.monitor }] : []),
  ];
}
