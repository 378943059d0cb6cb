import type { Conflict } from './conflict.ts';
import { likelyWord } from './schema/suggest.ts';
import type { Experiment } from './experiment.ts';
import { bareMetric, isMetricOf, metricsOf } from './metric-names.ts';
import { tablesOf, targetColumns } from './tables.ts';
import { lossConflicts } from './loss-rules.ts';
import { usualMonitorOf } from './task-defaults.ts';
import { watchersOf } from './watchers.ts';

/** What a configuration has that is of no use to its task, or that its task lacks. */
export function taskConflicts(experiment: Experiment): readonly Conflict[] {
  return [
    ...targetConflicts(experiment),
    ...labelConflicts(experiment),
    ...unusedConflicts(experiment),
    ...watchedConflicts(experiment),
    ...lossConflicts(experiment),
  ];
}

/** The key that names the target columns of the training table. */
export function targetKey({ train }: Experiment['data']): readonly string[] {
  return typeof train === 'object' && train.target !== undefined ? ['data', 'train', 'target'] : ['data', 'target'];
}

function targetConflicts({ task, data }: Experiment): readonly Conflict[] {
  const path = targetKey(data);
  const key = path.join('.');
  const { target } = tablesOf(data).train;
  const columns = targetColumns(target);
  const twice = columns.flatMap((name, i): readonly Conflict[] =>
    columns.indexOf(name) < i ? [{ path: [...path, i], message: `the column ${JSON.stringify(name)} is listed twice in ${key}` }] : [],
  );
  const takesOne = task.name === 'ordinal' || (task.name === 'classification' && columns.length === 1);
  if (!takesOne || typeof target === 'string') return twice;
  const several = {
    path,
    message:
      task.name === 'classification'
        ? `${key} is a list of one column; a list for classification has a column for each class, with its probability`
        : `${key} is a list of ${columns.length === 1 ? 'one column' : `${columns.length} columns`}, but the task ${task.name} has one ` +
          'target column; the tasks multi-label and regression take several, and classification a column for each class',
    ...(columns.length === 1 ? { suggestion: `target: ${columns[0]}` } : {}),
  };
  return [several, ...twice];
}

function labelConflicts({ task, data }: Experiment): readonly Conflict[] {
  const path = ['data', 'label_separator'];
  const { label_separator: separator } = data;
  if (task.name !== 'multi-label') {
    const message = `data.label_separator is for the task multi-label, but task.name is ${task.name}`;
    return separator === null ? [] : [{ path, message, suggestion: 'label_separator: null' }];
  }
  const [key, columns] = [targetKey(data).join('.'), targetColumns(tablesOf(data).train.target)];
  if (separator !== null && columns.length > 1)
    return [{ path, message: `data.label_separator needs one target column, but ${key} lists ${columns.length}` }];
  return separator === null && typeof tablesOf(data).train.target === 'string'
    ? [
        {
          path: targetKey(data),
          message:
            `${key} is one column, but the task multi-label needs a list of columns, one for each label, or data.label_separator, which ` +
            'says what separates the labels in the column',
        },
      ]
    : [];
}

function unusedConflicts({ task, data, split }: Experiment): readonly Conflict[] {
  const takesMissing = task.name === 'multi-label' || task.name === 'regression';
  const isSoft = task.name === 'classification' && typeof tablesOf(data).train.target !== 'string';
  const takesMajority = (task.name === 'classification' && !isSoft) || task.name === 'ordinal';
  const found: Conflict[] = [];
  if (!takesMissing && data.missing.length > 0)
    found.push({ path: ['data', 'missing'], message: `every row needs a target in the task ${task.name}, so data.missing has no use` });
  if (!takesMajority && data.conflicts === 'majority') {
    const message = isSoft
      ? 'data.conflicts: majority is for rows of one class each, but data.target lists a column of probabilities for each class'
      : `data.conflicts: majority is for the tasks classification and ordinal, but task.name is ${task.name}`;
    found.push({ path: ['data', 'conflicts'], message, suggestion: 'conflicts: drop' });
  }
  const { asked } = tablesOf(data);
  const takesLists = task.name === 'classification' || task.name === 'multi-label';
  for (const key of takesLists ? [] : (['top', 'separator'] as const)) {
    if (asked[key] === null) continue;
    const message = `data.sample_submission.${key} is for lists of classes or labels, but task.name is ${task.name}`;
    found.push({ path: ['data', 'sample_submission', key], message });
  }
  if (split.bins !== null && task.name !== 'regression') {
    const message = `split.bins is for the task regression, but task.name is ${task.name}`;
    found.push({ path: ['split', 'bins'], message, suggestion: 'bins: null' });
  }
  return found;
}

/** Metrics that the task does not measure; the schema has seen to it that they are metrics. */
function watchedConflicts(experiment: Experiment): readonly Conflict[] {
  const { task, training } = experiment;
  return watchersOf(training).flatMap(({ key, monitor }): readonly Conflict[] => {
    if (isMetricOf(task.name, monitor)) return [];
    const known = metricsOf(task.name);
    return [
      {
        path: ['training', key, 'monitor'],
        message: `training.${key}.monitor is ${monitor}, but the task ${task.name} measures ${known.join(', ')}`,
        suggestion: monitor.replace(bareMetric(monitor), likelyWord(bareMetric(monitor), known) ?? bareMetric(usualMonitorOf(experiment))),
      },
    ];
  });
}
