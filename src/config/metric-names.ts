/** The metrics that training, evaluation and sweeps measure, by the names that configurations use. `f1` needs two classes. */
const METRICS = ['loss', 'accuracy', 'precision_macro', 'recall_macro', 'f1_macro', 'f1', 'roc_auc'] as const;

/** Measured after every epoch, on the validation part and on the training part of a fold: `val/loss`, …, `train/roc_auc`. */
export const epochMetrics = [...METRICS.map((metric) => `val/${metric}` as const), ...METRICS.map((metric) => `train/${metric}` as const)];

/** Measured once a run: on all rows out of fold (`oof/…`), and as the mean over the folds (`cv/…/mean`). */
export const runMetrics = [...METRICS.map((metric) => `oof/${metric}` as const), ...METRICS.map((metric) => `cv/${metric}/mean` as const)];
