import { beforeAll, expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import {
  batchFeeds,
  classifierForward,
  encoderForward,
  featureFeeds,
  headForward,
  pretrainedParameters,
  readFloats,
  type ClassifierOptions,
  type ParameterSource,
  type Safetensors,
} from '../../../src/engine/models/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import {
  distance,
  isNoise,
  losses,
  moments,
  openAdam,
  oracleName,
  oracleSource,
  sgdGradients,
  sharedTensors,
  type Moments,
  type OracleOptimizer,
} from './oracle-run.ts';
import { classFeeds, classifierHeadStep, classifierStep } from '../../helpers/class-steps.ts';

interface Run {
  readonly name: string;
  readonly optimizer: OracleOptimizer;
  readonly batch_of_step: readonly number[];
  readonly losses: readonly number[];
}

interface Oracle {
  readonly batch_size: number;
  readonly batch_width: readonly number[];
  readonly labels: readonly number[];
  readonly input_ids: readonly (readonly number[])[];
  readonly runs: readonly Run[];
  readonly first_gradients: Readonly<Record<string, Moments>>;
}

// The oracles' README: logits and losses 1e-4, gradient norms 1e-3 of themselves, logits after training 1e-3.
const LOGITS = 1e-4;
const LOSS = 1e-4;
const GRADIENT_NORM = 1e-3;
const LOGITS_AFTER = 1e-3;

const place = ['oracles', 'minilm'] as const;

describeShared('MiniLM on tweets against PyTorch', place, () => {
  let oracle: Oracle;
  let tensors: Safetensors;
  let options: ClassifierOptions;
  let source: ParameterSource;
  let batches: readonly Feeds[];

  beforeAll(() => {
    oracle = sharedJson<Oracle>(...place, 'minilm.json');
    tensors = sharedTensors(...place, 'minilm.safetensors');
    const folder = sharedPath('models', 'all-MiniLM-L6-v2') as string;
    const encoder = { ...readEncoderConfig(folder), hiddenDropout: 0, attentionDropout: 0 };
    options = {
      encoder,
      head: { dense: [], dropout: 0, activation: 'none' },
      outputs: 1,
    };
    const { parameters } = classifierForward(options);
    source = oracleSource(tensors, 1, pretrainedParameters(openWeights(folder), options.encoder, parameters, 0).source);
    batches = oracle.batch_width.map((width, i) => {
      const rows = [i * oracle.batch_size, (i + 1) * oracle.batch_size] as const;
      return { ...batchFeeds(options.encoder, oracle.input_ids.slice(...rows), width), ...classFeeds(oracle.labels.slice(...rows), 1) };
    });
  });

  test('gradients of the first batch', async () => {
    const found = await sgdGradients(classifierStep(options), source, batches[0] as Feeds);
    for (const [parameter, values] of Object.entries(found)) {
      if (isNoise({ name: parameter })) continue;
      const expected = oracle.first_gradients[oracleName(parameter, 1)] as Moments;
      expect(Math.abs(moments(values).l2 / expected.l2 - 1), parameter).toBeLessThan(GRADIENT_NORM);
    }
  });

  test('logits, 10 steps of adam, and logits after them', async () => {
    const run = oracle.runs.find((each) => each.name === 'adam') as Run;
    const trainer = await openAdam(classifierStep(options), classifierForward(options), source, run.optimizer);
    expect(distance(await forwardAll(trainer, batches), readFloats(tensors, 'logits'))).toBeLessThan(LOGITS);
    expect(distance(await losses(trainer, batches, run.batch_of_step, run.optimizer.lr), run.losses)).toBeLessThan(LOSS);
    expect(distance(await forwardAll(trainer, batches), readFloats(tensors, 'logits_after.adam'))).toBeLessThan(LOGITS_AFTER);
    await trainer.release();
  });

  test('10 steps of adam with weight decay', async () => {
    const run = oracle.runs.find((each) => each.name === 'adam_l2') as Run;
    const trainer = await openAdam(classifierStep(options), classifierForward(options), source, run.optimizer);
    expect(distance(await losses(trainer, batches, run.batch_of_step, run.optimizer.lr), run.losses)).toBeLessThan(LOSS);
    await trainer.release();
  });

  test('10 steps of the head alone, on features', async () => {
    const run = oracle.runs.find((each) => each.name === 'frozen_encoder') as Run;
    const encoder = await openForward({ program: encoderForward(options.encoder), source, threads: 1 });
    const width = options.encoder.hiddenSize;
    const features: Feeds[] = [];
    for (const feeds of batches)
      features.push({ ...featureFeeds(await encoder.forward(feeds), width), targets: feeds['targets'] as Feeds[string] });
    await encoder.release();

    const head = { width, head: options.head, outputs: 1 };
    const trainer = await openAdam(classifierHeadStep(head), headForward(head), source, run.optimizer);
    expect(distance(await losses(trainer, features, run.batch_of_step, run.optimizer.lr), run.losses)).toBeLessThan(LOSS);
    expect(distance(await forwardAll(trainer, features), readFloats(tensors, 'logits_after.frozen_encoder'))).toBeLessThan(LOGITS_AFTER);
    await trainer.release();
  });
});

/** Outputs of all batches, one after the other. */
async function forwardAll(model: { forward(feeds: Feeds): Promise<Float32Array> }, batches: readonly Feeds[]): Promise<readonly number[]> {
  const all: number[] = [];
  for (const feeds of batches) all.push(...(await model.forward(feeds)));
  return all;
}
