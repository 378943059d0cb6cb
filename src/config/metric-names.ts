import { taskNames, type TaskName } from './task-names.ts';

type Tasks = readonly TaskName[];

const ANY: Tasks = taskNames;
const ONE_OF_MANY: Tasks = ['classification', 'ordinal'];
const LABELS: Tasks = ['classification', 'multi-label', 'ordinal'];
const PROBABILITIES: Tasks = ['classification', 'multi-label'];
const NUMBERS: Tasks = ['regression', 'ordinal'];

/**
 * The metrics that training, evaluation and sweeps measure, by the names that configurations use: which values of each are better, and
 * which tasks measure it.
 */
const METRICS = {
  loss: ['low', ANY],
  accuracy: ['high', ONE_OF_MANY],
  balanced_accuracy: ['high', ONE_OF_MANY],
  precision_macro: ['high', LABELS],
  recall_macro: ['high', LABELS],
  f1_macro: ['high', LABELS],
  f1_micro: ['high', LABELS],
  f1_weighted: ['high', LABELS],
  f1_samples: ['high', ['multi-label']],
  f1: ['high', ['classification']],
  roc_auc: ['high', PROBABILITIES],
  roc_auc_micro: ['high', ['multi-label']],
  average_precision: ['high', PROBABILITIES],
  mcc: ['high', ONE_OF_MANY],
  kappa: ['high', ONE_OF_MANY],
  qwk: ['high', ['ordinal']],
  log_loss: ['low', LABELS],
  brier: ['low', LABELS],
  ece: ['low', LABELS],
  hamming: ['low', ['multi-label']],
  subset_accuracy: ['high', ['multi-label']],
  rmse: ['low', NUMBERS],
  mae: ['low', NUMBERS],
  r2: ['high', ['regression']],
  pearson: ['high', NUMBERS],
  spearman: ['high', NUMBERS],
  mcrmse: ['low', ['regression']],
} as const satisfies Readonly<Record<string, readonly ['high' | 'low', Tasks]>>;

/** Metrics of the k most probable classes, each with a number in its name: `top_3_accuracy`, `map_at_3`. */
const RANKED = /^(top_[1-9]\d{0,3}_accuracy|map_at_[1-9]\d{0,3})$/;

export type MetricName = keyof typeof METRICS | `top_${number}_accuracy` | `map_at_${number}`;

/** What short lists show of the runs of a task besides their loss. The metrics that are listed before others are of one task alone. */
const HEADLINES: readonly (readonly [MetricName, MetricName])[] = [
  ['accuracy', 'qwk'],
  ['pearson', 'mcrmse'],
  ['pearson', 'rmse'],
  ['accuracy', 'f1_macro'],
  ['f1_macro', 'roc_auc'],
];

/** What short lists show of figures besides the loss; the last one where there is room for one only. */
export function headlinesOf(isMeasured: (name: MetricName) => boolean): readonly MetricName[] {
  return HEADLINES.find((pair) => pair.every(isMeasured)) ?? USUAL_HEADLINES.filter(isMeasured);
}

/** Those of classification, which a list has that shows no result yet. */
export const USUAL_HEADLINES = ['accuracy', 'f1_macro'] as const satisfies readonly MetricName[];

const names = Object.keys(METRICS) as readonly (keyof typeof METRICS)[];

/** Measured after every epoch, on the validation part and on the training part of a fold: `val/loss`, …, `train/roc_auc`. */
export type EpochMetric = `val/${MetricName}` | `train/${MetricName}`;

/** Measured once a run: on all rows out of fold (`oof/…`), and as the mean over the folds (`cv/…/mean`). */
export type RunMetric = `oof/${MetricName}` | `cv/${MetricName}/mean`;

/** Those whose names can be listed, and a pattern of the others. */
export const epochMetrics: MetricWords<EpochMetric> = {
  words: [...names.map((metric) => `val/${metric}` as const), ...names.map((metric) => `train/${metric}` as const)],
  pattern: '^(val|train)/(top_[1-9][0-9]{0,3}_accuracy|map_at_[1-9][0-9]{0,3})$',
};

/** As `epochMetrics`. */
export const runMetrics: MetricWords<RunMetric> = {
  words: [...names.map((metric) => `oof/${metric}` as const), ...names.map((metric) => `cv/${metric}/mean` as const)],
  pattern: '^(oof/(top_[1-9][0-9]{0,3}_accuracy|map_at_[1-9][0-9]{0,3})|cv/(top_[1-9][0-9]{0,3}_accuracy|map_at_[1-9][0-9]{0,3})/mean)$',
};

export interface MetricWords<T extends string> {
  readonly words: readonly T[];
  readonly pattern: string;
}

/** Of any form of a metric: `val/loss`, `oof/loss`, `cv/loss/mean`. Of one that nobody measures, higher values are taken for better. */
export function betterOf(metric: string): 'high' | 'low' {
  const name = bareMetric(metric);
  return Object.hasOwn(METRICS, name) ? METRICS[name as keyof typeof METRICS][0] : 'high';
}

/** Which values of a metric are better, as the configuration has it. */
export function modeOf(metric: string): 'min' | 'max' {
  return betterOf(metric) === 'low' ? 'min' : 'max';
}

/** Whether a task measures a metric, in any of its forms. */
export function isMetricOf(task: TaskName, metric: string): boolean {
  const name = bareMetric(metric);
  if (RANKED.test(name)) return task === 'classification';
  return Object.hasOwn(METRICS, name) && (METRICS[name as keyof typeof METRICS][1] as Tasks).includes(task);
}

/** The metrics of a task, as a person reads them. */
export function metricsOf(task: TaskName): readonly string[] {
  return [...names.filter((name) => isMetricOf(task, name)), ...(task === 'classification' ? ['top_<k>_accuracy', 'map_at_<k>'] : [])];
}

/** `f1_macro` of `val/f1_macro`, `cv/f1_macro/mean` and `baseline/oof/f1_macro` */
export function bareMetric(metric: string): string {
  return metric.replace(/^(baseline\/)?(train|val|oof|cv|test)\//, '').replace(/\/mean$/, '');
}
