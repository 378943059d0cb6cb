import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer, loadTokens, saveTokens, tokenize, tokenLengths, type Tokenizer } from '../../../src/data/tokens/tokens.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { tinyTokenizer as definition } from '../../helpers/tiny-tokenizer.ts';
import { errorOf } from '../support.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokens-'));

const write = (name: string, value: unknown): string => {
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  return join(folder, name);
};

const small = (): Promise<Tokenizer> => loadTokenizer({ 'tokenizer.json': write('tokenizer.json', definition) });

describe('a tokenizer', () => {
  it('puts its special tokens around a text', async () => {
    const tokenizer = await small();
    expect([tokenizer.padId, tokenizer.specialTokens]).toEqual([0, 2]);
    expect(tokenizer.encode('Fires in the 🔥', 10)).toEqual({ ids: [2, 4, 5, 6, 7, 1, 3], truncated: false, unknown: 1 });
    expect(tokenizer.encode('', 10)).toEqual({ ids: [2, 3], truncated: false, unknown: 0 });
  });

  it('cuts at the end and keeps its own last special token, not one of the text', async () => {
    const tokenizer = await small();
    expect(tokenizer.encode('fires in the', 6)).toEqual({ ids: [2, 4, 5, 6, 7, 3], truncated: false, unknown: 0 });
    expect(tokenizer.encode('fires in the', 5)).toEqual({ ids: [2, 4, 5, 6, 3], truncated: true, unknown: 0 });
    expect(tokenizer.encode('fire [SEP] 🔥 in', 4)).toEqual({ ids: [2, 4, 3, 3], truncated: true, unknown: 0 });
  });

  it('takes the padding token from the configuration first', async () => {
    const files = {
      'tokenizer.json': write('tokenizer.json', definition),
      'tokenizer_config.json': write('tokenizer_config.json', { pad_token: { content: '[SEP]' } }),
    };
    expect((await loadTokenizer(files)).padId).toBe(3);
  });

  it('is refused where it cannot be used', async () => {
    const { '[PAD]': _, ...vocab } = definition.model.vocab;
    const withoutPadding = { ...definition, added_tokens: definition.added_tokens.slice(1), model: { ...definition.model, vocab } };
    for (const [content, reason] of [
      ['not json', /is not JSON/],
      ['[1]', /.+/],
      [{ model: {} }, /.+/],
      [{ ...definition, model: { type: 'Unheard' } }, /Unheard/],
      [withoutPadding, /no padding token/],
      [{ ...definition, added_tokens: [{ id: 0, content: { length: 1e9 } }] }, /added_tokens\[0\]\.content is an object, not a text/],
      [{ ...definition, added_tokens: [{ id: 0, content: '' }] }, /added_tokens\[0\]\.content is "", not a text/],
    ] as const) {
      const error = await errorOf(() => loadTokenizer({ 'tokenizer.json': write('other.json', content) }));
      expect(error.code).toBe('data');
      expect(error.message).toMatch(reason);
    }
    expect((await errorOf(() => loadTokenizer({}))).message).toMatch(/no tokenizer.json/);
    expect((await errorOf(() => loadTokenizer({ 'tokenizer.json': join(folder, 'none.json') }))).code).toBe('data');
  });
});

describe('tokenize', () => {
  it('lays the rows end to end and counts what was cut or unknown', async () => {
    const texts = ['fire', '', '🔥 fire', 'the fire in the fires'];
    const heard: number[] = [];
    const tokens = tokenize(await small(), texts, 5, { onProgress: (done) => heard.push(done) });
    expect([...tokens.offsets]).toEqual([0, 3, 5, 9, 14]);
    expect(texts.map((_, row) => [...tokens.row(row)])).toEqual([[2, 4, 3], [2, 3], [2, 1, 4, 3], [2, 7, 4, 6, 3]]);
    expect([...tokenLengths(tokens)]).toEqual([3, 2, 4, 5]);
    expect([tokens.truncated, tokens.unknown, tokens.padId]).toEqual([1, 1, 0]);
    expect(heard).toEqual([0, 4]);
  });

  it('holds more ids than it first made room for', async () => {
    const text = 'fire '.repeat(3000);
    const tokens = tokenize(await small(), [text, 'a', text], 4000);
    expect(tokens.ids).toHaveLength(2 * 3002 + 3);
    expect([...tokens.row(1)]).toEqual([2, 8, 3]);
    expect(tokens.row(2).every((id, i) => id === (i === 0 ? 2 : i === 3001 ? 3 : 4))).toBe(true);
  });

  it('stops when the listener throws', async () => {
    const tokenizer = await small();
    expect(() =>
      tokenize(tokenizer, Array.from({ length: 1000 }, () => 'a'), 8, {
        onProgress: (done) => {
          if (done > 300) throw new Error('stopped');
        },
      }),
    ).toThrow('stopped');
  });

  it('needs room beside the special tokens', async () => {
    const tokenizer = await small();
    const error = await errorOf(() => tokenize(tokenizer, ['a'], 2));
    expect([error.code, error.subject]).toEqual(['config', 'model.max_seq_length']);
    expect(tokenize(tokenizer, ['fire in'], 3).ids).toEqual(Int32Array.of(2, 4, 3));
  });
});

describe('token files', () => {
  const path = join(folder, 'train.tokens');

  it('give back what was saved', async () => {
    const tokens = tokenize(await small(), ['fire', '', '🔥 fires in the'], 5);
    saveTokens(path, tokens);
    const loaded = loadTokens(path);
    expect({ ...loaded, row: 0 }).toEqual({ ...tokens, row: 0 });
    expect([...loaded.row(2)]).toEqual([...tokens.row(2)]);
    saveTokens(path, tokenize(await small(), [], 5));
    expect(loadTokens(path).offsets).toEqual(Int32Array.of(0));
  });

  it('are refused at any length but the right one, and where a byte of the header or the offsets is wrong', async () => {
    saveTokens(path, tokenize(await small(), ['fire', 'in the', 'a'], 8));
    const bytes = readFileSync(path);
    const refused = async (content: Uint8Array): Promise<void> => {
      writeFileSync(path, content);
      expect((await errorOf(() => loadTokens(path))).code).toBe('data');
    };
    for (let length = 0; length < bytes.length; length++) await refused(bytes.subarray(0, length));
    await refused(Buffer.concat([bytes, Buffer.of(0)]));
    // Magic, version, rows, ids; then the offsets, which follow seven words of header.
    for (const position of [0, 4, 8, 12, 28, 32, 36, 40]) await refused(bytes.map((byte, i) => (i === position ? byte ^ 0xff : byte)));
    // The first row would begin at its second id, and all offsets ascend.
    await refused(bytes.map((byte, i) => (i === 28 ? 1 : byte)));
    expect((await errorOf(() => loadTokens(join(folder, 'none')))).code).toBe('data');
  });
});

for (const model of ['bert-base-uncased', 'roberta-base']) {
  describeShared(`token ids of ${model}`, ['oracles', 'tokenization'], () => {
    interface Reference {
      readonly text: string;
      readonly ids: readonly number[];
      readonly ids16: readonly number[];
    }
    const files = Object.fromEntries(
      ['tokenizer.json', 'tokenizer_config.json'].flatMap((name) => {
        const path = sharedPath('models', `${model}-tokenizer`, name);
        return path === undefined ? [] : [[name, path]];
      }),
    );

    it('equal those of the Rust tokenizers on every line', async () => {
      const tokenizer = await loadTokenizer(files);
      const lines = readFileSync(sharedPath('oracles', 'tokenization', `${model}.jsonl`)!, 'utf8').trimEnd().split('\n');
      expect(lines).toHaveLength(316);
      const references = lines.map((line) => JSON.parse(line) as Reference);
      const texts = references.map(({ text }) => text);
      const [long, short] = [tokenize(tokenizer, texts, 169), tokenize(tokenizer, texts, 16)];
      references.forEach(({ text, ids, ids16 }, row) => {
        expect([...long.row(row)], text).toEqual(ids);
        expect([...short.row(row)], text).toEqual(ids16);
      });
      expect(short.truncated).toBeGreaterThan(references.filter(({ ids }) => ids.length > 16).length - 1);
      expect(tokenizer.padId).toBe(model === 'roberta-base' ? 1 : 0);
    });
  });
}
