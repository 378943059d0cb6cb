import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeTexts } from '../../../src/data/tokens/encode-texts.ts';
import { loadTokenizer, type EncodedPair } from '../../../src/data/tokenizer/load.ts';
import type { Truncation } from '../../../src/data/tokenizer/definition/truncation.ts';
import { loadTokens, saveTokens, tokenize } from '../../../src/data/tokens/tokens.ts';
import type { Text } from '../../../src/data/texts/index.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { tinyTokenizer } from '../../helpers/tiny-tokenizer.ts';
import { errorOf } from '../support.ts';

const folder = mkdtempSync(join(tmpdir(), 'pairs-'));
const { post_processor: single } = tinyTokenizer;
const special = (id: string, type: number): object => ({ SpecialToken: { id, type_id: type } });
const sequence = (id: string, type: number): object => ({ Sequence: { id, type_id: type } });
const pair = [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)];

function files(definition: object): { readonly 'tokenizer.json': string } {
  const path = join(folder, 'tokenizer.json');
  writeFileSync(path, JSON.stringify(definition));
  return { 'tokenizer.json': path };
}

const withPairs = files({ ...tinyTokenizer, post_processor: { ...single, pair } });

describe('two texts', () => {
  it('are put into the template of the model, with types', async () => {
    const tokenizer = await loadTokenizer(withPairs);
    expect(tokenizer.specialTokensOfPair).toBe(3);
    const encoded: EncodedPair = { ids: [2, 4, 3, 7, 4, 3], types: [0, 0, 0, 1, 1, 1], truncated: false, unknown: 0 };
    expect(tokenizer.encodePair(['fire', 'the fire'], 9, 'longest_first')).toEqual(encoded);
  });

  // a = fire, the; b = 7: the. Expected as the Rust library cuts: of an odd rest the longer text has more, of equal ones the second.
  it.each([
    [['fire '.repeat(5), 'the '.repeat(2)], 8, 'longest_first', [3, 2]],
    [['fire '.repeat(2), 'the '.repeat(5)], 8, 'longest_first', [2, 3]],
    [['fire '.repeat(4), 'the '.repeat(4)], 8, 'longest_first', [2, 3]],
    [['fire '.repeat(5), 'the '.repeat(4)], 8, 'longest_first', [3, 2]],
    [['fire '.repeat(5), 'the '.repeat(2)], 8, 'only_first', [3, 2]],
    [['fire '.repeat(2), 'the '.repeat(5)], 8, 'only_second', [2, 3]],
    [['', 'the '.repeat(9)], 8, 'longest_first', [0, 5]],
  ] as readonly (readonly [readonly [string, string], number, Truncation, readonly number[]])[])(
    '%j in %i tokens, %s',
    async (texts, maxLength, truncation, kept) => {
      const { ids, types, truncated } = (await loadTokenizer(withPairs)).encodePair(texts, maxLength, truncation);
      expect([ids.filter((id) => id === 4).length, ids.filter((id) => id === 7).length]).toEqual(kept);
      expect([ids.length, types.length, truncated]).toEqual([maxLength, maxLength, true]);
    },
  );

  it('are refused where the other text alone is too long, by their row', async () => {
    const tokenizer = await loadTokenizer(withPairs);
    const texts: readonly Text[] = [['fire', 'the'], ['fire', 'the '.repeat(5)]];
    const error = await errorOf(() => tokenize(tokenizer, texts, 8, { truncation: 'only_first' }));
    expect([error.code, error.message]).toEqual([
      'data',
      'row 2 cannot be tokenized: the second text is too long: it leaves no token of 5 to the first one',
    ]);
    expect(error.problems).toEqual([{ message: 'the second text is too long: it leaves no token of 5 to the first one', row: 2 }]);
    expect((await errorOf(() => tokenize(tokenizer, texts, 3))).message).toMatch(/leaves no room for text/);
  });

  it('are refused where the tokenizer has no template for them', async () => {
    const tokenizer = await loadTokenizer(files(tinyTokenizer));
    expect(tokenizer.specialTokensOfPair).toBeUndefined();
    expect((await errorOf(() => tokenizer.encodePair(['a', 'a'], 9, 'longest_first'))).message).toMatch(/it has no place for a second text/);
    files({ ...tinyTokenizer, post_processor: { ...single, pair } });
  });

  it('are the same in threads and in files', { timeout: 30_000 }, async () => {
    const tokenizer = await loadTokenizer(withPairs);
    const textOf = (i: number): Text => (i % 3 === 0 ? 'in the' : ['fire '.repeat(i % 7), 'the '.repeat(i % 5)]);
    const texts = Array.from({ length: 20_500 }, (_, i) => textOf(i));
    const expected = tokenize(tokenizer, texts, 9);
    expect(expected.types).toHaveLength(expected.ids.length);
    const path = join(folder, 'train.tokens');
    saveTokens(path, await encodeTexts(tokenizer, texts, 9, { threads: 2 }));
    expect({ ...loadTokens(path), row: 0 }).toEqual({ ...expected, row: 0 });
    const error = await errorOf(() => encodeTexts(tokenizer, texts, 6, { threads: 2, truncation: 'only_second' }));
    expect(error.message).toBe('row 5 cannot be tokenized: the first text is too long: it leaves no token of 3 to the second one');
  });
});

interface Cut {
  readonly max_length: number;
  readonly strategy: Truncation;
  readonly ids?: readonly number[];
  readonly types?: readonly number[];
  readonly error?: string;
}

interface Row {
  readonly tokenizer: string;
  readonly pair: number;
  readonly full: { readonly ids: readonly number[]; readonly types: readonly number[] };
  readonly truncated: readonly Cut[];
}

describeShared('pairs of the Rust library', ['oracles2', 'tokenizers', 'pairs.jsonl'], () => {
  it('have the same ids and types, and the same are refused', async () => {
    const { tokenizers, pairs } = sharedJson<{
      readonly tokenizers: Readonly<Record<string, string>>;
      readonly pairs: readonly { readonly a: string; readonly b: string }[];
    }>('oracles2', 'tokenizers', 'pairs.json');
    const lines = readFileSync(sharedPath('oracles2', 'tokenizers', 'pairs.jsonl')!, 'utf8').trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as Row);
    for (const [name, place] of Object.entries(tokenizers)) {
      const path = sharedPath(...(place.startsWith('models/') ? [] : ['oracles2']), ...place.split('/'));
      if (path === undefined) continue;
      const tokenizer = await loadTokenizer({ 'tokenizer.json': path });
      for (const row of rows.filter((each) => each.tokenizer === name)) {
        const { a, b } = pairs[row.pair]!;
        expect(tokenizer.encodePair([a, b], 9999, 'longest_first')).toMatchObject(row.full);
        for (const { max_length: maxLength, strategy, ids, types, error } of row.truncated) {
          if (error !== undefined) expect(() => tokenizer.encodePair([a, b], maxLength, strategy)).toThrow(/too long/);
          else expect(tokenizer.encodePair([a, b], maxLength, strategy)).toMatchObject({ ids, types });
        }
      }
    }
    expect(rows.length).toBeGreaterThan(100);
  });
});
