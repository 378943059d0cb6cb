import { describe, expect, test } from 'vitest';
import type { OrtrainError } from '../../../src/core/errors.ts';
import {
  byteSource,
  encodeSafetensors,
  joinShards,
  openSafetensors,
  parseWeightMap,
  readFloats,
  type Safetensors,
} from '../../../src/engine/models/index.ts';

const shard = (file: string, ...names: readonly string[]): readonly [string, Safetensors] => [
  file,
  openSafetensors(
    byteSource(`m/${file}`, Buffer.concat(encodeSafetensors(names.map((name, i) => ({ name, shape: [1], data: Float32Array.of(i + 1) }))))),
  ),
];

function problemsOf(read: () => unknown): readonly (readonly [string | undefined, string])[] {
  try {
    read();
  } catch (error) {
    return (error as OrtrainError).problems.map(({ file, message }) => [file, message]);
  }
  throw new Error('it was accepted');
}

describe('the index of weights in several files', () => {
  test.each([
    [{}, 'weight_map is missing, not an object of tensors and their files'],
    [{ weight_map: [] }, 'weight_map is [], not an object of tensors and their files'],
    [{ weight_map: {} }, 'weight_map is empty, not an object of tensors and their files'],
    [{ weight_map: { a: 7 } }, 'weight_map names 7 for a, not a .safetensors file beside the index'],
    [{ weight_map: { a: '../b.safetensors' } }, 'weight_map names "../b.safetensors" for a, not a .safetensors file beside the index'],
    [{ weight_map: { a: '/b.safetensors' } }, 'weight_map names "/b.safetensors" for a, not a .safetensors file beside the index'],
    [
      { weight_map: { a: 'pytorch_model-00001.bin' } },
      'weight_map names "pytorch_model-00001.bin" for a, not a .safetensors file beside the index',
    ],
  ])('%j is refused', (index, message) => {
    expect(problemsOf(() => parseWeightMap('m/index.json', index))).toEqual([['m/index.json', message]]);
  });

  const map = parseWeightMap('m/index.json', { weight_map: { a: '1.safetensors', b: '2.safetensors', c: '2.safetensors' } });

  test('makes one checkpoint of them', () => {
    const whole = joinShards('m/index.json', map, new Map([shard('1.safetensors', 'a'), shard('2.safetensors', 'x', 'b', 'c')]));
    expect([...whole.entries.keys()].sort()).toEqual(['a', 'b', 'c', 'x']);
    expect(['a', 'b', 'c'].map((name) => readFloats(whole, name)[0])).toEqual([1, 2, 3]);
  });

  test('is refused where a file lacks what it says, or two hold the same', () => {
    const of = (...shards: readonly (readonly [string, Safetensors])[]) =>
      problemsOf(() => joinShards('m/index.json', map, new Map(shards)));
    expect(of(shard('1.safetensors', 'a'), shard('2.safetensors', 'b'))).toEqual([['m/index.json', 'c is not in 2.safetensors']]);
    expect(of(shard('1.safetensors'), shard('2.safetensors', 'c'))).toEqual([
      ['m/index.json', 'a is not in 1.safetensors, nor is 1 more tensor where the index has them'],
    ]);
    expect(of(shard('1.safetensors', 'a', 'b'), shard('2.safetensors', 'b', 'c'))).toEqual([
      ['m/2.safetensors', 'b is also in m/1.safetensors'],
    ]);
  });
});
