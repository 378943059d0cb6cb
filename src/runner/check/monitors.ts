import { bareMetric, watchersOf, type Experiment } from '../../config/index.ts';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import { targetsAt, type Targets } from '../../data/examples/index.ts';
import { viewsOf, type Division } from '../../data/folds/index.ts';
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

/** What is trained on, and how it is divided. */
interface DividedTargets {
  readonly task: Task;
  readonly targets: Targets;
  readonly division: Division;
}

/** Throws a `data` error for each metric that the configuration watches and that says nothing in a fold which is trained. */
export function throwIfUndefined({ training, split }: Pick<Experiment, 'training' | 'split'>, divided: DividedTargets): void {
  const { task, targets, division } = divided;
  throwIfNoFold(split.only ?? [], division);
  const found = viewsOf(division).flatMap(({ folds, rows, foldOf }) => {
    const trained = folds.filter((fold) => split.only?.includes(fold) !== false);
    const own = rows === null ? targets : targetsAt(targets, rows);
    const refused = task.undefinedMetrics(watchedBy(training), { targets: own, foldOf, folds: folds.length, trained });
    return refused === undefined ? [] : [refused];
  });
  const [first] = found;
  if (first === undefined) return;
  const problems = found.flatMap((each) => each.problems);
  throw new OrtrainError('data', 'the configuration watches a metric that some folds do not have', { problems, remedy: first.remedy });
}

/** How many folds are predefined is known once the table has been read. */
function throwIfNoFold(only: readonly number[], { count }: Division): void {
  const none = only.filter((fold) => fold >= count);
  if (none.length === 0) return;
  const there = count === 1 ? 'there is one fold, number 0' : `the folds are 0 to ${count - 1}`;
  const message = `split.only has fold ${none.join(', ')}, but ${there}`;
  throw new OrtrainError('data', message, { problems: [{ message, field: 'split.only' }] });
}

function watchedBy(training: Experiment['training']): readonly Watched[] {
  return watchersOf(training).map(({ key, monitor }) => ({ field: `training.${key}.monitor`, monitor }));
}
