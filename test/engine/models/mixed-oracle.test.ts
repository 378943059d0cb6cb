import { expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { lower } from '../../../src/engine/graph/index.ts';
import { batchFeeds, classifierForward, pretrainedParameters, randomParameters } from '../../../src/engine/models/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import { inPrecision, nodesByPrecision } from '../../../src/engine/precision.ts';
import { openTrainer, type StepBatch, type TrainerOptions } from '../../../src/engine/runtime/index.ts';
import { openLoopTrainer } from '../../../src/engine/runtime/cuda/loop-trainer.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { losses, openAdam, oracleSource, sgdGradients, sharedTensors, tinyFeeds, type TinyOracle } from './oracle-run.ts';
import { tinyConfig } from './tiny.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';

/** The largest relative error of one rounding: half a unit in the last of 8 or 11 bits. */
const ROUNDING = { bfloat16: 2 ** -8, float16: 2 ** -11 } as const;

const place = ['oracles', 'tiny'] as const;

describeShared('products in 16 bits against PyTorch in float64', place, () => {
  test.each([
    ['bert', 'dense3', [256, 32], 'bfloat16'],
    ['bert', 'classes6', [], 'float16'],
  ] as const)('%s, head %s %j in %s', async (architecture, name, dense, precision) => {
    const oracle = sharedJson<TinyOracle>(...place, `${architecture}-${name}.json`);
    const folder = sharedPath(...place, architecture) as string;
    const config = readEncoderConfig(folder);
    const options = { encoder: config, head: { dense, dropout: 0, activation: 'none' as const }, outputs: oracle.classes };
    const plain = classifierStep(options);
    const step = inPrecision(plain, precision);
    const encoder = pretrainedParameters(openWeights(folder), config, plain.parameters, 0).source;
    const source = oracleSource(sharedTensors(...place, `${architecture}-${name}.safetensors`), dense.length + 1, encoder);
    const batches = oracle.batches.map((batch) => tinyFeeds(config, batch, oracle.classes));

    // Losses around 1, each of logits that are sums of many rounded products: their errors are as good as independent, and stay within
    // two roundings; twenty steps of Adam double that.
    const trainer = await openAdam(step, inPrecision(classifierForward(options), precision), source, oracle.optimizer);
    const found = await losses(trainer, batches, oracle.batch_of_step, oracle.optimizer.lr);
    await trainer.release();
    found.forEach((loss, i) => expect(Math.abs(loss - (oracle.losses[i] ?? NaN)), `step ${i}`).toBeLessThan(4 * ROUNDING[precision]));

    // From the loss to the first layer's weights and back a number passes through about 36 products, three roundings each. Independent
    // errors add up to √108 of one; half as much again for the largest of 40 tensors. (PyTorch 2.15 under autocast: 6 to 8 roundings.)
    const exact = await sgdGradients(plain, source, batches[0]!);
    for (const graph of [step.graph, lower(step.graph, 'cuda')]) {
      const rounded = await sgdGradients({ ...step, graph }, source, batches[0]!);
      const errors = Object.entries(exact).map(([parameter, values]): number => {
        const norm = Math.hypot(...values);
        return norm < 1e-7 ? 0 : Math.hypot(...values.map((x, i) => x - (rounded[parameter]?.[i] ?? NaN))) / norm;
      });
      expect(Math.max(...errors)).toBeLessThan(1.5 * Math.sqrt(108) * ROUNDING[precision]);
      expect(Math.max(...errors)).toBeGreaterThan(ROUNDING[precision]);
    }
  });
});

test('steps in a loop, as on CUDA, give what single steps give', async () => {
  const precision = 'bfloat16';
  const encoder = tinyConfig({
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 64,
    hidden_dropout_prob: 0.1,
  });
  const whole = { encoder, head: { dense: [16], dropout: 0.1, activation: 'relu' as const }, outputs: 1 };
  const [step, forward] = [inPrecision(classifierStep(whole), precision), inPrecision(classifierForward(whole), precision)];
  expect(nodesByPrecision(step.graph, precision)[0]).toMatchObject({ what: 'matrix products', dtype: precision, nodes: 60 });
  const optimizer = { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) };
  const options: TrainerOptions = { step, forward, source: randomParameters(1), threads: 1, optimizer, clipNorm: 1, seed: 7 };
  const ids = [[1, 7, 9, 2], [1, 5, 2]];
  const batch: StepBatch = { feeds: { ...batchFeeds(encoder, ids, 4), ...classFeeds([1, 0], 1) }, rates: { lr: 1e-3 } };
  const batches = Array.from({ length: 5 }, () => batch);

  const [single, loop] = [await openTrainer(options), await openLoopTrainer(options, 'cpu')];
  try {
    const [expected, found] = [await single.steps(batches), await loop.steps(batches)];
    // Sums of float32 in another order, and now and then a number that this rounds to the other side.
    found.forEach(({ loss }, i) => expect(Math.abs(loss - (expected[i]?.loss ?? NaN))).toBeLessThan(ROUNDING[precision]));
    const [one, other] = [await single.forward(batch.feeds), await loop.forward(batch.feeds)];
    expect(Math.abs((one[0] ?? NaN) - (other[0] ?? NaN))).toBeLessThan(ROUNDING[precision]);
    expect(found.at(-1)?.loss).not.toBe(found[0]?.loss);
  } finally {
    await single.release();
    await loop.release();
  }
});
