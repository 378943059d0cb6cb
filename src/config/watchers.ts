import type { Experiment } from './experiment.ts';
import type { EpochMetric } from './metric-names.ts';

/** A rule of training that watches a metric after every epoch. */
export interface Watcher {
  /** `training.<key>` */
  readonly key: 'best_model' | 'early_stopping' | 'schedule';
  readonly monitor: EpochMetric;
  readonly mode: 'min' | 'max';
}

export function watchersOf({
  best_model,
  early_stopping,
  schedule,
}: Pick<Experiment['training'], 'best_model' | 'early_stopping' | 'schedule'>): readonly Watcher[] {
  return [
    { key: 'best_model', ...best_model },
    ...(early_stopping === null ? [] : [{ key: 'early_stopping', ...early_stopping } as const]),
    ...(schedule.name === 'reduce-on-plateau' ? [{ key: 'schedule', monitor: schedule.monitor, mode: schedule.mode } as const] : []),
  ];
}
