import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, type Builder, type Value } from '../../../src/engine/graph/index.ts';
import { adam, maskKey } from '../../../src/engine/optim/index.ts';
import type { Feeds, ForwardProgram, ParameterSpec, StepProgram } from '../../../src/engine/program.ts';
import type { TrainerOptions } from '../../../src/engine/runtime/index.ts';
import { threeGroups } from '../../helpers/parameter-groups.ts';
import { keeps } from '../optim/reference.ts';

/**
 * A model that has one of everything: an embedding table [V, W] whose gradient comes by row, a frozen offset [W], dropout, a
 * dense layer with tanh and a linear output.
 *
 *   x[b] = mean over s of table[tokens[b, s]] + offset,  y[b] = tanh(drop(x[b]) w1 + b1) w2,  loss = mean (y - target)²
 */
export const V = 13;
export const W = 6;
export const H = 5;
export const RATE = 0.4;

export const parameters: readonly ParameterSpec[] = [
  { name: 'table', shape: [V, W], init: { kind: 'zeros' } },
  { name: 'offset', shape: [W], init: { kind: 'zeros' } },
  { name: 'w1', shape: [W, H], init: { kind: 'zeros' } },
  { name: 'b1', shape: [H], init: { kind: 'zeros' } },
  { name: 'w2', shape: [H, 1], init: { kind: 'zeros' } },
];

export function stepProgram(): StepProgram {
  const g = graphBuilder('small-step');
  const p = Object.fromEntries(parameters.map(({ name, shape }) => [name, g.input(name, 'float32', shape)]));
  const rows = g.input('rows', 'int32', ['U']);
  const used = g.Gather(p['table']!, rows, { axis: 0 }); // [U, W]
  const tokens = g.input('tokens', 'int32', ['B', 'S']);
  const targets = g.input('targets', 'float32', ['B', 1]);
  const mask = g.input('mask', 'uint8', ['B', W]);
  const dropped = (x: Value): Value => g.Mul(g.Mul(x, g.Cast(mask, { to: 'float32' })), g.scalar(1 / (1 - RATE)));
  const y = logits(g, p, g.Gather(used, tokens, { axis: 0 }), dropped);
  const error = g.Sub(y, targets);
  const loss = g.ReduceMean(g.Mul(error, error), { axes: [0, 1], keepdims: 0 });
  const [table, w1, b1, w2] = gradients(g, loss, [used, p['w1']!, p['b1']!, p['w2']!]);
  g.output('loss', loss);
  g.output('logits', y);
  Object.entries({ table: table!, w1: w1!, b1: b1!, w2: w2! }).forEach(([name, value]) => g.output(`grad.${name}`, value));
  return {
    graph: g.build(),
    parameters,
    gradients: ['table', 'w1', 'b1', 'w2'].map((name) => ({
      parameter: name,
      output: `grad.${name}`,
      ...(name === 'table' ? { rows: 'rows' } : {}),
    })),
    masks: [{ input: 'mask', shape: ['B', W], rate: RATE }],
    loss: 'loss',
    logits: 'logits',
  };
}

export function forwardProgram(): ForwardProgram {
  const g = graphBuilder('small-forward');
  const p = Object.fromEntries(parameters.map(({ name, shape }) => [name, g.input(name, 'float32', shape)]));
  const used = g.Gather(p['table']!, g.input('rows', 'int32', ['U']), { axis: 0 });
  g.output('logits', logits(g, p, g.Gather(used, g.input('tokens', 'int32', ['B', 'S']), { axis: 0 }), (x) => x));
  return { graph: g.build(), parameters, output: 'logits' };
}

function logits(g: Builder, p: Readonly<Record<string, Value>>, embedded: Value, dropped: (x: Value) => Value): Value {
  const x = g.Add(g.ReduceMean(embedded, { axes: [1], keepdims: 0 }), p['offset']!);
  return g.MatMul(g.Tanh(g.Gemm(dropped(x), p['w1']!, p['b1']!)), p['w2']!);
}

export interface Batch {
  /** [B, S] */
  readonly tokens: readonly (readonly number[])[];
  readonly targets: readonly number[];
}

/** The distinct tokens are fed in falling order, so that a place in `rows` and a row of the table are never the same by luck. */
export function feedsOf({ tokens, targets }: Batch): Feeds {
  const rows = [...new Set(tokens.flat())].sort((a, b) => b - a);
  const places = tokens.flat().map((token) => rows.indexOf(token));
  return {
    rows: { dtype: 'int32', shape: [rows.length], data: Int32Array.from(rows) },
    tokens: { dtype: 'int32', shape: [tokens.length, tokens[0]!.length], data: Int32Array.from(places) },
    targets: { dtype: 'float32', shape: [targets.length, 1], data: Float32Array.from(targets) },
  };
}

/** Values for the parameters, the same at every call. */
export function initial(): Record<string, Float32Array> {
  return Object.fromEntries(
    parameters.map(({ name, shape }, k) => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.3 * i + k)),
    ]),
  );
}

/** Its training with Adam in three groups, from `initial`. */
export function small(changes: Partial<TrainerOptions> = {}): TrainerOptions {
  const values = initial();
  return {
    step: stepProgram(),
    forward: forwardProgram(),
    source: (spec, into) => into.set(values[spec.name]!),
    threads: 1,
    optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }), group: threeGroups },
    clipNorm: 0.5,
    seed: 7,
    ...changes,
  };
}

/** Batches of different sizes and lengths; most leave rows of the table unused. */
export const batches: readonly Batch[] = [
  { tokens: [[1, 5, 5], [2, 12, 1]], targets: [1, 0] },
  { tokens: [[0, 3], [7, 3], [12, 9], [3, 3]], targets: [0, 1, 1, 0] },
  { tokens: [[11, 10, 9, 8, 7]], targets: [0.5] },
];

export interface Reference {
  readonly loss: number;
  readonly logits: readonly number[];
  readonly gradients: Readonly<Record<string, Float64Array>>;
}

/** The same model written out in float64, with the whole table's gradient. Step 0 is without dropout. */
export function reference(
  p: Readonly<Record<string, ArrayLike<number>>>,
  { tokens, targets }: Batch,
  seed: number,
  step: number,
): Reference {
  const at = (name: string, i: number): number => p[name]![i]!;
  const grads = { table: new Float64Array(V * W), w1: new Float64Array(W * H), b1: new Float64Array(H), w2: new Float64Array(H) };
  const key = maskKey(seed, step, 0);
  const ys = tokens.map((row, b) => {
    const keep = Array.from({ length: W }, (_, i) => (step === 0 ? 1 : keeps(key, b * W + i, RATE) / (1 - RATE)));
    const x = keep.map((k, i) => k * (row.reduce((sum, token) => sum + at('table', token * W + i), 0) / row.length + at('offset', i)));
    const h = Array.from({ length: H }, (_, j) => Math.tanh(x.reduce((sum, xi, i) => sum + xi * at('w1', i * H + j), at('b1', j))));
    const y = h.reduce((sum, hj, j) => sum + hj * at('w2', j), 0);
    const dy = (2 * (y - targets[b]!)) / tokens.length;
    h.forEach((hj, j) => {
      const dz = dy * at('w2', j) * (1 - hj * hj);
      grads.w2[j]! += dy * hj;
      grads.b1[j]! += dz;
      x.forEach((xi, i) => {
        grads.w1[i * H + j]! += dz * xi;
        for (const token of row) grads.table[token * W + i]! += (dz * at('w1', i * H + j) * keep[i]!) / row.length;
      });
    });
    return y;
  });
  return { loss: ys.reduce((sum, y, b) => sum + (y - targets[b]!) ** 2, 0) / ys.length, logits: ys, gradients: grads };
}
