import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { byteSource, openSafetensors, readFloats } from '../../../src/engine/models/formats/safetensors.ts';
import { adam, adamw, averaged, averagesOf, LAG, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { kernelRun } from './kernel-run.ts';

/** The average of a parameter after some updates, by the kernel. */
function run(rule: UpdateRule, start: Float32Array, gradients: readonly Float32Array[], settings: { readonly lr: number; readonly weightDecay: number }) {
  const one = kernelRun(rule, start);
  return gradients.map((gradient, i) => {
    one.step(gradient, { ...settings, step: i + 1 });
    const p = one.p.slice(0, start.length);
    return { p, average: averagesOf({ p }, { p: one.slots[LAG]!.slice(0, start.length) })['p']! };
  });
}

describe('the average of a parameter over the updates', () => {
  const start = Float32Array.from([1, -2, 3, 0.5, 7]);
  const gradients = Array.from({ length: 40 }, (_, i) => start.map((x, k) => Math.sin(i + 2 * k) + x / 10));
  const rules = [adam({ betas: [0.9, 0.999], eps: 1e-8 }), adamw({ betas: [0.9, 0.99], eps: 1e-6, amsgrad: true }), sgd({ momentum: 0.9, nesterov: true })];

  test.each(rules)('begins at its first value and moves with $name', (rule) => {
    const settings = { lr: 0.05, weightDecay: 0.01 };
    const plain = kernelRun(rule, start);
    let expected: readonly number[] = [...start];
    for (const [i, { p, average }] of run(averaged(rule, 0.9), start, gradients, settings).entries()) {
      plain.step(gradients[i]!, { ...settings, step: i + 1 });
      expect([...p]).toEqual([...plain.p.slice(0, start.length)]);
      expected = expected.map((e, k) => 0.9 * e + 0.1 * p[k]!);
      // float32 numbers near 7 lie 4.8e-7 apart
      average.forEach((value, k) => expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6));
    }
  });
});

const parts = ['oracles2', 'optim', 'updates.json'] as const;

describeShared('averages equal those from the initial weights on', parts, () => {
  const { steps, params, variants } = sharedJson<{
    steps: number;
    params: Record<string, readonly number[]>;
    variants: readonly { readonly name: string; readonly lr: number; readonly weight_decay: number; readonly decay: number }[];
  }>(...parts);
  const file = openSafetensors(byteSource('updates', readFileSync(sharedPath('oracles2', 'optim', 'updates.safetensors')!)));
  const { lr, weight_decay: weightDecay, decay } = variants.find(({ name }) => name === 'averages')!;
  const rows = (name: string): readonly Float32Array[] => {
    const values = readFloats(file, name);
    const length = values.length / steps;
    return Array.from({ length: steps }, (_, step) => values.subarray(step * length, (step + 1) * length));
  };

  test.each(Object.keys(params))('of %s', (name) => {
    const rule = averaged(adamw({ betas: [0.9, 0.999], eps: 1e-8 }), decay);
    const found = run(rule, readFloats(file, `init.${name}`), rows(`grads.${name}`), { lr, weightDecay });
    const expected = rows(`averages.ema_from_start.${name}`);
    for (const [step, { average }] of found.entries())
      average.forEach((value, i) => expect(Math.abs(value - expected[step]![i]!)).toBeLessThan(1e-5));
  });
});
