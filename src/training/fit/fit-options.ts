import type { Experiment } from '../../config/index.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import { valueAt } from '../../core/values.ts';
import type { Targets } from '../../data/examples/index.ts';
import type { Trainer } from '../../engine/runtime/index.ts';
import type { Task } from '../../tasks/index.ts';
import type { BatchSource } from '../batch-source.ts';
import type { Checkpoints } from './checkpoint.ts';

export type Training = Experiment['training'];

/** One model, one fold. */
export interface FitOptions {
  readonly trainer: Trainer;
  readonly source: BatchSource;
  readonly task: Task;
  /** Of all rows of `source`. */
  readonly targets: Targets;
  /** What each of these rows weighs in the loss that is trained; left out where all weigh alike. Metrics count every row alike. */
  readonly rowWeights?: Float64Array | undefined;
  readonly trainRows: Int32Array;
  readonly validationRows: Int32Array;
  readonly training: Training;
  readonly maxLength: number;
  /** Orders the batches of every epoch. */
  readonly seed: number;
  /** A step event at least every so many steps. */
  readonly logEvery: number;
  readonly emit: Listener<StageEvent>;
  /** Where an earlier process may have left its state, and where this one leaves its own. */
  readonly checkpoints: Checkpoints;
  /** Where there is more to train after this epoch, the state is saved and the error `paused` thrown. */
  readonly pauseAfter?: number;
  /** True once the person has asked to stop. */
  readonly stopRequested: () => boolean;
}

/** Of values, those at some positions. */
export function pick(values: Int32Array, at: Int32Array): Int32Array {
  return at.map((index) => valueAt(values, index));
}
