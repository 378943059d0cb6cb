import type { Experiment } from './experiment.ts';
import { bareMetric, modeOf, type EpochMetric, type MetricName, type RunMetric } from './metric-names.ts';
import type { Json, Path } from './schema/schema.ts';
import { DEFAULTS_OF, strategies, type Strategy } from './split-keys.ts';
import { taskNames, type TaskName } from './task-names.ts';
import { tablesOf, targetColumns } from './tables.ts';
import { defaultTree, emptyMap, plain, subtree, withEntry, type MapTree } from './yaml/tree.ts';

/** What a configuration means that leaves a key out, by the name of its task. */
interface TaskDefaults {
  /** `training.best_model.monitor` */
  readonly monitor: EpochMetric;
  /** The same where there are several target columns. */
  readonly monitorOfSeveral?: EpochMetric;
  /** `training.early_stopping.monitor`; that of the best model where it is left out. */
  readonly stopping?: EpochMetric;
  /** `split.strategy` */
  readonly split: Strategy;
  /** `split.bins` */
  readonly bins?: number;
}

const DEFAULTS: Readonly<Record<TaskName, TaskDefaults>> = {
  classification: { monitor: 'val/f1_macro', stopping: 'val/accuracy', split: 'stratified-kfold' },
  'multi-label': { monitor: 'val/roc_auc', split: 'multilabel-stratified-kfold' },
  regression: { monitor: 'val/rmse', monitorOfSeveral: 'val/mcrmse', split: 'stratified-kfold', bins: 10 },
  ordinal: { monitor: 'val/qwk', split: 'stratified-kfold' },
};

/** The metric by which the runs of a task are ranked, unless a sweep names another. */
export function usualRanking(experiment: Experiment): RunMetric {
  return `oof/${bareMetric(usualMonitorOf(experiment)) as MetricName}`;
}

/** What a task is judged by, unless the configuration says otherwise. */
export function usualMonitorOf({ task, data }: Pick<Experiment, 'task' | 'data'>): EpochMetric {
  return usualMonitor(task.name, targetColumns(tablesOf(data).train.target).length);
}

/** A key of the configuration, such as `split.bins`, to its default, where that depends on the task. */
export function defaultsOf(experiment: Experiment): Readonly<Record<string, Json>> {
  const { task, training } = experiment;
  const { stopping, split, bins = null } = DEFAULTS[task.name];
  const monitor = usualMonitorOf(experiment);
  return {
    'training.best_model.monitor': monitor,
    'training.best_model.mode': modeOf(training.best_model.monitor),
    'training.early_stopping.monitor': stopping ?? monitor,
    'training.early_stopping.mode': modeOf(training.early_stopping?.monitor ?? monitor),
    'training.schedule.mode': modeOf(training.schedule.name === 'reduce-on-plateau' ? training.schedule.monitor : 'val/loss'),
    'split.strategy': split,
    'split.bins': bins,
    ...Object.fromEntries(Object.entries(DEFAULTS_OF[experiment.split.strategy] ?? {}).map(([key, value]) => [`split.${key}`, value])),
  };
}

/** What a configuration of a task watches and how it divides its rows, where it says nothing. */
export function usualOf(
  task: TaskName,
  columns: number,
): { readonly best: EpochMetric; readonly stopping: EpochMetric; readonly strategy: string } {
  const best = usualMonitor(task, columns);
  return { best, stopping: DEFAULTS[task].stopping ?? best, strategy: DEFAULTS[task].split };
}

function usualMonitor(task: TaskName, columns: number): EpochMetric {
  const { monitor, monitorOfSeveral = monitor } = DEFAULTS[task];
  return columns > 1 ? monitorOfSeveral : monitor;
}

/**
 * A configuration with the defaults that depend on its task, and with the direction of each metric that it watches; the schema has all
 * others. What is written stays as it is, also where it is wrong.
 */
export function withTaskDefaults(tree: MapTree): MapTree {
  const task = taskIn(tree);
  const { stopping, split, bins = null } = DEFAULTS[task];
  const monitor = usualMonitor(task, targetsIn(tree));
  const filled = [
    filling(['training', 'best_model'], 'monitor', monitor),
    filling(['training', 'early_stopping'], 'monitor', stopping ?? monitor, isMap),
    filling(['split'], 'strategy', split),
    filling(['split'], 'bins', bins),
    withStrategyDefaults,
  ].reduce((all, fill) => fill(all), tree);
  return [
    withMode(['training', 'best_model']),
    withMode(['training', 'early_stopping'], isMap),
    withMode(['training', 'schedule'], (node) => node?.kind === 'map' && textAt(node, ['name']) === 'reduce-on-plateau'),
  ].reduce((all, fill) => fill(all), filled);
}

/** The keys that the strategy of the split takes, where they are not written. */
function withStrategyDefaults(tree: MapTree): MapTree {
  const name = textAt(tree, ['split', 'strategy']);
  const strategy = strategies.find((known) => known === name);
  const own = strategy === undefined ? {} : (DEFAULTS_OF[strategy] ?? {});
  return Object.entries(own).reduce((all, [key, value]) => filling(['split'], key, value)(all), tree);
}

type Fill = (tree: MapTree) => MapTree;
type Node = ReturnType<typeof subtree>;

const isMap = (node: Node): boolean => node?.kind === 'map';
const isMapOrAbsent = (node: Node): boolean => node === undefined || isMap(node);

/** Writes a default where its object is there, or will be, and has no such key. */
function filling(above: Path, key: string, value: Json, applies: (node: Node) => boolean = isMapOrAbsent): Fill {
  return (tree) => {
    const parent = subtree(tree, above);
    if (!applies(parent) || subtree(tree, [...above, key]) !== undefined) return tree;
    const whole = parent === undefined ? withEntry(tree, above, { key: undefined, value: emptyMap }) : tree;
    return withEntry(whole, [...above, key], { key: undefined, value: defaultTree(value) });
  };
}

/** The mode of a metric that is written without one; where no metric is written, that of the schema's default stands. */
function withMode(above: Path, applies?: (node: Node) => boolean): Fill {
  return (tree) => {
    const monitor = textAt(tree, [...above, 'monitor']);
    return monitor === undefined ? tree : filling(above, 'mode', modeOf(monitor), applies)(tree);
  };
}

function taskIn(tree: MapTree): TaskName {
  const name = textAt(tree, ['task', 'name']);
  return taskNames.find((known) => known === name) ?? 'classification';
}

/** How many columns the training table's target has. */
function targetsIn(tree: MapTree): number {
  const target = subtree(tree, ['data', 'train', 'target']) ?? subtree(tree, ['data', 'target']);
  return target?.kind === 'list' ? target.items.length : 1;
}

function textAt(tree: MapTree, path: Path): string | undefined {
  const node = subtree(tree, path);
  const value = node === undefined ? undefined : plain(node);
  return typeof value === 'string' ? value : undefined;
}
