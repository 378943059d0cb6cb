import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import {
  byteSource,
  classifierForward,
  encoderForward,
  givenParameters,
  hiddenForward,
  openSafetensors,
  publishedParameters,
  readFloats,
  savedClassifier,
  trainingStep,
  type ClassifierOptions,
  type EncoderConfig,
  type ParameterSource,
  type Safetensors,
  type SavedClassifier,
} from '../../../src/engine/models/index.ts';
import type { Feeds, ForwardProgram} from '../../../src/engine/program.ts';
import { openForward, openTrainer, type Device, type Tensors } from '../../../src/engine/runtime/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import { classFeeds } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';
import { distance, losses, moments, sgdGradients, tinyFeeds, type Moments, type OracleOptimizer, type TinyBatch } from './oracle-run.ts';

/** One run of a tiny `…ForSequenceClassification` of Transformers, as its folder's README tells. */
interface EncoderOracle {
  readonly loss: keyof typeof namedLosses;
  readonly num_labels: number;
  readonly optimizer: OracleOptimizer;
  readonly batch_of_step: readonly number[];
  readonly losses: readonly number[];
  readonly losses_after: readonly number[];
  /** Parameters without a gradient in exact arithmetic, which Adam moves by what rounding leaves. */
  readonly no_gradient: readonly string[];
  readonly final: Readonly<Record<string, Moments>>;
  readonly batches: readonly TinyBatch[];
}

export interface Tolerances {
  readonly forward: number;
  /** Of hidden states, where it is another. */
  readonly hidden?: number;
  readonly loss: number;
  readonly finalNorm: number;
  readonly finalSum: number;
}

const namedLosses = { cross_entropy: 'cross-entropy', mse: 'mse', bce_with_logits: 'bce' } as const;

const head = { dense: [], dropout: 0, activation: 'none' } as const;

/**
 * Tests that a model in Hugging Face's layout, `<folder>/<name>`, computes what `<folder>/<name>.json` and `.safetensors` say: pooled
 * output, logits, hidden states, the gradients of every parameter, and a run of training.
 */
export function comparesWith(folder: string, name: string, tolerances: Tolerances, device: Device = 'cpu'): void {
  let oracle: EncoderOracle;
  let tensors: Safetensors;
  let config: EncoderConfig;
  let options: ClassifierOptions;
  let saved: SavedClassifier;
  let source: ParameterSource;
  let batches: readonly Feeds[];

  beforeAll(() => {
    oracle = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as EncoderOracle;
    tensors = openSafetensors(byteSource(name, readFileSync(`${folder}/${name}.safetensors`)));
    config = readEncoderConfig(`${folder}/${name}`);
    options = { encoder: config, head, outputs: oracle.num_labels };
    saved = savedClassifier({ ...options, asPair: false });
    source = publishedParameters(openWeights(`${folder}/${name}`), options).source;
    batches = oracle.batches.map((batch) => ({
      ...tinyFeeds(config, batch, oracle.num_labels),
      ...classFeeds(batch.labels, oracle.num_labels),
    }));
  });

  /** Values by parameter, under the names that the file has for them. */
  const inFile = (values: Tensors): readonly (readonly [string, Float32Array])[] =>
    saved.tensors(givenParameters(new Map(Object.entries(values)))).map((tensor) => [tensor.name, tensor.data]);

  test('pooled output, logits and hidden states', async () => {
    const run = async (program: ForwardProgram, feeds: Feeds): Promise<Float32Array> => {
      const model = await openForward({ program, source, threads: 1, device });
      const output = await model.forward(feeds);
      await model.release();
      return output;
    };
    for (const [i, feeds] of batches.entries()) {
      const near = (found: Float32Array, stored: string): void =>
        expect(distance(found, readFloats(tensors, `${stored}.${i}`)), `${stored}.${i}`).toBeLessThan(tolerances.forward);
      near(await run(encoderForward(config), feeds), 'pooled');
      near(await run(classifierForward(options), feeds), 'logits');
    }
    const mask = oracle.batches[0]!.attention_mask.flat();
    const unpadded = (hidden: Float32Array): readonly number[] =>
      [...hidden].filter((_, i) => mask[Math.floor(i / config.hiddenSize)] === 1);
    for (let state = 0; state <= config.layers; state++) {
      const found = unpadded(await run(hiddenForward(config, state), batches[0]!));
      expect(distance(found, unpadded(readFloats(tensors, `hidden.${state}`))), `hidden.${state}`).toBeLessThan(
        tolerances.hidden ?? tolerances.forward,
      );
    }
  });

  test('gradients of every parameter', async () => {
    const step = trainingStep({ ...options, loss: namedLosses[oracle.loss] });
    const found = inFile(await sgdGradients(step, source, batches[0]!, device));
    expect(found.map(([parameter]) => `grad.${parameter}`).sort()).toEqual([...tensors.entries.keys()].filter(isGradient).sort());
    for (const [parameter, gradient] of found)
      expect(distance(gradient, readFloats(tensors, `grad.${parameter}`)), parameter).toBeLessThan(tolerances.forward);
  });

  test('a run of AdamW', async () => {
    const { optimizer } = oracle;
    const step = trainingStep({ ...options, loss: namedLosses[oracle.loss] });
    const trainer = await openTrainer({
      step,
      forward: classifierForward(options),
      source,
      threads: 1,
      device,
      optimizer: { rule: adamw({ betas: optimizer.betas, eps: optimizer.eps }), group: decayed(optimizer.weight_decay) },
      clipNorm: null,
      seed: 1,
    });
    expect(distance(await losses(trainer, batches, oracle.batch_of_step, optimizer.lr), oracle.losses)).toBeLessThan(tolerances.loss);
    const final = inFile(await trainer.snapshot());
    const after = await losses(trainer, batches, [...batches.keys()], 0);
    expect(distance(after, oracle.losses_after)).toBeLessThan(tolerances.loss);
    await trainer.release();
    expect(final.map(([parameter]) => parameter).sort()).toEqual(Object.keys(oracle.final).sort());
    for (const [parameter, values] of final.filter(([each]) => !oracle.no_gradient.includes(each))) {
      const [found, expected] = [moments(values), oracle.final[parameter]!];
      expect(Math.abs(found.l2 - expected.l2), `norm of ${parameter}`).toBeLessThan(tolerances.finalNorm);
      expect(Math.abs(found.sum - expected.sum), `sum of ${parameter}`).toBeLessThan(tolerances.finalSum);
    }
  });
}

function isGradient(name: string): boolean {
  return name.startsWith('grad.');
}
