import { expect } from 'vitest';
import { RandomState } from '../../src/core/random.ts';
import {
  binaryCrossEntropy,
  crossEntropy,
  featureFeeds,
  headForward,
  headStep,
  randomParameters,
  targetFeeds,
  weightFeeds,
} from '../../src/engine/models/index.ts';
import { adam } from '../../src/engine/optim/index.ts';
import type { Feeds } from '../../src/engine/program.ts';
import type { StepFeeds, Trainer, TrainerOptions } from '../../src/engine/runtime/index.ts';
import { encoded, lossOf, weighing, type Task } from '../../src/tasks/index.ts';
import { targetsAt, type Targets } from '../../src/data/examples/index.ts';
import { learnedFrom } from '../../src/training/index.ts';
import { stepFeedsOf } from '../../src/training/fit/micro-batches.ts';

type LearnedTask = Pick<Task, 'outputs' | 'loss' | 'encode' | 'weights'>;

const WIDTH = 4;

/** Three classes, of which the second counts five times; and three labels, of which some are not known. */
export const tasks: Readonly<Record<string, LearnedTask>> = {
  classes: {
    outputs: 3,
    loss: crossEntropy,
    encode: ([label], into) => void (into[label!] = 1),
    weights: { of: 'rows', weigh: ([label], into) => (into[0] = label === 1 ? 5 : 1) },
  },
  'labels with gaps': {
    outputs: 3,
    loss: binaryCrossEntropy,
    encode: (labels, into) => into.set(labels.map((y) => (Number.isNaN(y) ? 0 : y))),
    weights: { of: 'elements', weigh: (labels, into) => labels.reduce((sum, y, k) => sum + (into[k] = Number.isNaN(y) ? 0 : 1), 0) },
  },
  'unweighted classes': { outputs: 3, loss: crossEntropy, encode: ([label], into) => void (into[label!] = 1) },
};

export const ROWS = 7;
const all = Int32Array.from({ length: ROWS }, (_, row) => row);
export const rowWeights = Float64Array.of(0.5, 2, 0, 1, 3, 0.25, 1);

function targetsOf(name: string): Targets {
  if (name !== 'labels with gaps') return { width: 1, values: Float64Array.of(0, 1, 2, 1, 0, 2, 2) };
  const gaps = [2, 3, 4, 11, 18];
  return { width: 3, values: Float64Array.from({ length: 3 * ROWS }, (_, i) => (gaps.includes(i) ? NaN : i % 2)) };
}

/** Losses of three steps over a table, cut into parts, and the parameters afterwards. */
export async function trained(
  name: string,
  open: (options: TrainerOptions) => Promise<Trainer>,
  micro: number | null,
  given: Float64Array | null = rowWeights,
) {
  const task = tasks[name]!;
  const weights = given ?? undefined;
  const targets = targetsOf(name);
  const random = new RandomState(5);
  const features = Float32Array.from({ length: ROWS * WIDTH }, () => random.uniform(-1, 1));
  const head = { dense: [5], dropout: 0.2, activation: 'tanh' as const };
  const model = { width: WIDTH, head, ...learnedFrom(task, weights !== undefined) };
  const weighed = weighing(task, targets, weights);
  const fed = (rows: Int32Array): Feeds => ({
    ...featureFeeds(Float32Array.from([...rows].flatMap((row) => [...features.subarray(row * WIDTH, (row + 1) * WIDTH)])), WIDTH),
    ...targetFeeds(encoded(task, targetsAt(targets, rows)), task.outputs),
    ...(weighed && weightFeeds(weighed.weights(rows), rows.length)),
  });
  const feeds: StepFeeds = stepFeedsOf(all, { micro_batch: micro }, fed, weighed?.total);
  const trainer = await open({
    step: headStep(model),
    forward: headForward(model),
    source: randomParameters(1),
    threads: 1,
    optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-3 }) },
    clipNorm: null,
    seed: 3,
  });
  try {
    const results = await trainer.steps([0.05, 0.04, 0.03].map((lr) => ({ feeds, rates: { lr } })));
    return { results, parameters: await trainer.snapshot(), task, targets };
  } finally {
    await trainer.release();
  }
}

/** A table in parts is trained as it is whole on the CPU, and its loss is Σ w·l / Σ w. */
export async function expectSame(name: string, open: (options: TrainerOptions) => Promise<Trainer>, cpu: typeof open): Promise<void> {
  const whole = await trained(name, cpu, null);
  const { task, targets, results } = whole;
  const ofRow = (row: number): readonly [loss: number, count: number] => {
    const one = targetsAt(targets, [row]);
    const count = task.weights?.weigh(one.values, new Float64Array(task.weights.of === 'rows' ? 1 : 3)) ?? 1;
    const counted = count * rowWeights[row]!;
    return [counted === 0 ? 0 : counted * lossOf(task, results[0]!.logits.subarray(row * 3, row * 3 + 3), one), counted];
  };
  const [sum, count] = [...all].map(ofRow).reduce(([a, b], [c, d]) => [a + c, b + d]);
  expect(results[0]!.loss).toBeCloseTo(sum / count, 5);
  for (const micro of [null, 3, 1]) {
    const found = await trained(name, open, micro);
    found.results.forEach(({ loss, gradientNorm }, i) => {
      expect(loss).toBeCloseTo(results[i]!.loss, 5);
      expect(gradientNorm).toBeCloseTo(results[i]!.gradientNorm, 5);
    });
    for (const [parameter, values] of Object.entries(whole.parameters))
      values.forEach((value, i) => expect(found.parameters[parameter]![i], `${parameter} in parts of ${micro}`).toBeCloseTo(value, 4));
  }
}
