import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseEncoderConfig } from '../../src/engine/models/index.ts';
import type { TokenSet } from '../../src/data/tokens/index.ts';
import { createStates, stateSource } from '../../src/training/states.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const json = {
  ...{ model_type: 'bert', vocab_size: 50, hidden_size: 4, num_hidden_layers: 2, num_attention_heads: 2 },
  ...{ intermediate_size: 8, max_position_embeddings: 16 },
};
const encoder = parseEncoderConfig(JSON.stringify(json), 'config.json');
const offsets = Int32Array.of(0, 3, 4, 6);
const ids = Int32Array.of(1, 2, 3, 4, 5, 6);
const tokens = { offsets, ids, padId: 0, row: (row: number) => ids.subarray(offsets[row], offsets[row + 1]) } as TokenSet;
const hidden = (row: number): Float32Array =>
  Float32Array.from({ length: 4 * (offsets[row + 1]! - offsets[row]!) }, (_, i) => row + i / 8);

test.each(['float16', 'float32'] as const)('hidden states come back as %s, in any order, padded with zeros', (store) => {
  const path = join(folder, store);
  const writer = createStates(path, Int32Array.of(3, 1, 2), { state: 1, width: 4, lower: 2, store });
  for (const row of [1, 0, 2]) writer.write(row, hidden(row), Float32Array.of(row, 1 / 3));
  writer.close();
  const source = stateSource({ path, tokens }, encoder);
  expect([source.state, [...source.lengths]]).toEqual([1, [3, 1, 2]]);
  const { hidden_state: states, lower_states: lower } = source.feeds(Int32Array.of(2, 0), 3);
  expect(states).toMatchObject({ shape: [2, 3, 4], data: Float32Array.of(...hidden(2), 0, 0, 0, 0, ...hidden(0)) });
  expect(lower).toMatchObject({ shape: [2, 2], data: Float32Array.of(2, 1 / 3, 0, 1 / 3) });
  source.close?.();
  expect(() => stateSource({ path, tokens: { ...tokens, offsets: Int32Array.of(0, 3, 4, 7) } }, encoder)).toThrow('of these tokens');
  truncateSync(path, 100);
  expect(() => stateSource({ path, tokens }, encoder)).toThrow('cut off');
});

test('what float16 cannot hold is refused', () => {
  const writer = createStates(join(folder, 'large'), Int32Array.of(1), { state: 1, width: 2, lower: 0, store: 'float16' });
  writer.write(0, Float32Array.of(65504, -65504), new Float32Array(0));
  expect(() => writer.write(0, Float32Array.of(1, 70000), new Float32Array(0))).toThrow('float16');
  expect(() => writer.write(0, Float32Array.of(1, NaN), new Float32Array(0))).toThrow('float16');
  writer.close();
});
