import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import type { Listener, StageEvent } from '../core/events.ts';
import { batchCount, planBatches } from '../data/batches.ts';
import { classificationMetrics } from '../data/metrics.ts';
import { targetFeeds } from '../engine/models/index.ts';
import { rateSchedule } from '../engine/optim/index.ts';
import type { Snapshot, Trainer } from '../engine/runtime/index.ts';
import type { BatchSource } from './batch-source.ts';
import { forwardAll } from './inference.ts';
import { meanLoss, probabilitiesOf } from './logits.ts';
import { afterEpoch, startRules } from './rules.ts';

type Training = Experiment['training'];

/** One model, one fold. Labels are class numbers of all rows of `source`; `outputs` is 1 for two classes. */
export interface FitOptions {
  readonly trainer: Trainer;
  readonly source: BatchSource;
  readonly labels: Int32Array;
  readonly outputs: number;
  readonly trainRows: Int32Array;
  readonly validationRows: Int32Array;
  readonly training: Training;
  readonly maxLength: number;
  /** Orders the batches of every epoch. */
  readonly seed: number;
  /** A step event at least every so many steps. */
  readonly logEvery: number;
  readonly emit: Listener<StageEvent>;
  /** Throws when the person has asked to stop. */
  readonly checkpoint: () => void;
}

export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** The rate of the epoch's last step. */
  readonly lr: number;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface FitResult {
  readonly epochs: readonly EpochRecord[];
  readonly bestEpoch: number;
  /** Why training ended: `all epochs done`, the stopping rule's sentence, or the divergence. */
  readonly stopped: string;
  /** The best epoch's probabilities of the validation rows, in their order: [rows], or [rows, classes]. */
  readonly validation: Float64Array;
  /** A copy of the best epoch's parameters. */
  readonly parameters: Snapshot;
}

/** A step event is sent at least this often, so that a terminal shows life. */
const STEP_EVENT_MS = 200;

/**
 * Trains until the last epoch or until the rules stop it, and keeps a copy of the best model. A loss that is not finite
 * ends the fold: with the best model so far if there is one, otherwise with an error that names step and rate.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { trainer, training, emit } = options;
  const epochSteps = batchCount(options.trainRows.length, training.batch_size);
  const scheduled = rateSchedule(training.schedule, training.optimizer, epochSteps * training.epochs);
  const epochs: EpochRecord[] = [];
  let rules = startRules(training);
  let best: { readonly parameters: Snapshot; readonly validation: Float64Array } | undefined;
  let diverged: string | undefined;

  for (let epoch = 1; epoch <= training.epochs && rules.stopped === null; epoch += 1) {
    const began = performance.now();
    const trained = await trainEpoch(options, epoch, (step) => scheduled?.(step) ?? { lr: rules.lr });
    if (trained.diverged !== undefined) {
      diverged = trained.diverged;
      emit({ type: 'decision', epoch, kind: 'diverged', message: diverged });
      break;
    }
    const validation = await evaluateRows(options, options.validationRows);
    const metrics = { ...prefixed('train', trained.metrics), ...prefixed('val', validation.metrics) };
    const outcome = afterEpoch(training, rules, epoch, metrics);
    if (outcome.isBest) best = { parameters: await trainer.snapshot(), validation: validation.probabilities };
    const seconds = (performance.now() - began) / 1000;
    epochs.push({ epoch, lr: trained.lr, seconds, metrics });
    emit({ type: 'epoch', epoch, step: epoch * epochSteps, lr: trained.lr, metrics, seconds });
    for (const decision of outcome.decisions) emit({ type: 'decision', epoch, ...decision });
    rules = outcome.state;
  }

  if (best === undefined || rules.best === null) {
    throw new OrtrainError('run', diverged ?? `${training.best_model.monitor} was never a number, so there is no best model`, {
      remedy: 'Lower training.optimizer.lr, or limit the gradients with training.clip_norm.',
    });
  }
  return { epochs, bestEpoch: rules.best.epoch, stopped: diverged ?? rules.stopped ?? 'all epochs done', ...best };
}

interface TrainedEpoch {
  readonly metrics: Readonly<Record<string, number>>;
  readonly lr: number;
  /** A sentence with step and rate, where the loss or a gradient was not finite. */
  readonly diverged?: string;
}

/** One pass over the training rows. The metrics are those of the steps themselves: dropout on, weights moving. */
async function trainEpoch(options: FitOptions, epoch: number, rateOf: (step: number) => { readonly lr: number }): Promise<TrainedEpoch> {
  const { trainer, source, training, emit } = options;
  const batches = planBatches(pick(source.lengths, options.trainRows), {
    batchSize: training.batch_size,
    batching: training.batching,
    padding: training.padding,
    maxLength: options.maxLength,
    seed: options.seed,
    epoch,
  });
  const steps = batches.length * training.epochs;
  const logits = new Float32Array(options.trainRows.length * options.outputs);
  const labels = new Int32Array(options.trainRows.length);
  let [filled, lossSum, lr, lastEvent] = [0, 0, 0, performance.now()];
  let stepsSinceEvent = 0;
  for (const [i, batch] of batches.entries()) {
    options.checkpoint();
    const step = (epoch - 1) * batches.length + i;
    const rows = pick(options.trainRows, batch.rows);
    const targets = pick(options.labels, rows);
    const rate = rateOf(step);
    lr = rate.lr;
    const result = await trainer.step({ ...source.feeds(rows, batch.width), ...targetFeeds(targets, options.outputs) }, rate);
    if (!Number.isFinite(result.loss)) {
      return { metrics: {}, lr, diverged: `the loss or a gradient was not finite at step ${step + 1} (epoch ${epoch}) with rate ${lr}` };
    }
    logits.set(result.logits, filled * options.outputs);
    labels.set(targets, filled);
    filled += rows.length;
    lossSum += result.loss * rows.length;
    stepsSinceEvent += 1;
    const elapsed = performance.now() - lastEvent;
    if (stepsSinceEvent >= options.logEvery || elapsed >= STEP_EVENT_MS || i === batches.length - 1) {
      emit({ type: 'step', epoch, epochs: training.epochs, step: step + 1, steps, loss: result.loss, lr, stepsPerSecond: (stepsSinceEvent / elapsed) * 1000 });
      [stepsSinceEvent, lastEvent] = [0, performance.now()];
    }
  }
  const metrics = classificationMetrics(labels, probabilitiesOf(logits, options.outputs), Math.max(2, options.outputs));
  return { metrics: { loss: lossSum / filled, ...metrics }, lr };
}

async function evaluateRows(options: FitOptions, rows: Int32Array): Promise<{ readonly metrics: Readonly<Record<string, number>>; readonly probabilities: Float64Array }> {
  const { trainer, source, training, outputs } = options;
  const logits = await forwardAll((feeds) => trainer.forward(feeds), source, rows, outputs, training.eval_batch_size, options.checkpoint);
  const labels = pick(options.labels, rows);
  const probabilities = probabilitiesOf(logits, outputs);
  const metrics = { loss: meanLoss(logits, labels, outputs), ...classificationMetrics(labels, probabilities, Math.max(2, outputs)) };
  return { metrics, probabilities };
}

function pick(values: Int32Array, at: Int32Array): Int32Array {
  return at.map((index) => values[index] ?? 0);
}

function prefixed(prefix: string, metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}/${name}`, value]));
}
