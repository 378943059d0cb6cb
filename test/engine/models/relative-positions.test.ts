import { describe, expect, test } from 'vitest';
import { graphBuilder, type Builder, type Value } from '../../../src/engine/graph/index.ts';
import { debertaRows, distanceInputs } from '../../../src/engine/models/blocks/relative-positions.ts';
import { rotaryInputs, rotated } from '../../../src/engine/models/blocks/rotary.ts';
import { batchFeeds, classifierForward, randomParameters } from '../../../src/engine/models/index.ts';
import type { EncoderInput, TokenBatch } from '../../../src/engine/models/inputs.ts';
import { localBias } from '../../../src/engine/models/inputs.ts';
import { modelBuilder } from '../../../src/engine/models/model-builder.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { runGraph } from '../../helpers/run-graph.ts';
import { distance } from './oracle-run.ts';
import { tinyConfig, tinyDebertaJson, tinyModernbertJson } from './tiny.ts';

const batchOf = (S: number): TokenBatch => ({ B: 1, S, ids: new Int32Array(S), types: new Int32Array(S), lengths: [S], rows: new Int32Array(1) });
const numbers = (input: EncoderInput, S: number): readonly number[] => Array.from(input.feed(batchOf(S)).data, Number);

async function run(build: (g: Builder) => Value, feeds: Parameters<typeof runGraph>[1] = {}): Promise<readonly number[]> {
  const g = graphBuilder('test');
  g.output('y', build(g));
  return Array.from((await runGraph(g.build(), feeds))['y']?.data ?? [], Number);
}

describe("DeBERTa's rows of relative positions", () => {
  // `make_log_bucket_position(r, 8, 32)` of Transformers 5.23, as in its tiny model with 8 buckets over 32 positions.
  test.each([[0, 0], [1, 1], [4, 4], [5, 5], [7, 5], [8, 6], [15, 6], [16, 7], [31, 7], [-5, -5], [-8, -6]])(
    'distance %i is in bucket %i of 8',
    (r, bucket) => expect(debertaRows(8, 32, 40).row(r)).toBe(8 + bucket),
  );

  test('beyond the span are those of its ends, and without buckets every distance has one', () => {
    const logarithmic = debertaRows(8, 32, 100);
    expect([logarithmic.row(100), logarithmic.row(-100), logarithmic.count]).toEqual([15, 0, 16]);
    const plain = debertaRows(-1, 12, 40);
    expect([-40, -12, -3, 0, 11, 12].map(plain.row)).toEqual([0, 0, 9, 12, 23, 23]);
  });

  test('are rounded as float32 rounds them', () => {
    expect(Math.log(9) / Math.log(3)).toBeGreaterThan(2);
    expect(debertaRows(5, 7, 40).row(-18)).toBe(1); // not 0, the row of what is farther away; as in Transformers 5.23
    expect(debertaRows(8, 33, 40).row(8)).toBe(13); // log 2 / log 8 · 3 is 1
  });

  test('published models have 256 buckets over 512 positions: distances up to 128 have rows of their own', () => {
    const { row, count } = debertaRows(256, 512, 600);
    expect(count).toBe(512);
    expect([row(128), row(129), row(511), row(-511), row(-128)]).toEqual([384, 385, 511, 1, 128]);
    for (let r = -511; r < 511; r += 1) expect(row(r + 1)).toBeGreaterThanOrEqual(row(r));
  });

  test.each([1, 2, 5, 13, 40])('of %i tokens: the distinct rows, and each distance its place among them', (S) => {
    const of = debertaRows(8, 32, 64);
    const inputs = distanceInputs(of);
    const rows = numbers(inputs.rows, S);
    expect([...new Set(rows)].sort((a, b) => a - b)).toEqual(rows);
    const at = (input: EncoderInput): readonly number[] => numbers(input, S).map((place) => rows[place]!);
    expect(at(inputs.places)).toEqual(Array.from({ length: 2 * S }, (_, c) => of.row(S - c)));
    expect(at(inputs.reversed)).toEqual(Array.from({ length: 2 * S }, (_, c) => of.row(c - S)));
    expect(at(inputs.first)).toEqual(Array.from({ length: S }, (_, j) => of.row(-j)));
  });
});

describe('Skew', () => {
  test.each([1, 2, 3, 17])('of products with all relative positions is what looking each pair up gives: %i tokens', async (S) => {
    const D = 4;
    const draw = (name: string, ...shape: number[]) => ({ shape, data: randomParameters(3)({ name, shape, init: { kind: 'normal', std: 1 } }) });
    const [q, k, table] = [draw('q', S, D), draw('k', S, D), draw('table', 2 * S + 1, D)]; // a row for each distance from -S to S
    const rowOf = (r: number): number => r + S;
    const dot = (a: Float32Array, i: number, row: number): number =>
      Array.from({ length: D }, (_, d) => a[i * D + d]! * table.data[row * D + d]!).reduce((sum, x) => sum + x, 0);
    const pairs = Array.from({ length: S * S }, (_, at) => [Math.floor(at / S), at % S] as const);
    const naive = pairs.map(([i, j]) => dot(q.data, i, rowOf(i - j)) + dot(k.data, j, rowOf(i - j)));

    const found = await run((g) => {
      const input = (name: string, { shape }: { readonly shape: readonly number[] }): Value => g.input(name, 'float32', shape);
      const [qs, ks, rows] = [input('q', q), input('k', k), input('table', table)];
      const places = (of: (c: number) => number): Value => g.constant(Int32Array.from({ length: 2 * S }, (_, c) => rowOf(of(c))), 'int32', [2 * S]);
      const askew = (y: Value, of: (c: number) => number): Value =>
        g.Skew(g.FusedMatMul(y, g.Gather(rows, places(of)), { transB: 1 }));
      return g.Add(askew(qs, (c) => S - c), g.Transpose(askew(ks, (c) => c - S), { perm: [1, 0] }));
    }, { q, k, table });
    expect(distance(found, naive)).toBeLessThan(1e-5);
  });
});

test('DeBERTa reads a text longer than its span, alone and padded alike', async () => {
  const encoder = tinyConfig({ num_hidden_layers: 2, initializer_range: 0.5 }, tinyDebertaJson);
  const program = classifierForward({ encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 });
  const model = await openForward({ program, source: randomParameters(1), threads: 1 });
  const text = Array.from({ length: 20 }, (_, i) => 2 + ((i * 7) % 40)); // four tokens more than the 16 positions of the span
  const alone = await model.forward(batchFeeds(encoder, [text], 20));
  const [first] = await model.forward(batchFeeds(encoder, [text, [...text, ...text]], 40));
  await model.release();
  expect(first).toBeCloseTo(alone[0]!, 5);
});

describe('rotary positions', () => {
  const S = 6;
  const D = 8;
  const inputs = rotaryInputs('global', 10_000, D, S);

  test('have the angles s / theta^(2i / D), here and in an exported model', async () => {
    const angle = (s: number, i: number): number => s / 10_000 ** ((2 * i) / D);
    const expected = Array.from({ length: (S * D) / 2 }, (_, at) => Math.cos(angle(Math.floor(at / (D / 2)), at % (D / 2))));
    expect(distance(numbers(inputs.cos, S), expected)).toBeLessThan(1e-6);
    const ids = { shape: [1, S], data: new BigInt64Array(S) };
    const exported = await run((g) => {
      const fed = g.input('ids', 'int64', ['batch', 'sequence']);
      return inputs.cos.portable!(g, { ids: fed, mask: fed, types: () => fed });
    }, { ids });
    expect(distance(exported, expected)).toBeLessThan(1e-6);
  });

  test('leave lengths as they are and make products a matter of distance', async () => {
    const [x, y] = ['x', 'y'].map((name) => randomParameters(2)({ name, shape: [D], init: { kind: 'normal', std: 1 } }));
    const turned = async (values: Float32Array): Promise<readonly number[]> => {
      const data = Float32Array.from({ length: S * D }, (_, i) => values[i % D]!); // the same at every place
      const fed = (input: EncoderInput) => ({ shape: [S, D / 2], data: input.feed(batchOf(S)).data as Float32Array });
      return run((g) => {
        const [a, cos, sin] = [g.input('a', 'float32', [S, D]), g.input('cos', 'float32', [S, D / 2]), g.input('sin', 'float32', [S, D / 2])];
        return rotated(modelBuilder(g), a, cos, sin);
      }, { a: { shape: [S, D], data }, cos: fed(inputs.cos), sin: fed(inputs.sin) });
    };
    const [xs, ys] = [await turned(x!), await turned(y!)];
    const product = (a: readonly number[], i: number, b: readonly number[], j: number): number =>
      Array.from({ length: D }, (_, d) => a[i * D + d]! * b[j * D + d]!).reduce((sum, value) => sum + value, 0);
    expect(xs.slice(0, D)).toEqual(Array.from(x!, Number)); // the first place is not turned
    for (let s = 0; s < S; s += 1) expect(product(xs, s, xs, s)).toBeCloseTo(product(xs, 0, xs, 0), 4);
    for (let s = 0; s < S - 2; s += 1) expect(product(xs, s + 2, ys, s)).toBeCloseTo(product(xs, 2, ys, 0), 4);
    expect(Math.abs(product(xs, 2, ys, 0) - product(xs, 0, ys, 0))).toBeGreaterThan(0.01);
  });
});

test('local layers see tokens up to the window, itself included', () => {
  const low = Math.fround(-3.4028234663852886e38);
  const rows = numbers(localBias(2), 5);
  expect(rows.slice(0, 5)).toEqual([0, 0, 0, low, low]);
  expect(rows.slice(10, 15)).toEqual([0, 0, 0, 0, 0]);
});

test('a ModernBERT text whose padding lies beyond the window of every token gives finite logits, as without padding', async () => {
  const encoder = tinyConfig({ num_hidden_layers: 4, initializer_range: 0.5, classifier_pooling: 'mean' }, tinyModernbertJson);
  const program = classifierForward({ encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 });
  const model = await openForward({ program, source: randomParameters(1), threads: 1 });
  const alone = await model.forward(batchFeeds(encoder, [[2, 7, 4]], 3));
  const padded = await model.forward(batchFeeds(encoder, [[2, 7, 4]], 16));
  await model.release();
  expect(padded[0]).toBeCloseTo(alone[0]!, 5);
});
