/** The metrics that training, evaluation and sweeps measure, by the names that configurations use, and which values of each are better. */
const METRICS = {
  loss: 'low',
  accuracy: 'high',
  precision_macro: 'high',
  recall_macro: 'high',
  f1_macro: 'high',
  f1: 'high',
  roc_auc: 'high',
} as const;

export type MetricName = keyof typeof METRICS;

/** What short lists show of a run besides its loss, as far as it is measured; the last one where there is room for one only. */
export const headlineMetrics = ['accuracy', 'f1_macro'] as const satisfies readonly MetricName[];

const names = Object.keys(METRICS) as readonly MetricName[];

/** Measured after every epoch, on the validation part and on the training part of a fold: `val/loss`, …, `train/roc_auc`. */
export const epochMetrics = [...names.map((metric) => `val/${metric}` as const), ...names.map((metric) => `train/${metric}` as const)];

/** Measured once a run: on all rows out of fold (`oof/…`), and as the mean over the folds (`cv/…/mean`). */
export const runMetrics = [...names.map((metric) => `oof/${metric}` as const), ...names.map((metric) => `cv/${metric}/mean` as const)];

/** Of any form of a metric: `val/loss`, `oof/loss`, `cv/loss/mean`. Of one that nobody measures, higher values are taken for better. */
export function betterOf(metric: string): 'high' | 'low' {
  const name = bareMetric(metric);
  return Object.hasOwn(METRICS, name) ? METRICS[name as MetricName] : 'high';
}

/** `f1_macro` of `val/f1_macro` and `cv/f1_macro/mean` */
export function bareMetric(metric: string): string {
  return metric.replace(/^(train|val|oof|cv|test)\//, '').replace(/\/mean$/, '');
}
