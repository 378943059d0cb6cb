import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer/load.ts';
import { writeTokenizerFiles } from '../../../src/data/tokenizer/written.ts';
import { tinyTokenizer } from '../../helpers/tiny-tokenizer.ts';
import { errorOf } from '../support.ts';

const root = mkdtempSync(join(tmpdir(), 'settings-'));
let folders = 0;

type Files = Readonly<Record<string, string>>;

const vocab = Object.fromEntries(
  ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'fire', 'Fire', 'é', 'e', '火', '##火', ' ', 'Ġfire', 'a'].map((token, id) => [token, id]),
);
const cased = { ...tinyTokenizer, model: { ...tinyTokenizer.model, vocab } };
const bytes = {
  ...cased,
  added_tokens: cased.added_tokens,
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
};

function files(definition: object, settings?: object): Files {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  const write = (name: string, value: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(value));
    return join(folder, name);
  };
  return {
    'tokenizer.json': write('tokenizer.json', definition),
    ...(settings === undefined ? {} : { 'tokenizer_config.json': write('tokenizer_config.json', settings) }),
  };
}

const idsOf = async (from: Files, text: string, maxLength = 64): Promise<readonly number[]> =>
  (await loadTokenizer(from)).encode(text, maxLength).ids.slice(1, -1);

const json = (path: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;

/** The files as a fold's folder gets them. */
function written(from: Files): Files {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  writeTokenizerFiles(folder, from);
  return { 'tokenizer.json': join(folder, 'tokenizer.json'), 'tokenizer_config.json': join(folder, 'tokenizer_config.json') };
}

describe('tokenizer_config.json against tokenizer.json', () => {
  const bert = { tokenizer_class: 'BertTokenizer' };

  // What Transformers 5.24 does with the same files.
  it.each([
    ['nothing', bert, 'Fire é 火火', [4, 7, 8, 8]],
    ['do_lower_case', { ...bert, do_lower_case: false }, 'Fire é 火火', [5, 6, 8, 8]],
    ['strip_accents', { ...bert, strip_accents: false }, 'Fire é 火火', [4, 6, 8, 8]],
    ['tokenize_chinese_chars', { ...bert, tokenize_chinese_chars: false }, 'Fire é 火火', [4, 7, 8, 9]],
    ['do_lower_case without a class', { do_lower_case: false }, 'Fire', [5]],
    [
      'do_lower_case of a class that reads tokenizer.json alone',
      { tokenizer_class: 'PreTrainedTokenizerFast', do_lower_case: false },
      'Fire',
      [4],
    ],
    ['a token of its own', { ...bert, additional_special_tokens: ['[X]'] }, 'fire[X]', [4, 13]],
    ['split_special_tokens', { ...bert, split_special_tokens: true }, '[SEP]fire', [1, 1, 1, 4]],
  ])('%s', async (_, settings, text, ids) => {
    const from = files(cased, settings);
    expect(await idsOf(from, text)).toEqual(ids);
    const again = written(from);
    expect(await idsOf(again, text)).toEqual(ids);
    // Programs that read tokenizer.json alone, but for a setting that it has no words for.
    if (!('split_special_tokens' in settings)) expect(await idsOf({ 'tokenizer.json': again['tokenizer.json']! }, text)).toEqual(ids);
  });

  it('add_prefix_space, of a byte-level tokenizer', async () => {
    expect(await idsOf(files(bytes, { tokenizer_class: 'RobertaTokenizer' }), 'fire')).toEqual([4]);
    const from = files(bytes, { tokenizer_class: 'RobertaTokenizer', add_prefix_space: true });
    expect(await idsOf(from, 'fire')).toEqual([11]);
    expect(await idsOf({ 'tokenizer.json': written(from)['tokenizer.json']! }, 'fire')).toEqual([11]);
  });

  it('cuts at the side that it names', async () => {
    expect(await idsOf(files(cased, { ...bert, truncation_side: 'left' }), 'a a fire é', 4)).toEqual([4, 7]);
  });

  it('is told what it overrules', async () => {
    const { changes } = await loadTokenizer(files(cased, { ...bert, do_lower_case: false }));
    expect(changes).toEqual([
      'tokenizer_config.json has do_lower_case: false and tokenizer.json lowercase: true; the former holds, as in Transformers',
    ]);
    expect((await loadTokenizer(files(cased, { ...bert, do_lower_case: true }))).changes).toEqual([]);
  });

  it('gets what it leaves to a default that is another one', () => {
    const from = files({ ...cased, normalizer: { ...cased.normalizer, lowercase: false } }, { ...bert, padding_side: 'left' });
    const again = written(from);
    expect(json(again['tokenizer_config.json']!)).toEqual({ ...bert, do_lower_case: false, padding_side: 'right' });
    expect(readFileSync(again['tokenizer.json']!)).toEqual(readFileSync(from['tokenizer.json']!));
  });

  it('is copied to the byte where both agree', () => {
    const from = files(cased, { ...bert, do_lower_case: true, strip_accents: null });
    for (const [name, path] of Object.entries(written(from))) expect(readFileSync(path)).toEqual(readFileSync(from[name]!));
  });
});

describe('a tokenizer that cannot be used', () => {
  it.each([
    [{ ...cased, model: { type: 'Unigram', unk_id: 0, vocab: [['a']] } }, /its piece 0 is not a text with a score/],
    [{ ...cased, model: { unk_id: 1, vocab: [['a', 0]] } }, /the id of its unknown piece is 1, and it has 1 pieces/],
    [{ ...cased, normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }, /its character map of 3 bytes/],
    [{ ...cased, normalizer: { type: 'Shuffled' } }, /its normalizer Shuffled is not known/],
    [{ ...cased, post_processor: { type: 'Shuffled' } }, /its post-processor Shuffled is not known/],
    [{ ...cased, normalizer: { type: 'Sequence', normalizers: [{}] } }, /normalizer\.normalizers\[0\]\.type is missing/],
    [
      { ...cased, pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'Shuffled' } },
      /the behavior "Shuffled", which is not known/,
    ],
    [
      { ...cased, pre_tokenizer: { type: 'Split', pattern: 'x', behavior: 'Removed' } },
      /its pattern "x" is neither a text nor a regular expression/,
    ],
    [{ ...cased, pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Removed' } }, /Invalid regular expression/],
  ])('says why %#', async (definition, reason) => {
    const error = await errorOf(() => loadTokenizer(files(definition)));
    expect([error.code, error.message]).toEqual(['data', expect.stringMatching(reason)]);
  });
});

it('a word that is a token by itself alone is none inside a text', async () => {
  const added = { id: 13, content: 'ire', special: false, single_word: true, lstrip: false, rstrip: false, normalized: false };
  const from = files({ ...cased, added_tokens: [...cased.added_tokens, added] });
  expect(await idsOf(from, 'fire ire')).toEqual([4, 13]);
});
