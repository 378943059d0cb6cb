import type { Experiment } from '../config/index.ts';
import { interrupted, OrtrainError } from '../core/errors.ts';
import type { Listener, StageEvent } from '../core/events.ts';
import { batchTokens, evaluationBatches, planBatches, type Batch } from '../data/tokens/index.ts';
import { targetsAt, type Targets } from '../data/examples/index.ts';
import { targetFeeds } from '../engine/models/index.ts';
import { rateSchedule } from '../engine/optim/index.ts';
import type { Feeds } from '../engine/program.ts';
import type { StepFeeds, Trainer } from '../engine/runtime/index.ts';
import { encoded, lossOf, measured, type Predictions, type Task } from '../tasks/index.ts';
import type { EpochRecord } from '../tracking/index.ts';
import type { BatchSource } from './batch-source.ts';
import type { BestModel, Checkpoints, FitState, Pass } from './checkpoint.ts';
import { forwardAll } from './inference.ts';
import { stepFeedsOf } from './micro-batches.ts';
import { afterEpoch, startRules } from './rules.ts';
import { withinMemory, type AtATime } from './within-memory.ts';

type Training = Experiment['training'];

/** One model, one fold. */
export interface FitOptions {
  readonly trainer: Trainer;
  readonly source: BatchSource;
  readonly task: Task;
  /** Of all rows of `source`. */
  readonly targets: Targets;
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
  /** True once the person has asked to stop. */
  readonly stopRequested: () => boolean;
}

export interface FitResult {
  readonly epochs: readonly EpochRecord[];
  readonly best: BestModel;
  /** Why training ended: `all epochs done`, the stopping rule's sentence, or the divergence. */
  readonly stopped: string;
}

/** A step event is sent at least this often, so that a terminal shows life. */
const STEP_EVENT_MS = 200;

/**
 * Trains until the last epoch or until the rules stop it, and keeps a copy of the best model. Goes on from the last
 * checkpoint, where there is one, as if it had never stopped. A loss that is not finite ends the fold: with the best model
 * so far if there is one, otherwise with an error that names step and rate.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { training, emit } = options;
  let state = await firstState(options);
  let diverged: Divergence | undefined;
  while (state.epoch <= training.epochs && state.rules.stopped === null && diverged === undefined) {
    const batches = epochBatches(options, state.epoch);
    const trained = await trainEpoch(options, state, batches);
    if ('sentence' in trained) diverged = trained;
    else state = await endEpoch(options, trained, batches);
  }
  if (diverged !== undefined) emit({ type: 'decision', epoch: state.epoch, kind: 'diverged', message: diverged.sentence });
  if (state.best === null) {
    throw new OrtrainError('run', diverged?.sentence ?? `${training.best_model.monitor} was never a number, so there is no best model`, {
      remedy: remedyFor(diverged, options.task),
    });
  }
  const { epoch, validation: numbers } = state.best;
  const same = options.task.sameness({ width: numbers.length / options.validationRows.length, numbers });
  if (same !== undefined)
    emit({
      type: 'decision',
      epoch,
      kind: 'one-class',
      message: `even the best model ${same}: the rate may be too high, or the training too short`,
    });
  return { epochs: state.epochs, best: state.best, stopped: diverged?.sentence ?? state.rules.stopped ?? 'all epochs done' };
}

/** A loss or a gradient that was not finite. */
interface Divergence {
  readonly sentence: string;
  /** From 1. */
  readonly step: number;
  readonly remedy?: string;
}

function remedyFor(diverged: Divergence | undefined, { watchInstead }: Task): string {
  if (diverged === undefined) return `Watch another metric in training.best_model.monitor, ${watchInstead}`;
  if (diverged.remedy !== undefined) return diverged.remedy;
  // No rate has had a part in the loss of the first step.
  if (diverged.step === 1)
    return 'It was so before anything was trained: the weights of model.base are too large or belong to another configuration; take another checkpoint.';
  return 'Lower training.optimizer.lr, or limit the gradients with training.clip_norm.';
}

/** Where the last checkpoint was made, or the beginning. A damaged checkpoint costs the time since the beginning, not the run. */
async function firstState(options: FitOptions): Promise<FitState> {
  const { trainer, training, checkpoints, emit } = options;
  const fresh: FitState = { epoch: 1, pass: startPass(options), rules: startRules(training), epochs: [], best: null };
  try {
    const saved = await checkpoints.restore(trainer);
    if (saved !== null)
      emit({ type: 'notice', level: 'info', message: `goes on in epoch ${saved.epoch} after ${saved.pass.batches} steps of it` });
    return saved ?? fresh;
  } catch (error) {
    if (!(error instanceof OrtrainError)) throw error;
    emit({ type: 'notice', level: 'warning', message: `${error.message}, so the fold starts from its beginning` });
    checkpoints.clear();
    return fresh;
  }
}

function startPass({ trainRows, task: { outputs } }: FitOptions): Pass {
  return { batches: 0, rows: 0, lossSum: 0, logits: new Float32Array(trainRows.length * outputs), lr: 0, seconds: 0 };
}

/** Between two steps, or two batches of an evaluation: the place to save what has been reached, and to stop. */
async function rest({ trainer, checkpoints, stopRequested }: FitOptions, state: FitState): Promise<void> {
  const isStopping = stopRequested();
  if (isStopping || checkpoints.isDue()) await checkpoints.save(trainer, state);
  if (isStopping) throw interrupted();
}

/**
 * The batches that an epoch still has to go through, as many at a time as the trainer likes; answers with a sentence where the loss
 * or a gradient was not finite.
 */
async function trainEpoch(options: FitOptions, from: FitState, batches: readonly Batch[]): Promise<FitState | Divergence> {
  const { trainer, training, task: { outputs }, emit } = options;
  const { epoch, rules } = from;
  const [before, steps] = [(epoch - 1) * batches.length, batches.length * training.epochs];
  const scheduled = rateSchedule(training.schedule, training.optimizer, steps);
  const began = performance.now() - 1000 * from.pass.seconds;
  let [pass, lastEvent, stepsSinceEvent] = [from.pass, performance.now(), 0];
  while (pass.batches < batches.length) {
    await rest(options, { ...from, pass });
    const start = performance.now();
    const given = batches.slice(pass.batches, pass.batches + trainer.stepsPerRun()).map((batch, i) => {
      return { ...stepBatch(options, batch), rates: scheduled?.(before + pass.batches + i) ?? { lr: rules.lr } };
    });
    const results = await withinMemory(mostAtATime(batches.slice(pass.batches, pass.batches + given.length), training), () =>
      trainer.steps(given),
    );
    const each = (performance.now() - start) / results.length;
    for (const [i, { loss, logits, skipped }] of results.entries()) {
      const { rates, rows } = given[i]!;
      const [step, now] = [before + pass.batches + 1, start + (i + 1) * each];
      if (!Number.isFinite(loss)) {
        const sentence = `the loss or a gradient was not finite at step ${step} (epoch ${epoch}) with rate ${rates.lr}`;
        return {
          sentence,
          step,
          ...(training.precision === 'float16'
            ? { remedy: `An activation may be too large for float16. ${WIDER} Otherwise lower the rate.` }
            : {}),
        };
      }
      if (skipped !== undefined) {
        if (skipped.inARow === MOST_SKIPPED) return overflow(step, epoch, skipped.scale);
        emit({ type: 'decision', epoch, kind: 'step-skipped', message: skippedSentence(step, skipped.scale) });
      }
      pass.logits.set(logits, pass.rows * outputs);
      pass = {
        batches: pass.batches + 1,
        rows: pass.rows + rows,
        lossSum: pass.lossSum + loss * rows,
        logits: pass.logits,
        lr: rates.lr,
        seconds: (now - began) / 1000,
      };
      stepsSinceEvent += 1;
      const elapsed = now - lastEvent;
      if (stepsSinceEvent >= options.logEvery || elapsed >= STEP_EVENT_MS || pass.batches === batches.length) {
        emit({
          type: 'step',
          epoch,
          epochs: training.epochs,
          step,
          steps,
          loss,
          lr: rates.lr,
          stepsPerSecond: (stepsSinceEvent / elapsed) * 1000,
        });
        [stepsSinceEvent, lastEvent] = [0, now];
      }
    }
  }
  return { ...from, pass };
}

const WIDER = 'Set training.precision to bfloat16, which has the range of float32, or to float32.';

/** From the first scale on, so many halvings are far below 1: gradients that are still too large are so without any scale. */
const MOST_SKIPPED = 30;

function skippedSentence(step: number, scale: number): string {
  return `step ${step} is skipped: a gradient is too large for float16 with the loss scaled by ${scale}; the next step scales it by ${scale / 2}`;
}

function overflow(step: number, epoch: number, scale: number): Divergence {
  const sentence = `gradients were too large for float16 at ${MOST_SKIPPED} steps in a row, the last with the loss scaled by ${scale}, at step ${step} (epoch ${epoch})`;
  return { sentence, step, remedy: WIDER };
}

function mostAtATime(batches: readonly Batch[], { micro_batch: micro }: Training): AtATime {
  const parts = batches.map(({ rows, width }) => ({
    key: 'training.micro_batch' as const,
    rows: Math.min(rows.length, micro ?? rows.length),
    width,
  }));
  return parts.reduce((most, part) => (part.rows * part.width > most.rows * most.width ? part : most));
}

/** Its parts are as wide as the batch, so that they have the dropout masks of the whole. */
function stepBatch(
  { source, trainRows, task, targets, training }: FitOptions,
  batch: Batch,
): { readonly feeds: StepFeeds; readonly rows: number } {
  const rows = pick(trainRows, batch.rows);
  const fed = (part: Int32Array): Feeds => ({
    ...source.feeds(part, batch.width),
    ...targetFeeds(encoded(task, targetsAt(targets, part)), task.outputs),
  });
  return { feeds: stepFeedsOf(rows, training, fed), rows: rows.length };
}

/** Measures an epoch whose batches are all done, applies the rules, and answers with the beginning of the next one. */
async function endEpoch(options: FitOptions, state: FitState, batches: readonly Batch[]): Promise<FitState> {
  const { trainer, training, task, emit } = options;
  const { epoch, pass } = state;
  const began = performance.now();
  const targets = targetsAt(options.targets, batches.flatMap(({ rows }) => [...pick(options.trainRows, rows)]));
  // The training metrics are those of the steps themselves: dropout on, weights moving.
  const trained = { ...measured(task, targets, task.predict(pass.logits)), loss: pass.lossSum / pass.rows };
  const validation = await evaluateRows(options, options.validationRows, () => rest(options, state));
  const metrics = { ...prefixed('train', trained), ...prefixed('val', validation.metrics) };
  const outcome = afterEpoch(training, state.rules, epoch, metrics);
  const best = outcome.isBest ? { epoch, parameters: await trainer.snapshot(), validation: validation.predictions.numbers } : state.best;
  const ending = (performance.now() - began) / 1000;
  const seconds = pass.seconds + ending;
  const work = {
    training: { ...trainedTokens(options, batches), seconds: pass.seconds },
    validation: { ...validatedTokens(options), seconds: ending },
  };
  emit({ type: 'epoch', epoch, step: epoch * batches.length, lr: pass.lr, metrics, seconds, work });
  for (const decision of outcome.decisions) emit({ type: 'decision', epoch, ...decision });
  return {
    epoch: epoch + 1,
    pass: startPass(options),
    rules: outcome.state,
    epochs: [...state.epochs, { epoch, lr: pass.lr, seconds, metrics }],
    best,
  };
}

async function evaluateRows(
  options: FitOptions,
  rows: Int32Array,
  onBatch: () => Promise<void>,
): Promise<{ readonly metrics: Readonly<Record<string, number>>; readonly predictions: Predictions }> {
  const { trainer, source, training, task } = options;
  const logits = await forwardAll((feeds) => trainer.forward(feeds), source, rows, task.outputs, training.eval_batch_size, onBatch);
  const targets = targetsAt(options.targets, rows);
  const predictions = task.predict(logits);
  return { metrics: { ...measured(task, targets, predictions), loss: lossOf(task, logits, targets) }, predictions };
}

function trainedTokens({ source, trainRows }: FitOptions, batches: readonly Batch[]): ReturnType<typeof batchTokens> {
  return batchTokens(pick(source.lengths, trainRows), batches);
}

function validatedTokens({ source, validationRows, training }: FitOptions): ReturnType<typeof batchTokens> {
  const lengths = pick(source.lengths, validationRows);
  return batchTokens(lengths, evaluationBatches(lengths, training.eval_batch_size));
}

function epochBatches({ source, training, trainRows, maxLength, seed }: FitOptions, epoch: number): readonly Batch[] {
  const { batch_size: batchSize, batching, padding } = training;
  return planBatches(pick(source.lengths, trainRows), { batchSize, batching, padding, maxLength, seed, epoch });
}

function pick(values: Int32Array, at: Int32Array): Int32Array {
  return at.map((index) => values[index] ?? 0);
}

function prefixed(prefix: string, metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}/${name}`, value]));
}
