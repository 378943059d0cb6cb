import { figureIfMeasured } from '../../core/measures.ts';
import { summaryOf, type RunMetrics } from '../../tracking/index.ts';

/** A metric of a run's summary, such as `oof/f1_macro`; NaN where it has none. */
export function scoreOf(metrics: RunMetrics | null, name: string): number {
  return metrics === null ? NaN : figureIfMeasured(summaryOf(metrics), name);
}
