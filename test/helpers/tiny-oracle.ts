import { adam, type Optimizer } from '../../src/engine/optim/index.ts';
import { batchFeeds, readFloats, type EncoderConfig, type ParameterSource, type Safetensors } from '../../src/engine/models/index.ts';
import type { Feeds } from '../../src/engine/program.ts';
import { classFeeds } from './class-steps.ts';
import { decayed } from './parameter-groups.ts';

/*
 * Training runs of small encoders by PyTorch, for the tests and for the check of a GPU: what their files hold, and how it is fed to ours.
 */

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

export function oracleAdam({ betas, eps, weight_decay }: OracleOptimizer): Optimizer {
  return { rule: adam({ betas, eps }), group: decayed(weight_decay) };
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
