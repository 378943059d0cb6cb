import { describe, expect, test } from 'vitest';
import { RandomState, seedFor } from '../../../src/core/random.ts';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, product, type Shape, type Value } from '../../../src/engine/graph/index.ts';
import { openGraph, type Fed } from '../../helpers/run-graph.ts';
import { cases, concrete, type Case } from './cases.ts';

/*
 * Each rule against a numeric derivative in one random direction v: with f = Σ w ∘ y for fixed random w,
 *     (8 (f(x + hv) - f(x - hv)) - (f(x + 2hv) - f(x - 2hv))) / 12h  =  Σ grad ∘ v,
 * wrong by h⁴/30 f⁽⁵⁾, about 5e-9 at h = 0.02, and by the rounding of y to float32: 1.5 · 6e-8 |y| / h = 5e-6 |y| an output
 * element, which adds up like a random walk. |y| stays below 10 here and w below 1: 1e-4 for a dozen elements, and as much again
 * for the gradient's own rounding.
 */
const STEP = 0.02;
const TOLERANCE = 2e-4;

describe.each(Object.entries(cases) as [string, readonly Case[]][])('the rule of %s', (op, rows) => {
  test.each(rows.map((row, i) => [i, row] as const))('case %i agrees with the numeric derivative', async (i, row) => {
    const random = new RandomState(seedFor(42, op, i));
    const { numeric, analytic, scale } = await bothDerivatives(row, random);
    expect(Number.isFinite(analytic)).toBe(true);
    expect(Math.abs(numeric - analytic), `numeric ${numeric}, by the rule ${analytic}`).toBeLessThan(TOLERANCE * Math.max(1, scale));
  });
});

async function bothDerivatives(row: Case, random: RandomState): Promise<{ numeric: number; analytic: number; scale: number }> {
  const g = graphBuilder('case');
  const inputs = row.inputs.map(({ dtype, shape }, i) => g.input(`x${i}`, dtype, shape));
  const ys = [row.build(g, inputs)].flat() as readonly Value[];
  const weights = ys.map((y, i) => g.input(`w${i}`, 'float32', y.shape));
  const parts = ys.map((y, i) => g.ReduceSum(g.Mul(y, weights[i] as Value), { keepdims: 0 }));
  const loss = parts.reduce((a, b) => g.Add(a, b));
  const varied = inputs.filter((x) => x.dtype === 'float32');
  const grads = gradients(g, loss, varied);
  ys.forEach((y, i) => g.output(`y${i}`, y));
  grads.forEach((grad, i) => g.output(`grad.${varied[i]?.name}`, grad));
  grads.forEach((grad, i) => expect(grad.shape).toEqual(varied[i]?.shape));

  const size = (shape: Shape): number => product(concrete(shape)) as number;
  const draw = ({ shape }: Value): Fed => ({
    shape: concrete(shape),
    data: Float32Array.from({ length: size(shape) }, () => random.uniform(-1, 1)),
  });
  const xs = Object.fromEntries(
    row.inputs.map(({ shape, fill }, i) => [`x${i}`, { shape: concrete(shape), data: fill(size(shape), random) }]),
  );
  const ws = Object.fromEntries(ys.map((y, i) => [`w${i}`, draw(y)]));
  const direction = Object.fromEntries(varied.map((x) => [x.name, draw(x)]));

  const open = await openGraph(g.build());
  const at = async (h: number): Promise<number> => {
    const moved = Object.fromEntries(
      Object.entries(xs).map(([name, x]) => [name, name in direction ? move(x, direction[name] as Fed, h) : x]),
    );
    const results = await open.run({ ...moved, ...ws });
    return ys.reduce((sum, _, i) => sum + dot(results[`y${i}`] as Fed, ws[`w${i}`] as Fed), 0);
  };
  const numeric = (8 * ((await at(STEP)) - (await at(-STEP))) - ((await at(2 * STEP)) - (await at(-2 * STEP)))) / (12 * STEP);
  const results = await open.run({ ...xs, ...ws });
  await open.close();
  const terms = varied.map((x) => dot(results[`grad.${x.name}`] as Fed, direction[x.name] as Fed));
  return { numeric, analytic: terms.reduce((a, b) => a + b, 0), scale: terms.reduce((a, b) => a + Math.abs(b), 0) };
}

function move({ shape, data }: Fed, direction: Fed, h: number): Fed {
  return { shape, data: Float32Array.from(data as Float32Array, (x, k) => x + h * Number(direction.data[k])) };
}

function dot(a: Fed, b: Fed): number {
  expect(a.shape).toEqual(b.shape);
  return Array.from(a.data as Float32Array).reduce((sum, x, k) => sum + x * Number(b.data[k]), 0);
}
