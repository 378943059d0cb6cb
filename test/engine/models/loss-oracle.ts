import { expect } from 'vitest';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import type { Value } from '../../../src/engine/graph/types.ts';
import { readFloats, readIntegers, type Loss, type RankLayer } from '../../../src/engine/models/index.ts';
import { lossInGraph, lossOfLogits } from '../../../src/engine/models/loss-arithmetic.ts';
import * as of from '../../../src/engine/models/losses.ts';
import { modelBuilder } from '../../../src/engine/models/model-builder.ts';
import { orderedThresholds, rankOutputs } from '../../../src/engine/models/rank-layer.ts';
import { openForward, type Device } from '../../../src/engine/runtime/index.ts';
import { sharedJson } from '../../helpers/shared.ts';
import { sharedTensors } from './oracle-run.ts';

export const place = ['oracles2', 'losses', 'losses.json'] as const;

interface OracleCase {
  readonly name: string;
  readonly kind: string;
  readonly loss: number;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly pos_weight?: number | 'input';
  readonly label_smoothing?: number;
  readonly normalize?: 'weights' | 'count';
  readonly class_weights?: string;
  readonly gamma?: number;
  readonly alpha?: number;
  readonly delta?: number;
  readonly reduction?: string;
}

/** The oracle's case as a loss here, with what it is fed, row-major [B, width]. */
interface Held {
  readonly loss: Loss;
  /** Its input that holds logits, or what logits come from. */
  readonly logits: string;
  readonly targets: Float32Array;
  /** Sums to 1 unless the oracle divides by the number of rows. */
  readonly weights?: Float32Array;
  readonly ranks?: RankLayer;
  /** Where the oracle's loss is another number for the same gradients: it is so much larger, or so many times as large. */
  readonly more?: number;
  readonly times?: number;
}

const ROWS = 8;

/** Those that no task here is trained by. */
const LEFT_OUT = new Set(['distill', 'rdrop', 'multi_sample_dropout', 'rmse', 'mcrmse']);

const tensors = (): ReturnType<typeof sharedTensors> => sharedTensors('oracles2', 'losses', 'losses.safetensors');

export function oracleCases(): readonly OracleCase[] {
  return sharedJson<readonly OracleCase[]>(...place).filter(({ kind, name }) => !LEFT_OUT.has(kind) && !LEFT_OUT.has(name));
}

/** Loss and gradients of a case, in a graph on a device and, of those that are losses of logits, here. */
export async function sameAsOracle(oracle: OracleCase, device: Device): Promise<void> {
  const file = tensors();
  const floats = (name: string): Float32Array => readFloats(file, `${oracle.name}/in/${name}`);
  const held = heldBy(oracle, floats, (name) => Array.from(readIntegers(file, `${oracle.name}/in/${name}`), Number));
  const { values, names } = await inGraph(held, floats, device);
  const { times = 1, more = 0 } = held;
  const slopes = names.map((name) => [name, [...readFloats(file, `${oracle.name}/grad/${name.split('.').at(-1)}`)]] as const);
  const expected = new Map<string, readonly number[]>([['loss', [oracle.loss]], ...slopes]);
  for (const [name, list] of expected) {
    values.get(name)!.forEach((value, i) => close(value * times + (name === 'loss' ? more : 0), list[i]!, `${oracle.name} ${name} ${i}`));
    expect(values.get(name)!.length).toBe(list.length);
  }
  if (held.ranks !== undefined) return;
  const here = (logits: ArrayLike<number>): number => {
    const width = held.targets.length / ROWS;
    const weightWidth = (held.weights?.length ?? 0) / ROWS;
    const row = (all: Float32Array, w: number) => (i: number) => all.subarray(i * w, (i + 1) * w);
    return lossOfLogits(held.loss, logits, width, row(held.targets, width), held.weights && row(held.weights, weightWidth)) * times + more;
  };
  const logits = Float64Array.from(floats(held.logits));
  close(here(logits), oracle.loss, `${oracle.name} here`);
  expected.get(held.logits)!.forEach((slope, i) => {
    const moved = (by: number): number => here(logits.map((x, k) => (k === i ? x + by : x)));
    close((moved(STEP) - moved(-STEP)) / (2 * STEP), slope, `${oracle.name} slope ${i} here`);
  });
}

const STEP = 1e-5;

function close(value: number, expected: number, what: string): void {
  expect(Math.abs(value - expected), `${what}: ${value} for ${expected}`).toBeLessThan(1e-5 + 1e-5 * Math.abs(expected));
}

async function inGraph(
  { loss, logits, targets, weights, ranks }: Held,
  floats: (name: string) => Float32Array,
  device: Device,
): Promise<{ readonly values: ReadonlyMap<string, Float32Array>; readonly names: readonly string[] }> {
  const g = graphBuilder('loss', ['all']);
  const m = modelBuilder(g);
  const x = g.input('x', 'float32', [ROWS, floats(logits).length / ROWS]);
  const outputs = targets.length / ROWS;
  const own = new Map<string, Value>([[logits, x]]);
  let given = x;
  if (ranks !== undefined && logits === 'pooled') {
    given = rankOutputs(m, x, x.shape[1] as number, outputs, ranks);
    for (const { parameter, value } of m.leaves) own.set(parameter, value);
  } else if (ranks !== undefined) {
    const theta = m.parameter('theta', [outputs], { kind: 'zeros' });
    own.set('theta', theta);
    given = g.Sub(x, orderedThresholds(g, theta, outputs));
  }
  const scalar = lossInGraph(
    g,
    loss,
    given,
    g.input('targets', 'float32', [ROWS, outputs]),
    weights && g.input('weights', 'float32', [ROWS, weights.length / ROWS]),
  );
  const leaves = [...own.values()];
  const all = [scalar, ...gradients(g, scalar, leaves)];
  const sizes = [1, ...leaves.map(({ shape }) => (shape as readonly number[]).reduce((product, length) => product * length, 1))];
  g.output('all', g.Concat(...all.map((value, i) => g.reshape(value, [sizes[i]!])), { axis: 0 }));
  const model = await openForward({
    device,
    program: { graph: g.build(), parameters: m.parameters, output: 'all' },
    source: ({ name }, into) => into.set(floats(name)),
    threads: 1,
  });
  const fed = (data: Float32Array) => ({ dtype: 'float32', shape: [ROWS, data.length / ROWS], data }) as const;
  const found = await model.forward({ x: fed(floats(logits)), targets: fed(targets), ...(weights && { weights: fed(weights) }) });
  await model.release();
  let at = 0;
  const names = [...own.keys()];
  const values = new Map(['loss', ...names].map((name, i) => [name, found.slice(at, (at += sizes[i]!))]));
  return { values, names };
}

function heldBy(
  { kind, name, ...c }: OracleCase,
  floats: (name: string) => Float32Array,
  integers: (name: string) => readonly number[],
): Held {
  const has = (input: string): boolean => c.inputs.some((x) => x.name === input);
  const oneHot = (classes: readonly number[], width: number): Float32Array =>
    Float32Array.from({ length: ROWS * width }, (_, i) => Number(classes[Math.floor(i / width)] === i % width));
  const normalized = (weights: readonly number[], total = weights.reduce((sum, w) => sum + w, 0)): Float32Array =>
    Float32Array.from(weights, (w) => w / total);
  const rowWeights = has('w') ? [...floats('w')] : undefined;
  const e = c.label_smoothing ?? 0;
  const smooth = (targets: Float32Array, width: number): Float32Array => targets.map((t) => t * (1 - e) + e / width);
  const weighted = (weights: readonly number[] | undefined): Pick<Held, 'weights'> =>
    weights === undefined ? {} : { weights: normalized(weights, c.normalize === 'count' ? ROWS : undefined) };
  switch (kind) {
    case 'binary': {
      const loss = c.pos_weight === undefined ? of.binaryCrossEntropy : of.weightedBinaryCrossEntropy(c.pos_weight as number);
      return { loss, logits: 'x', targets: smooth(floats('y'), 2), ...weighted(rowWeights) };
    }
    case 'multilabel': {
      const loss = c.pos_weight === undefined ? of.binaryCrossEntropy : of.weightedBinaryCrossEntropy([...floats('pos_weight')]);
      const present = has('present') ? [...floats('present')].map((p, i) => p * (rowWeights?.[Math.floor(i / 4)] ?? 1)) : undefined;
      return { loss, logits: 'x', targets: floats('y'), ...weighted(present) };
    }
    case 'classes': {
      const t = integers('t');
      const classWeights = has('class_weights') ? [...floats('class_weights')] : [1, 1, 1, 1];
      const targets = smooth(oneHot(t, 4), 4).map((p, i) => p * classWeights[i % 4]!);
      const mass = t.map((k, i) => classWeights[k]! * (rowWeights?.[i] ?? 1));
      const total = mass.reduce((sum, w) => sum + w, 0);
      const rows = (rowWeights ?? t.map(() => 1)).map((w) => w / total);
      return { loss: of.crossEntropy, logits: 'x', targets, weights: Float32Array.from(rows) };
    }
    case 'soft': {
      const p = floats('p');
      const entropy = p.reduce((sum, q) => sum + (q > 0 ? q * Math.log(q) : 0), 0) / ROWS;
      return { loss: of.crossEntropy, logits: 'x', targets: p, ...weighted(rowWeights), more: name === 'soft_kl' ? entropy : 0 };
    }
    case 'focal': {
      const loss = of.focalBinaryCrossEntropy({ gamma: c.gamma!, alpha: c.alpha! < 0 ? null : c.alpha! });
      return { loss, logits: 'x', targets: floats('y'), times: c.reduction === 'sum' ? ROWS : 1 };
    }
    case 'focal_classes': {
      const t = integers('t');
      const weights = has('class_weights') ? t.map((k) => floats('class_weights')[k]!) : undefined;
      return { loss: of.focalCrossEntropy(c.gamma!), logits: 'x', targets: oneHot(t, 4), ...weighted(weights) };
    }
    case 'regression': {
      const losses: Readonly<Record<string, Loss>> = {
        mse: of.meanSquaredError,
        mse_sample_weights: of.meanSquaredError,
        mae: of.meanAbsoluteError,
        huber: of.huber(1),
        smooth_l1: of.huber(1), // with beta 1 the same
        bce_regression: of.binaryCrossEntropy,
      };
      return { loss: losses[name]!, logits: 'x', targets: floats('y'), ...weighted(rowWeights) };
    }
    case 'ordinal': {
      const targets = Float32Array.from({ length: ROWS * 4 }, (_, i) => Number(integers('rank')[Math.floor(i / 4)]! > i % 4));
      if (name === 'ordinal_thresholds') return { loss: of.rankCrossEntropy, logits: 'x', targets };
      if (name === 'ordinal_thresholds_mean') return { loss: of.binaryCrossEntropy, logits: 'x', targets };
      if (name === 'ordinal_coral') return { loss: of.rankCrossEntropy, logits: 'pooled', targets, ranks: { link: 'coral' } };
      return { loss: of.cumulativeLink, logits: 'f', targets, ranks: { link: 'cumulative' } };
    }
    default:
      throw new Error(`no loss here is ${kind}`);
  }
}
