import { expect, it } from 'vitest';
import { parseEncoderConfig } from '../../src/engine/models/index.ts';
import { joinedTokens } from '../../src/data/tokens/tokens.ts';
import { tokenSource } from '../../src/training/batch-source.ts';
import { pretrained } from './model-folder.ts';

const parts = [{ offsets: Int32Array.of(0, 4, 6), ids: Int32Array.of(2, 4, 5, 3, 2, 3), types: Int32Array.of(0, 0, 1, 1, 0, 1), truncated: 0, unknown: 0 }];

it('feeds the types of pairs beside their tokens, 0 at padding', () => {
  const config = parseEncoderConfig(JSON.stringify({ ...pretrained.bert, vocab_size: 30 }), 'config.json');
  const source = tokenSource(joinedTokens(parts, 0), config);
  const { token_types: types, tokens } = source.feeds(Int32Array.of(1, 0), 5);
  expect([types?.shape, [...types!.data]]).toEqual([[2, 5], [0, 1, 0, 0, 0, 0, 0, 1, 1, 0]]);
  expect(tokens?.shape).toEqual([2, 5]);
  const single = tokenSource(joinedTokens(parts.map(({ types: _, ...part }) => ({ ...part, types: undefined })), 0), config);
  expect([...single.feeds(Int32Array.of(0), 4)['token_types']!.data]).toEqual([0, 0, 0, 0]);
});
