import { interrupted } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import { targetsAt } from '../../data/examples/index.ts';
import { planBatches, type Batch } from '../../data/tokens/index.ts';
import { targetFeeds, weightFeeds } from '../../engine/models/index.ts';
import { rateSchedule } from '../../engine/optim/index.ts';
import type { Feeds } from '../../engine/program.ts';
import type { StepFeeds } from '../../engine/runtime/index.ts';
import { encoded, weighing } from '../../tasks/index.ts';
import type { FitState, Pass } from './checkpoint.ts';
import { pick, type FitOptions, type Training } from './fit-options.ts';
import { stepFeedsOf } from './micro-batches.ts';
import { withinMemory, type AtATime } from '../within-memory.ts';

/** A step event is sent at least this often, so that a terminal shows life. */
const STEP_EVENT_MS = 200;

/** A loss or a gradient that was not finite. */
export interface Divergence {
  readonly sentence: string;
  /** From 1. */
  readonly step: number;
  readonly remedy?: string;
}

/** An epoch of which nothing is done yet. */
export function startPass({ trainRows, task: { outputs } }: FitOptions): Pass {
  return { batches: 0, rows: 0, lossSum: 0, logits: new Float32Array(trainRows.length * outputs), lr: 0, seconds: 0 };
}

/** The batches of an epoch, in their order. */
export function epochBatches({ source, training, trainRows, maxLength, seed }: FitOptions, epoch: number): readonly Batch[] {
  const { batch_size: batchSize, batching, padding } = training;
  return planBatches(pick(source.lengths, trainRows), { batchSize, batching, padding, maxLength, seed, epoch });
}

/** Other weights than its own that a trainer holds for a while. */
export interface LentWeights {
  take(): Promise<void>;
  leave(): Promise<void>;
}

/**
 * Between two steps, or two batches of an evaluation: saves a checkpoint if one is due, with the trainer's own weights, and throws if the
 * person asked to stop.
 */
export async function saveOrStop({ trainer, checkpoints, stopRequested }: FitOptions, state: FitState, lent?: LentWeights): Promise<void> {
  const isStopping = stopRequested();
  if (!isStopping && !checkpoints.isDue()) return;
  await lent?.leave();
  await checkpoints.save(trainer, state);
  if (isStopping) throw interrupted();
  await lent?.take();
}

/**
 * Trains on the remaining batches of an epoch, as many at a time as the trainer makes in one run; answers with a sentence where the
 * loss or a gradient was not finite.
 */
export async function trainEpoch(options: FitOptions, from: FitState, batches: readonly Batch[]): Promise<FitState | Divergence> {
  const { trainer, training, task: { outputs }, emit } = options;
  const { epoch, rules } = from;
  const [before, steps] = [(epoch - 1) * batches.length, batches.length * training.epochs];
  const scheduled = rateSchedule(training.schedule, training.optimizer, steps);
  const began = performance.now() - 1000 * from.pass.seconds;
  let [pass, lastEvent, stepsSinceEvent] = [from.pass, performance.now(), 0];
  while (pass.batches < batches.length) {
    await saveOrStop(options, { ...from, pass });
    const start = performance.now();
    const given = batches.slice(pass.batches, pass.batches + trainer.stepsPerRun()).map((batch, i) => {
      return { ...stepBatch(options, batch), rates: scheduled?.(before + pass.batches + i) ?? { lr: rules.lr } };
    });
    const results = await withinMemory(mostAtATime(batches.slice(pass.batches, pass.batches + given.length), training), () =>
      trainer.steps(given),
    );
    const each = (performance.now() - start) / results.length;
    for (const [i, { loss, logits, skipped }] of results.entries()) {
      const { rates, rows, count } = valueAt(given, i);
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
        lossSum: pass.lossSum + loss * count,
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
  const reason = `a gradient is too large for float16 with the loss scaled by ${scale}`;
  return `step ${step} is skipped: ${reason}; the next step scales it by ${scale / 2}`;
}

function overflow(step: number, epoch: number, scale: number): Divergence {
  const last = `the last with the loss scaled by ${scale}, at step ${step} (epoch ${epoch})`;
  const sentence = `gradients were too large for float16 at ${MOST_SKIPPED} steps in a row, ${last}`;
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
  { source, trainRows, task, targets, rowWeights, training }: FitOptions,
  batch: Batch,
): { readonly feeds: StepFeeds; readonly rows: number; readonly count: number } {
  const rows = pick(trainRows, batch.rows);
  const weighed = weighing(task, targets, rowWeights);
  const fed = (part: Int32Array): Feeds => ({
    ...source.feeds(part, batch.width),
    ...targetFeeds(encoded(task, targetsAt(targets, part)), task.outputs),
    ...(weighed && weightFeeds(weighed.weights(part), part.length)),
  });
  return { feeds: stepFeedsOf(rows, training, fed, weighed?.total), rows: rows.length, count: weighed?.total(rows) ?? rows.length };
}
