import { describe, expect, test } from 'vitest';
import { graphBuilder, print, type ConstantData, type Graph } from '../../../src/engine/graph/index.ts';
import { float16Bits } from '../../../src/engine/models/exports/float16.ts';
import {
  batchFeeds,
  classifierForward,
  inFloat16,
  inInt8,
  portableClassifier,
  portableFeeds,
  randomParameters,
  withWeights,
  type PublishedClassifier,
  type PortableModel,
} from '../../../src/engine/models/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { runGraph, type Fed } from '../../helpers/run-graph.ts';
import { tinyConfig, tinyConfigJson, tinyDebertaJson, tinyDistilbertJson, tinyEncoders, tinyModernbertJson } from './tiny.ts';

const texts = [[2, 7, 9, 4], [2, 11, 4], [2, 9, 9, 30, 41, 4]];
const source = randomParameters(5);

/** Larger than the 0.02 of BERT, so that no layer of so small a model is close to linear. */
const lively = { initializer_range: 0.5 };
const encoder = tinyConfig(lively);
const small = (outputs: number, of = encoder): PublishedClassifier => ({
  encoder: of,
  head: { dense: [4], dropout: 0.1, activation: 'gelu' },
  outputs,
  asPair: outputs === 1,
});

const run = async (graph: Graph, change: Feeds = {}): Promise<readonly number[]> => {
  const feeds: Feeds = { ...portableFeeds({ ids: texts }, 8, encoder.padTokenId), ...change };
  const asked = Object.fromEntries(graph.inputs.map(({ name }) => [name, feeds[name] as Fed]));
  const { logits } = await runGraph(graph, asked);
  return Array.from(logits?.data ?? [], Number);
};

async function own(options: PublishedClassifier): Promise<readonly number[]> {
  const model = await openForward({ program: classifierForward(options), source, threads: 1 });
  const logits = await model.forward(batchFeeds(options.encoder, texts, 6));
  await model.release();
  return [...logits];
}

const distance = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN))));

const withoutBuckets = { num_hidden_layers: 2, share_att_key: false, position_buckets: -1, max_relative_positions: 3, type_vocab_size: 2 };
const withMean = { classifier_pooling: 'mean', attention_bias: true, norm_bias: true };

describe('a portable classifier', () => {
  test('takes what a tokenizer gives, and has nothing but standard operators', () => {
    const { inputs, outputs, nodes } = withWeights(portableClassifier(small(1), source));
    expect(inputs.map(({ name, dtype, shape }) => [name, dtype, ...shape])).toEqual(
      ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => [name, 'int64', 'batch', 'sequence']),
    );
    expect([...outputs].map(([name, { dtype, shape }]) => [name, dtype, ...shape])).toEqual([['logits', 'float32', 'batch', 2]]);
    expect(nodes.filter(({ op }) => op === 'FusedMatMul' || op === 'Gelu')).toEqual([]);
  });

  test.each([
    ['bert', tinyConfigJson, 1] as const,
    ...Object.entries(tinyEncoders).map(([type, { json }]) => [type, json, 3] as const),
    ['distilbert', tinyDistilbertJson, 1] as const,
    ['deberta-v2', { ...tinyDebertaJson, num_hidden_layers: 2 }, 1] as const,
    ['a deberta-v2 without buckets', { ...tinyDebertaJson, ...withoutBuckets }, 3] as const,
    ['modernbert', { ...tinyModernbertJson, num_hidden_layers: 4 }, 1] as const,
    ['a modernbert with a mean and biases', { ...tinyModernbertJson, num_hidden_layers: 2, ...withMean }, 3] as const,
  ])('gives the logits of the one that is trained, with more padding too: %s', async (_, json, outputs) => {
    const options = small(outputs, tinyConfig(lively, json));
    const [portable, logits] = [await run(withWeights(portableClassifier(options, source))), await own(options)];
    const expected = outputs === 1 ? logits.flatMap((x) => [0, x]) : logits;
    expect(distance(portable, expected)).toBeLessThan(1e-5);
    expect(Math.max(...logits) - Math.min(...logits)).toBeGreaterThan(0.01); // a thousand times the tolerance
  });

  test('reads the segments that it is told', async () => {
    const graph = withWeights(portableClassifier(small(1), source));
    const second = { dtype: 'int64', shape: [3, 8], data: new BigInt64Array(24).fill(1n) } as const;
    expect(distance(await run(graph), await run(graph, { token_type_ids: second }))).toBeGreaterThan(1e-3);
  });
});

describe('in a smaller precision', () => {
  const weightBytes = (model: PortableModel): number =>
    [...withWeights(model).constants.values()].reduce((sum, data) => sum + data.byteLength, 0);
  const model = portableClassifier(small(3), source);

  // A rounding to 11 or 7 bits of logits up to ½ is wrong by 2⁻¹² or 2⁻⁸ at most; four of them are allowed for a layer of eight.
  test.each([
    ['float16', inFloat16, 0.55, 1e-3],
    ['int8', inInt8, 0.8, 1.6e-2],
  ] as const)('%s is smaller and near', async (_, convert, share, tolerance) => {
    const converted = convert(model);
    expect(weightBytes(converted)).toBeLessThan(share * weightBytes(model));
    const difference = distance(await run(withWeights(converted)), await own(small(3)));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(tolerance);
  });

  test('int8 multiplies whole numbers in every dense layer but the head, and looks whole numbers up', () => {
    const graph = withWeights(inInt8(model));
    const operators = (op: string): number => graph.nodes.filter((node) => node.op === op).length;
    // q, output, two of the feed-forward, pooler; segments and head. The last layer, here the only one, has no k and v.
    expect([operators('MatMulInteger'), operators('Gemm')]).toEqual([5, 3]);
    expect([...graph.constants].filter(([{ dtype }]) => dtype === 'int8').map(([{ name }]) => name)).toContain(
      'bert.embeddings.word_embeddings.weight.int8',
    );
    expect(print(graph)).toContain('DynamicQuantizeLinear');
    expect([...graph.constants.keys()].map(({ name }) => name)).not.toContain('bert.embeddings.word_embeddings.weight');
  });

  test('float16 is rounded as onnxruntime rounds it, and stays finite', async () => {
    const exact = [0, -0, 1, -1, 65504, 2 ** -14, 2 ** -24, 0.1, -1 / 3, 1e-5, 3e-8, 2.9e-8, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 6.1e-5, 65519];
    const random = randomParameters(1)({ name: 'x', shape: [2000], init: { kind: 'normal', std: 1e-3 } });
    const numbers = Float32Array.from([...exact, ...random]);
    const g = graphBuilder('half');
    g.output('half', g.Cast(g.input('x', 'float32', [numbers.length]), { to: 'float16' }));
    const { half } = await runGraph(g.build(), { x: { shape: [numbers.length], data: numbers } });
    expect(bits(half?.data)).toEqual([...float16Bits(numbers)]);
    expect([...float16Bits(Float32Array.of(1e6, -3.4e38, Infinity))]).toEqual([0x7bff, 0xfbff, 0x7bff]);
  });
});

function bits(data: ConstantData | undefined): readonly number[] {
  return data === undefined ? [] : [...new Uint16Array(data.buffer, data.byteOffset, data.length)];
}
