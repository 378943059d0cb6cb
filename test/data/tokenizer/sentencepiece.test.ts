import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer/load.ts';
import { readSentencePieceFile, type SentencePieceFile } from '../../../src/data/tokenizer/sentencepiece/file.ts';
import { sentencePieceEncoder } from '../../../src/data/tokenizer/sentencepiece/sentencepiece.ts';
import { digestOf, oddTexts } from '../../helpers/odd-texts.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';

// The models, and what sentencepiece 0.2.3 and tokenizers 0.23.3 make of texts: test/fixtures/tokenizers/make-sentencepiece.py.
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/tokenizers/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(fixture('sentencepiece.json'), 'utf8')) as {
  readonly sentencepiece: Readonly<Record<string, string>>;
  readonly tokenizer: { readonly model: object };
  readonly tokenizers: string;
};
const read = (name: string): SentencePieceFile => readSentencePieceFile(readFileSync(fixture(`${name}.model`)));
const folder = mkdtempSync(join(tmpdir(), 'sentencepiece-'));

/** Texts whose ids are not those of the reference. */
function different(encode: (text: string) => readonly number[], digests: string): readonly string[] {
  const wanted = digests.split(' ');
  expect(wanted).toHaveLength(400);
  return oddTexts(400).filter((text, i) => digestOf(encode(text)) !== wanted[i]);
}

describe('ids are those of sentencepiece', () => {
  it.each([
    ['with a character map, control pieces and user-defined ones', 'mapped'],
    ['with bytes for what is unknown', 'spelled'],
    ['with spaces kept, and behind words', 'spaced'],
  ])('%s', (_, name) => {
    expect(different(sentencePieceEncoder(read(name)), expected.sentencepiece[name]!)).toEqual([]);
  });

  it('takes the first of equally good ways, by scores in float32', () => {
    const piece = (text: string, score: number, type: 'normal' | 'unknown' = 'normal'): SentencePieceFile['pieces'][number] => ({
      bytes: new TextEncoder().encode(text),
      text,
      score: Math.fround(score),
      type,
    });
    const file: SentencePieceFile = {
      ...read('spelled'),
      addsSpace: false,
      byteFallback: false,
      unknownId: 0,
      pieces: [piece('<unk>', 0, 'unknown'), piece('a', -1), piece('b', -1), piece('ab', -2), piece('ba', -2), piece('bab', -3.0000001)],
    };
    const encode = sentencePieceEncoder(file);
    // "ab" is found before "b" is put behind "a"; both have -2.
    expect(encode('ab')).toEqual([3]);
    expect(encode('aba')).toEqual([1, 4]);
    // -3.0000001 is -3 in float32.
    expect(encode('bab')).toEqual([5]);
    expect(encode('a??b?')).toEqual([1, 0, 2, 0]);
  });

  it('counts long texts without losing digits', () => {
    const encode = sentencePieceEncoder(read('mapped'));
    const one = encode('the river rose over the road');
    expect(encode(Array.from({ length: 8000 }, () => 'the river rose over the road').join(' '))).toEqual(
      Array.from({ length: 8000 }, () => one).flat(),
    );
  });
});

it('a Unigram tokenizer.json has the ids of the Rust library, which applies the same character map by clusters', async () => {
  const path = join(folder, 'tokenizer.json');
  writeFileSync(path, JSON.stringify({ ...expected.tokenizer, padding: { pad_token: '<pad>' } }));
  const tokenizer = await loadTokenizer({ 'tokenizer.json': path });
  expect(different((text) => tokenizer.encode(text, Number.MAX_SAFE_INTEGER).ids, expected.tokenizers)).toEqual([]);
  const native = sentencePieceEncoder(read('mapped'));
  expect(oddTexts(400).filter((text) => native(text).join() !== tokenizer.encode(text, 9999).ids.join()).length).toBeGreaterThan(20);
});

describe('a SentencePiece model that is none', () => {
  const bytes = readFileSync(fixture('mapped.model'));

  it('is refused at whatever byte it ends', () => {
    let accepted = 0;
    for (let length = 0; length < bytes.length; length += 7) {
      try {
        sentencePieceEncoder(readSentencePieceFile(bytes.subarray(0, length)));
        accepted++;
      } catch (error) {
        expect((error as Error).constructor).toBe(Error);
      }
    }
    // Where it ends behind a piece it is a model of fewer pieces.
    expect(accepted).toBeLessThan(60);
  });

  it.each([
    ['of another type', [...unknown(), [1, [[1, 'a']]], [2, [[3, 2]]]], /a SentencePiece model of BPE/],
    ['without a piece for what is unknown', [[1, [[1, 'a']]]], /no unknown piece/],
    ['with a piece twice', [...unknown(), [1, [[1, 'a']]], [1, [[1, 'a']]]], /its piece 2, "a", is there twice/],
    ['with an empty piece', [...unknown(), [1, [[2, 0]]]], /its piece 1 is empty/],
    ['with bytes that it may not have', [...unknown(), [1, [[1, '<0x0A>'], [3, 6]]]], /"<0x0A>" is not a byte/],
    ['with a map that is none', [...unknown(), [1, [[1, 'a']]], [3, [[2, 'abcd']]]], /its character map of 4 bytes/],
  ] as readonly (readonly [string, Fields, RegExp])[])('%s', (_, fields, reason) => {
    expect(() => sentencePieceEncoder(readSentencePieceFile(message(fields)))).toThrow(reason);
  });
});

type Fields = readonly (readonly [field: number, value: number | string | Fields])[];

function unknown(): Fields {
  return [[1, [[1, '<unk>'], [3, 2]]]];
}

/** A protobuf message; numbers below 128 are varints, but for field 2 of a piece, which is a score. */
function message(fields: Fields): Buffer {
  return Buffer.concat(
    fields.map(([field, value]) => {
      if (typeof value === 'number' && field === 2) return Buffer.from([(field << 3) | 5, 0, 0, 0, 0]);
      if (typeof value === 'number') return Buffer.from([field << 3, value]);
      const inner = typeof value === 'string' ? Buffer.from(value) : message(value);
      return Buffer.concat([Buffer.from([(field << 3) | 2, inner.length]), inner]);
    }),
  );
}

interface Row {
  readonly i: number;
  readonly native: readonly number[];
  readonly [json: string]: unknown;
}

const rowsOf = <T>(...parts: readonly string[]): readonly T[] =>
  readFileSync(sharedPath(...parts)!, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as T);

const ORACLES = ['oracles2', 'tokenizers'] as const;

describeShared('reference tokenizers', ORACLES, () => {
  const texts = rowsOf<{ readonly text: string }>(...ORACLES, 'texts.jsonl').map(({ text }) => text);

  it.each(['unigram-nmt_nfkc', 'unigram-nmt_nfkc_cf', 'unigram-identity-bytes', 'deberta'])('%s has the ids of sentencepiece', (name) => {
    const encode = sentencePieceEncoder(readSentencePieceFile(readFileSync(sharedPath(...ORACLES, name, 'spm.model')!)));
    const rows = rowsOf<Row>(...ORACLES, `${name}.jsonl`);
    expect(rows).toHaveLength(250);
    for (const { i, native } of rows) expect(encode(texts[i]!), texts[i]).toEqual(native);
  });

  it.each([
    ['unigram-nmt_nfkc', 'xlm-roberta', 'xlm-roberta'],
    ['unigram-nmt_nfkc_cf', 'albert', 'albert'],
    ['unigram-identity-bytes', 'tokenizer', 'plain'],
    ['bpe-nmt_nfkc', 'tokenizer', 'plain'],
    ['deberta', 'deberta-v2', 'deberta-v2'],
    ['deberta', 'deberta-v2-charsmap', 'deberta-v2-charsmap'],
  ])('%s/%s.json has the ids of the Rust library', async (name, file, key) => {
    const definition = JSON.parse(readFileSync(sharedPath(...ORACLES, name, `${file}.json`)!, 'utf8')) as object;
    const path = join(folder, 'tokenizer.json');
    // Two of them have no padding token.
    writeFileSync(path, JSON.stringify(key === 'plain' ? { ...definition, padding: { pad_token: '<unk>' } } : definition));
    const tokenizer = await loadTokenizer({ 'tokenizer.json': path });
    for (const row of rowsOf<Row>(...ORACLES, `${name}.jsonl`)) {
      expect(tokenizer.encode(texts[row.i]!, 9999).ids, texts[row.i]).toEqual(row[key]);
    }
  });
});
