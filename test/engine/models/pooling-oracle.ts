import { expect } from 'vitest';
import { openTensorFile, readEncoderConfig } from '../../../src/data/hub/index.ts';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import type { Value } from '../../../src/engine/graph/types.ts';
import { firstTokens } from '../../../src/engine/models/blocks/first-tokens.ts';
import { attentiveTokens } from '../../../src/engine/models/blocks/token-pooling.ts';
import type { EncoderConfig } from '../../../src/engine/models/index.ts';
import { tokenMask } from '../../../src/engine/models/inputs.ts';
import { modelBuilder, type ModelBuilder } from '../../../src/engine/models/model-builder.ts';
import { featuresOf, pooledOf, statesOf, weighedFeatures, type States } from '../../../src/engine/models/pooling.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openForward, type Device } from '../../../src/engine/runtime/index.ts';
import { sharedJson, sharedPath } from '../../helpers/shared.ts';
import { readFloats, type Safetensors } from '../../../src/engine/models/index.ts';

/** The oracle's cases that the poolings here compute, each from hidden states that are inputs of their own. */
export const cases: Readonly<Record<string, (m: ModelBuilder, config: EncoderConfig, states: States) => Value>> = {
  cls: (m, config, states) => pooledOf(m, config, 'cls', states),
  pooler: (m, config, states) => pooledOf(m, config, 'default', states),
  mean: (m, config, states) => pooledOf(m, config, 'mean', states),
  max: (m, config, states) => pooledOf(m, config, 'max', states),
  mean_max: (m, config, states) => pooledOf(m, config, 'mean-max', states),
  last4_cls: (m, config, states) => pooledOf(m, config, 'last4', states),
  // The oracle's inner width is 7; models here have that of the encoder.
  attention: (m, config, states) => attentiveTokens(m.at('pooling'), states.tokens(), config.hiddenSize, 7),
  weighted_softmax_cls: (m, config, states) => weighedFeatures(m, featuresOf(m, config, 'last4', states), config.hiddenSize, 4),
  weighted_softmax_mean: (m, config, states) => pooledOf(m, config, 'weighted', states),
};

/** The oracle's names for the weights of poolings. */
export const ORACLE_NAMES: Readonly<Record<string, string>> = {
  'pooling.layer_weights': 'layer_weights',
  'pooling.attention.weight': 'attention.fc1.weight',
  'pooling.attention.bias': 'attention.fc1.bias',
  'pooling.score.weight': 'attention.fc2.weight',
  'bert.pooler.dense.weight': 'pooler.weight',
  'bert.pooler.dense.bias': 'pooler.bias',
};

/** `out`, `grad.<weight>` and `grad_hidden.<k>` of a case, computed on a device, with the oracle's names. */
export async function computedCase(
  name: string,
  config: EncoderConfig,
  tensors: Safetensors,
  lengths: readonly number[],
  device: Device,
): Promise<Readonly<Record<string, Float32Array>>> {
  const { layers, hiddenSize: H } = config;
  const [B, S] = [lengths.length, Math.max(...lengths)];
  const floats = (key: string): Float32Array => readFloats(tensors, key);
  const fed = (shape: readonly number[], data: Float32Array): Feeds[string] => ({ dtype: 'float32', shape, data });
  const width = floats(`${name}/out`).length / B;
  const feeds: Feeds = {
    ...Object.fromEntries(Array.from({ length: layers + 1 }, (_, k) => [`hidden.${k}`, fed([B, S, H], floats(`hidden.${k}`))])),
    grad_out: fed([B, width], floats(`${name}/grad_out`)),
    token_mask: fed([B, S], Float32Array.from({ length: B * S }, (_, i) => Number(i % S < lengths[Math.floor(i / S)]!))),
  };

  /** The graph anew for each of its outputs: a forward program has one. */
  const build = (): { readonly m: ModelBuilder; readonly outputs: Readonly<Record<string, Value>> } => {
    const m = modelBuilder(graphBuilder(name));
    const inputs = Array.from({ length: layers + 1 }, (_, k) => m.g.input(`hidden.${k}`, 'float32', ['B', 'S', H]));
    m.input(tokenMask);
    const hidden = inputs.map((x) => m.g.reshape(x, ['B*S', H]));
    const last = hidden.at(-1)!;
    const states = statesOf(m, m.at('bert'), config, {
      hidden: hidden.slice(0, -1),
      last: (reads) => (reads === 'all' ? last : firstTokens(m, last, H)),
    });
    const out = cases[name]!(m, config, states);
    const loss = m.g.ReduceSum(m.g.Mul(out, m.g.input('grad_out', 'float32', ['B', width])), { keepdims: 0 });
    const used = inputs.flatMap((x, k) => (tensors.entries.has(`${name}/grad_hidden.${k}`) ? [[`grad_hidden.${k}`, x] as const] : []));
    const varied = [...used, ...m.leaves.map(({ parameter, value }) => [`grad.${ORACLE_NAMES[parameter]}`, value] as const)];
    const dxs = gradients(m.g, loss, varied.map(([, value]) => value));
    return { m, outputs: { out, ...Object.fromEntries(varied.map(([key], i) => [key, dxs[i]!])) } };
  };

  const results: Record<string, Float32Array> = {};
  for (const key of Object.keys(build().outputs)) {
    const { m, outputs } = build();
    m.g.output(key, outputs[key]!);
    const model = await openForward({
      device,
      program: { graph: m.g.build(), parameters: m.parameters, output: key },
      source: (spec, into) => into.set(floats(`${name}/${ORACLE_NAMES[spec.name]}`)),
      threads: 1,
    });
    try {
      results[key] = await model.forward(feeds);
    } finally {
      await model.release();
    }
  }
  return results;
}

export const TOLERANCE = 1e-5; // of the oracles' README, absolute and relative
export const place = ['oracles2', 'pooling'] as const;

interface Oracle {
  readonly batch: { readonly input_ids: readonly (readonly number[])[]; readonly attention_mask: readonly (readonly number[])[] };
  readonly cases: readonly {
    readonly name: string;
    readonly weights: readonly string[];
    readonly encoder_gradients: Readonly<Record<string, { readonly sum: number; readonly l2: number }>>;
  }[];
}

const json = (): Oracle => sharedJson<Oracle>(...place, 'pooling.json');
const lengths = (): readonly number[] => json().batch.attention_mask.map((mask) => mask.reduce((sum, x) => sum + x, 0));
const file = () => openTensorFile(sharedPath(...place, 'pooling.safetensors')!);
const config = () => readEncoderConfig(sharedPath(...place, 'bert')!);

/** Those of `weighted_ratio_cls` are divided by their sum in place of a softmax: there is no such pooling here. */
export const LEFT_OUT = ['weighted_ratio_cls'];
/** It has no effect and no gradient, so there is none. */
const WITHOUT_EFFECT = 'grad.attention.fc2.bias';

export async function sameAsOracle(device: 'cpu' | 'webgpu'): Promise<void> {
  for (const name of Object.keys(cases)) {
    const computed = await computedCase(name, config(), file(), lengths(), device);
    const expected = [...file().entries.keys()]
      .filter((key) => key.startsWith(`${name}/`))
      .map((key) => key.slice(name.length + 1))
      .filter((key) => key === 'out' || (key.startsWith('grad') && key !== 'grad_out' && key !== WITHOUT_EFFECT));
    expect(Object.keys(computed).sort(), name).toEqual(expected.sort());
    for (const key of expected) expect(worst(computed[key]!, readFloats(file(), `${name}/${key}`)), `${name} ${key}`).toBeLessThan(1);
  }
}


export const oracle = { json, file, lengths, config };

/** The largest deviation in units of the tolerance; NaN counts as infinite. */
export function worst(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((most, x, k) => {
    const off = Math.abs(x - expected[k]!) / (TOLERANCE + TOLERANCE * Math.abs(expected[k]!));
    return Number.isNaN(off) ? Infinity : Math.max(most, off);
  }, 0);
}
