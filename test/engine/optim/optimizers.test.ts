import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { byteSource, openSafetensors, readFloats } from '../../../src/engine/models/safetensors.ts';
import { adam, adamw, clipFactor, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { kernelRun } from './kernel-run.ts';

interface Variant {
  readonly name: string;
  readonly optimizer: 'Adam' | 'AdamW' | 'SGD';
  readonly lr: number;
  readonly weight_decay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly amsgrad: boolean;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly dampening: number;
  readonly lr_change?: { readonly before_step: number; readonly lr: number };
  readonly clip_norm?: number;
  readonly total_norm_before_clip?: readonly number[];
  readonly no_decay?: readonly string[];
}

const parts = ['oracles', 'optimizers', 'optimizers.json'] as const;

describeShared('optimizers equal torch.optim', parts, () => {
  const { steps, params, variants } = sharedJson<{ steps: number; params: Record<string, readonly number[]>; variants: readonly Variant[] }>(...parts);
  const file = openSafetensors(byteSource('optimizers', readFileSync(sharedPath('oracles', 'optimizers', 'optimizers.safetensors')!)));
  const names = Object.keys(params);

  test.each(variants)('$name', (variant) => {
    const rule = ruleOf(variant);
    const runs = Object.fromEntries(names.map((name) => [name, kernelRun(rule, readFloats(file, `init.${name}`))]));
    for (let step = 0; step < steps; step += 1) {
      const row = (values: Float32Array): Float32Array => values.subarray((step * values.length) / steps, ((step + 1) * values.length) / steps);
      const gradient = (name: string): Float32Array => row(readFloats(file, `grads.${name}`));
      const norm = Math.sqrt(names.reduce((sum, name) => sum + runs[name]!.sumOfSquares(gradient(name)), 0));
      if (variant.total_norm_before_clip) expect(norm / variant.total_norm_before_clip[step]!).toBeCloseTo(1, 6);
      const lr = variant.lr_change !== undefined && step >= variant.lr_change.before_step ? variant.lr_change.lr : variant.lr;
      for (const name of names) {
        const weightDecay = variant.no_decay?.includes(name) === true ? 0 : variant.weight_decay;
        runs[name]!.step(gradient(name), { step: step + 1, lr, weightDecay }, clipFactor(norm, variant.clip_norm ?? null));
        const expected = row(readFloats(file, `${variant.name}.${name}`));
        // Parameters reach 4, where float32 numbers lie 4.8e-7 apart: 1e-6 of the value, and of 1 where it is smaller.
        expected.forEach((value, i) => expect(Math.abs(runs[name]!.p[i]! - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value))));
      }
    }
  });
});

function ruleOf(variant: Variant): UpdateRule {
  if (variant.optimizer === 'SGD') return sgd(variant);
  return variant.optimizer === 'AdamW' ? adamw(variant) : adam(variant);
}
