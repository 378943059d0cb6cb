import { describe, expect, test } from 'vitest';
import { batchFeeds, featureFeeds, targetFeeds } from '../../../src/engine/models/index.ts';
import { tinyConfig, tinyDistilbertJson, tinyRobertaJson } from './tiny.ts';

const config = tinyConfig({ pad_token_id: 3 });
const LOW = Math.fround(-3.4028234663852886e38);

describe('a batch', () => {
  test('is padded, and its ids are split into distinct rows and places among them', () => {
    const feeds = batchFeeds(config, [[2, 9, 4], Int32Array.of(2, 4)], 4);
    expect(feeds['token_rows']).toEqual({ dtype: 'int32', shape: [4], data: Int32Array.of(2, 3, 4, 9) });
    expect(feeds['tokens']).toEqual({ dtype: 'int32', shape: [2, 4], data: Int32Array.of(0, 3, 2, 1, 0, 2, 1, 1) });
    expect(feeds['positions']).toEqual({ dtype: 'int32', shape: [4], data: Int32Array.of(0, 1, 2, 3) });
    expect(feeds['token_types']).toEqual({ dtype: 'int32', shape: [2, 4], data: new Int32Array(8) });
    expect(feeds['attention_bias']).toEqual({ dtype: 'float32', shape: [2, 1, 1, 4], data: Float32Array.of(0, 0, 0, LOW, 0, 0, LOW, LOW) });
  });

  test('of pairs has segments', () => {
    expect(batchFeeds(config, [[2, 9, 4], [2, 4]], 3, [[0, 1, 1], [0, 1]])['token_types']?.data).toEqual(Int32Array.of(0, 1, 1, 0, 1, 0));
  });

  test('of a RoBERTa has positions after the padding id and no segments', () => {
    const roberta = tinyConfig({}, tinyRobertaJson);
    const feeds = batchFeeds(roberta, [[0, 9, 2], [0, 2]], 3);
    expect(feeds['positions']?.data).toEqual(Int32Array.of(2, 3, 4));
    expect(feeds['token_rows']?.data).toEqual(Int32Array.of(0, 1, 2, 9));
    expect(feeds['tokens']?.data).toEqual(Int32Array.of(0, 3, 2, 0, 2, 1));
    expect(feeds).not.toHaveProperty('token_types');
    expect(batchFeeds(roberta, [[0, 2]], 16)['positions']?.data.at(-1)).toBe(17);
    expect(() => batchFeeds(roberta, [[0, 2]], 17)).toThrow("longer than the model's 16 positions");
  });

  test('of a DistilBERT has no segments', () => {
    expect(Object.keys(batchFeeds(tinyConfig({}, tinyDistilbertJson), [[2, 4]], 2))).toEqual([
      'token_rows',
      'tokens',
      'positions',
      'attention_bias',
      'token_mask',
    ]);
  });

  test('that the model has no rows for is an error of the data', () => {
    expect(() => batchFeeds(config, [[2, 50]], 2)).toThrow('token id 50 is outside');
    expect(() => batchFeeds(config, [[-1]], 2)).toThrow('token id -1 is outside');
    expect(() => batchFeeds(config, [[2]], 17)).toThrow('texts of 17 tokens');
  });

  test('that is wider than asked for is a defect of the caller', () => {
    expect(() => batchFeeds(config, [[2, 3, 4]], 2)).toThrow('a text of 3 tokens');
  });
});

test('features', () => {
  const data = new Float32Array(6);
  expect(featureFeeds(data, 3)['features']).toEqual({ dtype: 'float32', shape: [2, 3], data });
});

test('targets are the labels for one output, one-hot for more', () => {
  expect(targetFeeds(Float32Array.of(0, 1), 1)['targets']).toEqual({ dtype: 'float32', shape: [2, 1], data: Float32Array.of(0, 1) });
  expect(targetFeeds(Float32Array.of(0, 0, 1, 1, 0, 0), 3)['targets']).toEqual({
    dtype: 'float32',
    shape: [2, 3],
    data: Float32Array.of(0, 0, 1, 1, 0, 0),
  });
});
