import { bareMetric, watchersOf } from '../../config/index.ts';
import { targetsAt } from '../../data/examples/index.ts';
import { batchTokens, evaluationBatches, type Batch } from '../../data/tokens/index.ts';
import { averagesOf, LAG } from '../../engine/optim/index.ts';
import type { Snapshot } from '../../engine/runtime/index.ts';
import { lossOf, measured, weighing, type Predictions } from '../../tasks/index.ts';
import type { FitState } from './checkpoint.ts';
import { pick, type FitOptions, type Training } from './fit-options.ts';
import { forwardAll } from '../inference.ts';
import { afterEpoch } from './rules.ts';
import { saveOrStop, startPass, type LentWeights } from './train-epoch.ts';

/**
 * Measures an epoch whose batches are all done, applies the rules, and answers with the beginning of the next one. Where no rows validate
 * it, the last epoch is kept.
 */
export async function endEpoch(options: FitOptions, state: FitState, batches: readonly Batch[]): Promise<FitState> {
  const { trainer, training, task, emit } = options;
  const { epoch, pass } = state;
  const began = performance.now();
  const targets = targetsAt(options.targets, batches.flatMap(({ rows }) => [...pick(options.trainRows, rows)]));
  // The training metrics are those of the steps themselves: dropout on, weights moving.
  const count = weighing(task, options.targets, options.rowWeights)?.total(options.trainRows) ?? pass.rows;
  const trained = { ...measured(task, targets, task.predict(pass.logits), watchedIn(training)), loss: pass.lossSum / count };
  const [isValidated, isLast] = [options.validationRows.length > 0, epoch === training.epochs];
  const averages = training.ema !== null && (isValidated || isLast) ? await averageWeights(options) : undefined;
  const validation = isValidated
    ? await evaluateRows(options, options.validationRows, () => saveOrStop(options, state, averages))
    : { metrics: {}, predictions: { numbers: new Float64Array(0) } };
  await averages?.leave();
  const metrics = { ...prefixed('train', trained), ...prefixed('val', validation.metrics) };
  const outcome = afterEpoch(training, state.rules, epoch, metrics);
  const judged = async (): Promise<Snapshot> => averages?.weights ?? trainer.snapshot();
  const isKept = isValidated ? outcome.isBest : isLast;
  const best = isKept ? { epoch, parameters: await judged(), validation: validation.predictions.numbers } : state.best;
  const ending = (performance.now() - began) / 1000;
  const seconds = pass.seconds + ending;
  const work = {
    training: { ...trainedTokens(options, batches), seconds: pass.seconds },
    validation: { ...validatedTokens(options), seconds: ending },
  };
  emit({ type: 'epoch', epoch, step: epoch * batches.length, lr: pass.lr, metrics, seconds, work });
  for (const decision of isValidated ? outcome.decisions : []) emit({ type: 'decision', epoch, ...decision });
  return {
    epoch: epoch + 1,
    pass: startPass(options),
    rules: outcome.state,
    epochs: [...state.epochs, { epoch, lr: pass.lr, seconds, metrics }],
    best,
  };
}

/** Puts the averages of the weights in the place of these, so that an epoch is judged by them. */
async function averageWeights({ trainer }: FitOptions): Promise<LentWeights & { readonly weights: Snapshot }> {
  const [own, { slots }] = [await trainer.snapshot(), await trainer.optimizerState()];
  const weights = averagesOf(own, slots[LAG] ?? {});
  await trainer.restore(weights);
  return { weights, take: () => trainer.restore(weights), leave: () => trainer.restore(own) };
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
  return { metrics: { ...measured(task, targets, predictions, watchedIn(training)), loss: lossOf(task, logits, targets) }, predictions };
}

/** The metrics that the rules of training watch, without `val/` or `train/`; those among them that are not usual are measured for them. */
function watchedIn(training: Training): readonly string[] {
  return watchersOf(training).map(({ monitor }) => bareMetric(monitor));
}

function trainedTokens({ source, trainRows }: FitOptions, batches: readonly Batch[]): ReturnType<typeof batchTokens> {
  return batchTokens(pick(source.lengths, trainRows), batches);
}

function validatedTokens({ source, validationRows, training }: FitOptions): ReturnType<typeof batchTokens> {
  const lengths = pick(source.lengths, validationRows);
  return batchTokens(lengths, evaluationBatches(lengths, training.eval_batch_size));
}

function prefixed(prefix: string, metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}/${name}`, value]));
}
