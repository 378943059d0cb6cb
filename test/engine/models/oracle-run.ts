import { readFileSync } from 'node:fs';
import { adam, sgd } from '../../../src/engine/optim/index.ts';
import { openTrainer, type Device, type Tensors, type Trainer } from '../../../src/engine/runtime/index.ts';
import type { Feeds, ForwardProgram, ParameterSpec, StepProgram } from '../../../src/engine/program.ts';
import {
  batchFeeds,
  byteSource,
  openSafetensors,
  readFloats,
  type EncoderConfig,
  type ParameterSource,
  type Safetensors,
} from '../../../src/engine/models/index.ts';
import { sharedPath } from '../../helpers/shared.ts';
import { classFeeds } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';

/** Sum and Euclidean norm of a tensor, as the oracles give them. */
export interface Moments {
  readonly sum: number;
  readonly l2: number;
}

export interface OracleOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly lr: number;
  readonly weight_decay: number;
}

export interface TinyBatch {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly token_type_ids?: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** One of the oracles/tiny: a training run of a small encoder. */
export interface TinyOracle {
  readonly classes: number;
  readonly optimizer: OracleOptimizer;
  readonly batch_of_step: readonly number[];
  readonly losses: readonly number[];
  readonly losses_after: readonly number[];
  readonly losses_frozen_encoder: readonly number[];
  readonly head_frozen_final: Readonly<Record<string, Moments>>;
  readonly final: Readonly<Record<string, Moments>>;
  readonly batches: readonly TinyBatch[];
}

export function sharedTensors(...parts: readonly string[]): Safetensors {
  const path = sharedPath(...parts) as string;
  return openSafetensors(byteSource(path, readFileSync(path)));
}

/** The oracles call the layers of a head fc1, fc2, …; the encoder's names there have `model.` in place of the architecture's prefix. */
export function oracleName(parameter: string, headLayers: number): string {
  if (!parameter.startsWith('classifier.')) return parameter.replace(/^\w+/, 'model');
  if (headLayers === 1) return parameter.replace('classifier.', 'head.fc1.');
  return parameter.replace(/classifier\.(\d+)\./, (_, layer: string) => `head.fc${Number(layer) + 1}.`);
}

/** The head's weights from the oracle, everything else from `encoder`. */
export function oracleSource(tensors: Safetensors, headLayers: number, encoder: ParameterSource): ParameterSource {
  return (spec, into) =>
    spec.name.startsWith('classifier.') ? readFloats(tensors, oracleName(spec.name, headLayers), into) : encoder(spec, into);
}

export function openAdam(
  step: StepProgram,
  forward: ForwardProgram,
  source: ParameterSource,
  optimizer: OracleOptimizer,
): Promise<Trainer> {
  const rule = adam({ betas: optimizer.betas, eps: optimizer.eps });
  return openTrainer({
    step,
    forward,
    source,
    threads: 1,
    optimizer: { rule, group: decayed(optimizer.weight_decay) },
    clipNorm: null,
    seed: 1,
  });
}

/** Gradients by parameter: how far plain gradient descent at rate 1 moves. Rounding costs them half an ulp of the parameter, 1e-7 here. */
export async function sgdGradients(step: StepProgram, source: ParameterSource, feeds: Feeds, device: Device = 'cpu'): Promise<Tensors> {
  const forward: ForwardProgram = { graph: step.graph, parameters: step.parameters, output: step.logits };
  const optimizer = { rule: sgd({ momentum: 0, nesterov: false }) };
  const trainer = await openTrainer({ step, forward, source, threads: 1, device, optimizer, clipNorm: null, seed: 1 });
  const before = await trainer.snapshot();
  await trainer.step(feeds, { lr: 1 });
  const after = await trainer.snapshot();
  await trainer.release();
  return Object.fromEntries(Object.entries(before).map(([name, values]) => [name, values.map((x, i) => x - (after[name]?.[i] ?? NaN))]));
}

/** The loss before each update. */
export async function losses(
  trainer: Trainer,
  batches: readonly Feeds[],
  order: readonly number[],
  lr: number,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const i of order) found.push((await trainer.step(batches[i] as Feeds, { lr })).loss);
  return found;
}

export function moments(values: Float32Array): Moments {
  let [sum, squares] = [0, 0];
  for (const x of values) {
    sum += x;
    squares += x * x;
  }
  return { sum, l2: Math.sqrt(squares) };
}

/** The largest difference between elements. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return largest;
}

/** Attention key biases have no gradient in exact arithmetic; what rounding leaves, Adam makes large. */
export function isNoise(spec: Pick<ParameterSpec, 'name'>): boolean {
  return spec.name.endsWith('.key.bias') || spec.name.endsWith('.k_lin.bias');
}

export function tinyFeeds(config: EncoderConfig, batch: TinyBatch, outputs: number): Feeds {
  const cut = (rows: readonly (readonly number[])[]): readonly (readonly number[])[] =>
    rows.map((row, b) => row.slice(0, lengthOf(batch, b)));
  return {
    ...batchFeeds(config, cut(batch.input_ids), batch.input_ids[0]?.length ?? 0, batch.token_type_ids && cut(batch.token_type_ids)),
    ...classFeeds(batch.labels, outputs),
  };
}

function lengthOf(batch: TinyBatch, b: number): number {
  return (batch.attention_mask[b] ?? []).filter((kept) => kept === 1).length;
}
