import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { byteSource, openSafetensors, readFloats } from '../../../src/engine/models/formats/safetensors.ts';
import { adam, adamw, clipFactor, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import type { StepProgram } from '../../../src/engine/program.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { deviceRun } from './device-run.ts';
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
  const { steps, params, variants } = sharedJson<{
    steps: number;
    params: Record<string, readonly number[]>;
    variants: readonly Variant[];
  }>(...parts);
  const file = openSafetensors(byteSource('optimizers', readFileSync(sharedPath('oracles', 'optimizers', 'optimizers.safetensors')!)));
  const names = Object.keys(params);
  const rowOf = (values: Float32Array, step: number): Float32Array =>
    values.subarray((step * values.length) / steps, ((step + 1) * values.length) / steps);

  test.each(variants)('$name, as WebAssembly', (variant) => {
    const rule = ruleOf(variant);
    const runs = Object.fromEntries(names.map((name) => [name, kernelRun(rule, readFloats(file, `init.${name}`))]));
    for (let step = 0; step < steps; step += 1) {
      const gradient = (name: string): Float32Array => rowOf(readFloats(file, `grads.${name}`), step);
      const norm = Math.sqrt(names.reduce((sum, name) => sum + runs[name]!.sumOfSquares(gradient(name)), 0));
      if (variant.total_norm_before_clip) expect(norm / variant.total_norm_before_clip[step]!).toBeCloseTo(1, 6);
      for (const name of names) {
        const weightDecay = variant.no_decay?.includes(name) === true ? 0 : variant.weight_decay;
        runs[name]!.step(
          gradient(name),
          { step: step + 1, lr: rateAt(variant, step), weightDecay },
          clipFactor(norm, variant.clip_norm ?? null),
        );
        expectNear(runs[name]!.p, rowOf(readFloats(file, `${variant.name}.${name}`), step));
      }
    }
  });

  test.each(variants)('$name, as nodes', async (variant) => {
    const optimizer = {
      rule: ruleOf(variant),
      group: (name: string) => ({ lrScale: 1, weightDecay: variant.no_decay?.includes(name) === true ? 0 : variant.weight_decay }),
    };
    const run = await deviceRun(
      fedGradients(params),
      Object.fromEntries(names.map((name) => [name, readFloats(file, `init.${name}`)])),
      optimizer,
      variant.clip_norm ?? null,
      1,
    );
    for (let step = 0; step < steps; step += 1) {
      const feeds = Object.fromEntries(
        names.map(
          (name) =>
            [`fed.${name}`, { dtype: 'float32', shape: params[name]!, data: rowOf(readFloats(file, `grads.${name}`), step) }] as const,
        ),
      );
      const { gradientNorm } = await run.step(feeds, { lr: rateAt(variant, step) });
      if (variant.total_norm_before_clip) expect(gradientNorm / variant.total_norm_before_clip[step]!).toBeCloseTo(1, 6);
      for (const name of names) expectNear(run.state[name]!, rowOf(readFloats(file, `${variant.name}.${name}`), step));
    }
    await run.close();
  });
});

/** A program whose gradients come from outside. */
function fedGradients(params: Readonly<Record<string, readonly number[]>>): StepProgram {
  const g = graphBuilder('fed');
  const names = Object.keys(params);
  for (const name of names) g.input(name, 'float32', params[name]!);
  for (const name of names) g.output(`grad.${name}`, g.input(`fed.${name}`, 'float32', params[name]!));
  g.output('loss', g.scalar(0));
  g.output('logits', g.scalar(0));
  return {
    graph: g.build(),
    parameters: names.map((name) => ({ name, shape: params[name]!, init: { kind: 'zeros' } })),
    gradients: names.map((name) => ({ parameter: name, output: `grad.${name}` })),
    masks: [],
    loss: 'loss',
    logits: 'logits',
  };
}

function rateAt({ lr, lr_change }: Variant, step: number): number {
  return lr_change !== undefined && step >= lr_change.before_step ? lr_change.lr : lr;
}

/** Parameters reach 4, where float32 numbers lie 4.8e-7 apart: 1e-6 of the value, and of 1 where it is smaller. */
function expectNear(found: Float32Array, expected: Float32Array): void {
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value))));
}

function ruleOf(variant: Variant): UpdateRule {
  if (variant.optimizer === 'SGD') return sgd(variant);
  return variant.optimizer === 'AdamW' ? adamw(variant) : adam(variant);
}
