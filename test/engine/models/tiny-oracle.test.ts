import { beforeAll, describe, expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import {
  classifierForward,
  encoderForward,
  featureFeeds,
  headForward,
  hiddenForward,
  pretrainedParameters,
  readFloats,
  type ClassifierOptions,
  type EncoderConfig,
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
  tinyFeeds,
  type Moments,
  type TinyBatch,
  type TinyOracle,
} from './oracle-run.ts';
import { classifierHeadStep, classifierStep } from '../../helpers/class-steps.ts';

// The oracles' README: forward and gradients 5e-6, losses 1e-4, final norms 1e-3, final sums 5e-3.
const FORWARD = 5e-6;
const LOSS = 1e-4;
const FINAL_NORM = 1e-3;
const FINAL_SUM = 5e-3;

const place = ['oracles', 'tiny'] as const;

describeShared('tiny encoders against PyTorch', place, () => {
  describe.each([
    ['bert', 'dense1', []],
    ['bert', 'dense3', [256, 32]],
    ['bert', 'classes6', []],
    ['roberta', 'dense1', []],
    ['roberta', 'dense3', [256, 32]],
    ['distilbert', 'dense1', []],
    ['distilbert', 'dense3', [256, 32]],
  ])('%s, head %s', (architecture, name, dense) => {
    let oracle: TinyOracle;
    let tensors: Safetensors;
    let config: EncoderConfig;
    let options: ClassifierOptions;
    let source: ParameterSource;
    let batches: readonly Feeds[];

    beforeAll(() => {
      oracle = sharedJson<TinyOracle>(...place, `${architecture}-${name}.json`);
      tensors = sharedTensors(...place, `${architecture}-${name}.safetensors`);
      const folder = sharedPath(...place, architecture) as string;
      config = readEncoderConfig(folder);
      options = { encoder: config, head: { dense, dropout: 0, activation: 'none' }, outputs: oracle.classes };
      const { parameters } = classifierStep(options);
      source = oracleSource(tensors, dense.length + 1, pretrainedParameters(openWeights(folder), config, parameters, 0).source);
      batches = oracle.batches.map((batch) => tinyFeeds(config, batch, oracle.classes));
    });

    test('pooled output, logits and hidden states', async () => {
      const encoder = await openForward({ program: encoderForward(config), source, threads: 1 });
      const classifier = await openForward({ program: classifierForward(options), source, threads: 1 });
      for (const [i, feeds] of batches.entries()) {
        expect(distance(await encoder.forward(feeds), readFloats(tensors, `pooled.${i}`))).toBeLessThan(FORWARD);
        expect(distance(await classifier.forward(feeds), readFloats(tensors, `logits.${i}`))).toBeLessThan(FORWARD);
      }
      await Promise.all([encoder.release(), classifier.release()]);

      const batch = oracle.batches[0] as TinyBatch;
      for (const layer of [0, 1]) {
        const hidden = await openForward({ program: hiddenForward(config, layer), source, threads: 1 });
        const found = await hidden.forward(batches[0] as Feeds);
        expect(
          distance(unpadded(found, batch, config.hiddenSize), unpadded(readFloats(tensors, `hidden.${layer}`), batch, config.hiddenSize)),
        ).toBeLessThan(FORWARD);
        await hidden.release();
      }
    });

    test('gradients of the first batch', async () => {
      const step = classifierStep(options);
      const found = await sgdGradients(step, source, batches[0] as Feeds);
      expect(Object.keys(found)).toHaveLength(step.parameters.length);
      for (const { name: parameter } of step.parameters) {
        const expected = readFloats(tensors, `grad.${oracleName(parameter, dense.length + 1)}`);
        expect(distance(found[parameter] as Float32Array, expected), parameter).toBeLessThan(FORWARD);
      }
    });

    test('20 steps of Adam', async () => {
      const step = classifierStep(options);
      const trainer = await openAdam(step, classifierForward(options), source, oracle.optimizer);
      const found = await losses(trainer, batches, oracle.batch_of_step, oracle.optimizer.lr);
      expect(distance(found, oracle.losses)).toBeLessThan(LOSS);
      const final = await trainer.snapshot();
      expect(await losses(trainer, batches, [0], oracle.optimizer.lr)).toEqual([expect.closeTo(oracle.losses_after[0] as number, 4)]);
      await trainer.release();
      for (const spec of step.parameters.filter((each) => !isNoise(each))) {
        expectMoments(spec.name, final[spec.name] as Float32Array, oracle.final[oracleName(spec.name, dense.length + 1)] as Moments);
      }
    });

    test('20 steps of Adam with the encoder frozen: within the whole model, and on features', async () => {
      const head = { width: config.hiddenSize, head: options.head, outputs: oracle.classes };
      const encoder = await openForward({ program: encoderForward(config), source, threads: 1 });
      const features: Feeds[] = [];
      for (const feeds of batches) {
        features.push({ ...featureFeeds(await encoder.forward(feeds), config.hiddenSize), targets: feeds['targets'] as Feeds[string] });
      }
      await encoder.release();

      const whole = await openAdam(
        classifierStep({ ...options, frozen: 'encoder' }),
        classifierForward(options),
        source,
        oracle.optimizer,
      );
      const alone = await openAdam(classifierHeadStep(head), headForward(head), source, oracle.optimizer);
      for (const [trainer, fed] of [[whole, batches], [alone, features]] as const) {
        const found = await losses(trainer, fed, oracle.batch_of_step, oracle.optimizer.lr);
        expect(distance(found, oracle.losses_frozen_encoder)).toBeLessThan(LOSS);
        for (const [parameter, values] of Object.entries(await trainer.snapshot())) {
          const expected = oracle.head_frozen_final[oracleName(parameter, dense.length + 1).replace('head.', '')] as Moments;
          expectMoments(parameter, values, expected);
        }
        await trainer.release();
      }
    });
  });
});

/** The rows of real tokens, of hidden states [B*S, width]. */
function unpadded(hidden: Float32Array, batch: TinyBatch, width: number): readonly number[] {
  const mask = batch.attention_mask.flat();
  return [...hidden].filter((_, i) => mask[Math.floor(i / width)] === 1);
}

function expectMoments(parameter: string, values: Float32Array, expected: Moments): void {
  const found = moments(values);
  expect(Math.abs(found.l2 - expected.l2), `norm of ${parameter}`).toBeLessThan(FINAL_NORM);
  expect(Math.abs(found.sum - expected.sum), `sum of ${parameter}`).toBeLessThan(FINAL_SUM);
}
