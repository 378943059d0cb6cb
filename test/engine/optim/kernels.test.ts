import { describe, expect, test } from 'vitest';
import { adam, adamw, clipFactor, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import { GUARD, kernelRun } from './kernel-run.ts';
import { numbers } from './reference.ts';

const rules: readonly (readonly [string, UpdateRule])[] = [
  ['adam', adam({ betas: [0.9, 0.999], eps: 1e-8 })],
  ['adam with amsgrad', adam({ betas: [0.9, 0.95], eps: 1e-6, amsgrad: true })],
  ['adamw', adamw({ betas: [0.8, 0.99], eps: 1e-8 })],
  ['sgd', sgd({ momentum: 0, nesterov: false })],
  ['sgd with momentum', sgd({ momentum: 0.9, nesterov: false, dampening: 0.1 })],
  ['sgd with nesterov', sgd({ momentum: 0.9, nesterov: true })],
];

describe.each(rules)('%s', (_name, rule) => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('the kernel over %i elements is the rule over plain numbers', (n) => {
    const start = wave(n, 1);
    const run = kernelRun(rule, start);
    let p = [...start];
    let slots: Record<string, number>[] = p.map(() => Object.fromEntries(rule.slots.map((slot) => [slot, 0])));
    for (let step = 1; step <= 5; step += 1) {
      const at = { step, lr: 0.01 * step, weightDecay: 0.02, momentum: 0.9 - 0.01 * step };
      const scalars = Object.fromEntries(Object.entries(rule.scalars).map(([name, scalar]) => [name, scalar(at)]));
      const gradient = wave(n, step + 1);
      run.step(gradient, at, 0.5);
      const updates = p.map((value, i) => rule.update(numbers, value, 0.5 * gradient[i]!, slots[i]!, scalars));
      p = updates.map((update) => update.p);
      slots = updates.map((update) => ({ ...update.slots }));
      // Float32 against float64 over five steps of values below 1: a few units of 6e-8 each.
      p.forEach((value, i) => expect(Math.abs(run.p[i]! - value)).toBeLessThan(1e-6));
      slots.forEach((of, i) => rule.slots.forEach((slot) => expect(Math.abs(run.slots[slot]![i]! - of[slot]!)).toBeLessThan(1e-6)));
    }
    for (const view of [run.p, ...Object.values(run.slots)]) expect([...view.subarray(n)]).toEqual([GUARD, GUARD, GUARD, GUARD]);
  });

  test('every element is treated alike, in a group of four or after the last', () => {
    const run = kernelRun(rule, new Float32Array(7).fill(0.3));
    for (let step = 1; step <= 3; step += 1) run.step(new Float32Array(7).fill(0.7), { step, lr: 0.1, weightDecay: 0.1 });
    expect(new Set(run.p.subarray(0, 7)).size).toBe(1);
  });
});

test('the first step of Adam is the learning rate against the sign of the gradient', () => {
  const run = kernelRun(adam({ betas: [0.9, 0.999], eps: 0 }), Float32Array.of(1, 1, 1));
  run.step(Float32Array.of(3, -0.001, 1e-4), { step: 1, lr: 0.25, weightDecay: 0 });
  [0.75, 1.25, 0.75].forEach((value, i) => expect(run.p[i]).toBeCloseTo(value, 6));
});

describe('the sum of squares', () => {
  const run = (n: number) => kernelRun(sgd({ momentum: 0, nesterov: false }), new Float32Array(n));

  test.each([0, 1, 2, 7, 8, 9, 17, 1000])('of %i elements is taken in float64', (n) => {
    const g = wave(n, 3);
    const expected = g.reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(run(n).sumOfSquares(g) - expected)).toBeLessThanOrEqual(1e-13 * expected);
  });

  test('does not overflow where float32 would', () => {
    expect(run(2).sumOfSquares(Float32Array.of(3e38, 3e38))).toBeCloseTo(1.8e77, -71);
  });

  test.each([NaN, Infinity, -Infinity])('is not finite if one element is %d, wherever it stands', (bad) => {
    for (let i = 0; i < 11; i += 1) expect(Number.isFinite(run(11).sumOfSquares(wave(11, 1).fill(bad, i, i + 1)))).toBe(false);
  });
});

test('clipping brings the norm down to its limit and leaves smaller ones alone', () => {
  expect(clipFactor(4, 1)).toBeCloseTo(0.25, 6);
  expect(clipFactor(1e-6, 1e-6)).toBeCloseTo(0.5, 9); // the 1e-6 in torch's denominator
  expect(clipFactor(0.5, 1)).toBe(1);
  expect(clipFactor(4, null)).toBe(1);
  expect(clipFactor(0, 1)).toBe(1);
});

function wave(n: number, phase: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + phase));
}
