import { expect, test } from 'vitest';
import { openWeights } from '../../../src/data/hub/index.ts';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import {
  batchFeeds,
  classifierForward,
  encoderForward,
  featureFeeds,
  headForward,
  headModel,
  pretrainedParameters,
  randomParameters,
  readFloats,
  type Pooling,
} from '../../../src/engine/models/index.ts';
import { pooledOutput } from '../../../src/engine/models/encode.ts';
import { modelBuilder } from '../../../src/engine/models/model-builder.ts';
import type { Feeds, ForwardProgram, ParameterSpec } from '../../../src/engine/program.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { cases, LEFT_OUT, oracle, ORACLE_NAMES, place, sameAsOracle, TOLERANCE, worst } from './pooling-oracle.ts';

const { file: tensors, config, lengths } = oracle;

/** Of the embeddings, the lowest and the highest layer. */
const SOME = ['embeddings.word_embeddings.weight', 'encoder.layer.0.output.dense.weight', 'encoder.layer.4.intermediate.dense.bias'];

describeShared('poolings equal PyTorch', place, () => {
  test('every case is here', () => {
    expect([...Object.keys(cases), ...LEFT_OUT].sort()).toEqual(oracle.json().cases.map(({ name }) => name).sort());
  });

  test('values and gradients on the CPU', () => sameAsOracle('cpu'));

  test('gradients of the encoder below', async () => {
    const [own, file] = [config(), tensors()];
    const poolings = { cls: 'cls', mean: 'mean', max: 'max', mean_max: 'mean-max', last4_cls: 'last4', weighted_softmax_mean: 'weighted' };
    for (const [name, pooling] of Object.entries(poolings)) {
      const { encoder_gradients: expected } = oracle.json().cases.find((each) => each.name === name)!;
      const { ids, feeds } = fedBatch(file, name);
      const norms: Record<string, { readonly l2: number }> = {};
      for (const parameter of SOME) {
        const m = modelBuilder(graphBuilder('gradient'));
        const out = pooledOutput(m, own, pooling as Pooling);
        const loss = m.g.ReduceSum(m.g.Mul(out, m.g.input('grad_out', 'float32', ['B', out.shape[1]!])), { keepdims: 0 });
        const leaf = m.leaves.find((each) => each.parameter === `bert.${parameter}`)!;
        m.g.output('gradient', gradients(m.g, loss, [leaf.value])[0]!);
        const gradient = await forward({ graph: m.g.build(), parameters: m.parameters, output: 'gradient' }, weightsFor(name), {
          ...batchFeeds(own, ids, 11),
          ...feeds,
        });
        norms[parameter] = { l2: Math.hypot(...gradient) };
      }
      for (const [parameter, { l2 }] of Object.entries(norms))
        expect(Math.abs(l2 - expected[parameter]!.l2) / expected[parameter]!.l2, `${name} ${parameter}`).toBeLessThan(TOLERANCE);
    }
  });
});

describeShared('a head on features', place, () => {
  test.each(['default', 'cls', 'mean', 'max', 'mean-max', 'last4', 'weighted'] as const)(
    'gives the logits of the whole model with the pooling %s',
    async (pooling) => {
      const options = { encoder: config(), pooling, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 3 } as const;
      const source = randomParameters(3);
      const feeds = batchFeeds(options.encoder, fedBatch(tensors(), 'mean').ids, 11);
      const whole = await forward(classifierForward(options), source, feeds);
      const features = await forward(encoderForward(options.encoder, pooling), source, feeds);
      const head = headModel(options);
      expect(features).toHaveLength(5 * head.width);
      const logits = await forward(headForward(head), source, featureFeeds(features, head.width));
      expect(worst(logits, whole)).toBeLessThan(1);
    },
  );
});

function fedBatch(file: ReturnType<typeof tensors>, name: string): { readonly ids: readonly (readonly number[])[]; readonly feeds: Feeds } {
  const { input_ids: all } = oracle.json().batch;
  const gradOut = readFloats(file, `${name}/grad_out`);
  const ids = all.map((row, i) => row.slice(0, lengths()[i]));
  return { ids, feeds: { grad_out: { dtype: 'float32', shape: [ids.length, gradOut.length / ids.length], data: gradOut } } };
}

/** The encoder's from its checkpoint, the pooling's own from the case. */
function weightsFor(name: string): (spec: ParameterSpec, into: Float32Array) => unknown {
  const file = openWeights(sharedPath(...place, 'bert')!);
  return (spec, into) => {
    const own = ORACLE_NAMES[spec.name];
    return own === undefined
      ? pretrainedParameters(file, config(), [spec], 0).source(spec, into)
      : into.set(readFloats(tensors(), `${name}/${own}`));
  };
}

async function forward(
  program: ForwardProgram,
  source: (spec: ParameterSpec, into: Float32Array) => unknown,
  feeds: Feeds,
): Promise<Float32Array> {
  const model = await openForward({ program, source, threads: 1 });
  try {
    return await model.forward(feeds);
  } finally {
    await model.release();
  }
}
