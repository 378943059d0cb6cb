import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tokenizerFiles } from '../../../src/data/tokenizer/files.ts';
import { loadTokenizer, type Tokenizer } from '../../../src/data/tokenizer/load.ts';
import { writeTokenizerFiles } from '../../../src/data/tokenizer/written.ts';
import { readVocabulary } from '../../../src/data/tokens/vocabulary.ts';
import { oddTexts } from '../../helpers/odd-texts.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { errorOf } from '../support.ts';

const root = mkdtempSync(join(tmpdir(), 'families-'));
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/tokenizers/${name}`, import.meta.url));
const model = fixture('mapped.model');
/** What a repository has of a large file before `git lfs pull`. */
const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
let folders = 0;

/** A folder with these files; of SentencePiece models the fixture's, whose pieces are <unk> 0, <s> 1, </s> 2, <pad> 3. */
function folderOf(content: Readonly<Record<string, unknown>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, value] of Object.entries(content)) {
    if (name.endsWith('.model') && value === model) copyFileSync(model, join(folder, name));
    else writeFileSync(join(folder, name), typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value));
  }
  return folder;
}

const open = (content: Readonly<Record<string, unknown>>): Promise<Tokenizer> => loadTokenizer(tokenizerFiles(folderOf(content)));

/** The files as a trained model's folder has them. */
function written(folder: string): string {
  const to = folderOf({ 'config.json': { model_type: 'kept' } });
  copyFileSync(join(folder, 'config.json'), join(to, 'config.json'));
  writeTokenizerFiles(to, tokenizerFiles(folder));
  return to;
}

describe('a SentencePiece model alone', () => {
  const pieces = 260;

  // What the slow tokenizers of Transformers 4 do with their ids; the ids inside are checked in sentencepiece.test.ts.
  it.each([
    ['deberta-v2', 'spm.model', { pad: pieces + 2, unknown: 0, around: [pieces, pieces + 1], shift: 0, last: '[MASK]' }],
    ['albert', 'spiece.model', { pad: 3, unknown: 0, around: [4, 5], shift: 0, last: '[MASK]' }],
    ['xlm-roberta', 'sentencepiece.bpe.model', { pad: 1, unknown: 3, around: [0, 2], shift: 1, last: '<mask>' }],
    ['camembert', 'sentencepiece.bpe.model', { pad: 1, unknown: 3, around: [5, 6], shift: 4, last: '<mask>' }],
  ] as const)('of %s', async (type, file, { pad, unknown, around, shift, last }) => {
    const folder = folderOf({ 'config.json': { model_type: type }, [file]: model });
    const tokenizer = await loadTokenizer(tokenizerFiles(folder));
    const plain = await open({ 'config.json': { model_type: 'albert' }, 'spiece.model': model });
    const [before, ...inner] = tokenizer.encode('the river 火', 99).ids;
    const after = inner.pop();
    const { tokens, size } = readVocabulary(tokenizerFiles(folder));
    if (type !== 'deberta-v2') expect([before, after]).toEqual(around);
    expect({ pad: tokenizer.padId, unknown: tokenizer.unknownId, last: tokens.get(size - 1) }).toEqual(
      type === 'deberta-v2' ? { pad: tokens.size - 2, unknown, last } : { pad, unknown, last },
    );
    expect(inner).toEqual(plain.encode('the river 火', 99).ids.slice(1, -1).map((id) => (id === 0 ? unknown : id + shift)));
    expect(inner).toContain(unknown);
    const { ids, types } = tokenizer.encodePair(['a', 'b'], 99, 'longest_first');
    const two = type === 'xlm-roberta' || type === 'camembert';
    expect(ids.filter((id) => id === after)).toHaveLength(two ? 3 : 2);
    expect(types.at(-1)).toBe(two ? 0 : 1);
    const copy = written(folder);
    const again = await loadTokenizer(tokenizerFiles(copy));
    for (const text of oddTexts(100)) expect(again.encode(text, 99)).toEqual(tokenizer.encode(text, 99));
    // For programs that read no such model: nearly the same.
    const near = await loadTokenizer({ 'tokenizer.json': join(copy, 'tokenizer.json') });
    for (const text of [' La RIVIÈRE  est\tlà ', '\ufb01re \u2460 \u00bd', 'e\u0301 火🔥 x', '#flood ##']) {
      expect(near.encode(text, 99)).toEqual(tokenizer.encode(text, 99));
    }
    const same = oddTexts(400).filter((text) => near.encode(text, 99).ids.join() === tokenizer.encode(text, 99).ids.join());
    expect(same.length).toBeGreaterThan(200);
  });

  it('finds no special token in a text, and those that somebody added', async () => {
    const base = { 'config.json': { model_type: 'xlm-roberta' }, 'sentencepiece.bpe.model': model };
    const plain = await open(base);
    expect(plain.encode('<s> </s> <mask> [CLS]', 99).ids.slice(1, -1).filter((id) => id < 3 || id === 261)).toEqual([]);
    const added = await open({
      ...base,
      'added_tokens.json': { '<mask>': 261, '[NEW]': 270 },
      'tokenizer_config.json': { additional_special_tokens: ['@user'] },
    });
    expect(added.encode('the[NEW]the @user<mask>', 99).ids).toEqual([
      0,
      ...plain.encode('the', 99).ids.slice(1, -1),
      270,
      ...plain.encode('the ', 99).ids.slice(1, -1),
      271,
      ...plain.encode('<mask>', 99).ids.slice(1, -1),
      2,
    ]);
  });

  it('has no id for two tokens, and may name its own pieces again', async () => {
    const base = { 'config.json': { model_type: 'deberta-v2' }, 'spm.model': model };
    const alone = await open(base);
    const same = await open({ ...base, 'added_tokens.json': { '[CLS]': 4, '[SEP]': 5, '<unk>': 0, '[MASK]': 261 } });
    expect(same.encode('the river', 99)).toEqual(alone.encode('the river', 99));
    const error = await errorOf(() => open({ ...base, 'added_tokens.json': { '[NEW]': 5 } }));
    expect([error.code, error.message]).toEqual([
      'data',
      expect.stringMatching(/added_tokens\.json cannot be used: "\[SEP\]" of the model and "\[NEW\]" have the same id, 5$/),
    ]);
    const shifted = { 'config.json': { model_type: 'xlm-roberta' }, 'sentencepiece.bpe.model': model };
    await expect(open({ ...shifted, 'added_tokens.json': { '[NEW]': 2 } })).rejects.toThrow('"</s>" of the model and "[NEW]"');
  });

  it('says where it has no pieces to put around texts', async () => {
    const spelled = readFileSync(fixture('spelled.model'));
    const tokenizer = await open({ 'config.json': { model_type: 'deberta-v2' }, 'spm.model': spelled });
    const { ids } = tokenizer.encode('a', 99);
    // As DebertaV2Tokenizer of Transformers 5.24 has them, behind 420 pieces.
    expect([ids.at(0), ids.at(-1)]).toEqual([420, 421]);
    expect(tokenizer.changes).toEqual(
      [['CLS', 420], ['SEP', 421]].map(([token, id]) =>
        expect.stringMatching(new RegExp(`spm\\.model has no piece \\[${token}\\], which is put around texts; it gets the id ${id} `)),
      ),
    );
    expect((await open({ 'config.json': { model_type: 'deberta-v2' }, 'spm.model': model })).changes).toEqual([]);
  });

  it('takes ALBERT’s texts as they are where its map puts them in small letters', async () => {
    const own = await open({ 'config.json': { model_type: 'albert' }, 'spiece.model': model });
    const told = { do_lower_case: true, keep_accents: false };
    const asTold = await open({ 'config.json': { model_type: 'albert' }, 'spiece.model': model, 'tokenizer_config.json': told });
    expect(own.encode('La RIVIÈRE é', 99).ids).not.toEqual(asTold.encode('La RIVIÈRE é', 99).ids);
    expect(asTold.encode('La RIVIÈRE é', 99).ids).toEqual(own.encode('la riviere e', 99).ids);
  });

  it.each([
    ['spm.model', 'no model', /spm\.model cannot be used: it is not a SentencePiece model/, {}],
    ['spm.model', POINTER, /spm\.model cannot be used: it is a Git LFS pointer;/, {}],
    ['spm.model', '{"error":"Entry not found"}', /spm\.model cannot be used: it is JSON, not a SentencePiece model/, {}],
    ['spm.model', '<!doctype html>', /spm\.model cannot be used: it is a web page, not a SentencePiece model/, {}],
    ['spm.model', '', /spm\.model cannot be used: it is empty/, {}],
    ['spm.model', model, /split_by_punct: true, which is not supported/, { split_by_punct: true }],
    ['spm.model', model, /has the class BertTokenizer, which reads no SentencePiece model/, { tokenizer_class: 'BertTokenizer' }],
  ])('%s is refused by name', async (name, content, reason, settings) => {
    const files = { 'config.json': { model_type: 'deberta-v2' }, [name]: content, 'tokenizer_config.json': settings };
    const error = await errorOf(() => open(files));
    expect([error.code, error.message]).toEqual(['data', expect.stringMatching(reason)]);
  });

  it('comes before a tokenizer.json, and says where they differ', async () => {
    const definition = { model: { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['a', -1]] }, padding: { pad_token: '<unk>' } };
    const base = { 'config.json': { model_type: 'xlm-roberta' }, 'sentencepiece.bpe.model': model };
    const [both, alone] = [await open({ ...base, 'tokenizer.json': definition }), await open(base)];
    expect(both.encode('the river', 99)).toEqual(alone.encode('the river', 99));
    expect([alone.changes, both.changes]).toEqual([
      [],
      [expect.stringMatching(/sentencepiece\.bpe\.model and tokenizer\.json give different ids, for example for "The quick brown/)],
    ]);
    const wordPiece = { model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0, a: 1 } }, padding: { pad_token: '[UNK]' } };
    const other = await open({ 'config.json': { model_type: 'bert' }, 'spiece.model': model, 'tokenizer.json': wordPiece });
    expect(other.encode('a', 9).ids).toEqual([1]);
    expect(other.changes).toEqual([expect.stringMatching(/spiece\.model is not used/)]);
  });
});

describe('a vocabulary alone', () => {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'fire', 'Fire', '##s', '火'];

  it('is BERT’s, with the settings of tokenizer_config.json', async () => {
    const base = { 'config.json': { model_type: 'bert' }, 'vocab.txt': `${words.join('\n')}\n` };
    const tokenizer = await open(base);
    expect(tokenizer.encode('Fires火[MASK] x', 99).ids).toEqual([2, 5, 7, 8, 4, 1, 3]);
    expect(tokenizer.encodePair(['fire', 'fire'], 99, 'longest_first')).toMatchObject({ ids: [2, 5, 3, 5, 3], types: [0, 0, 0, 1, 1] });
    expect(tokenizer.changes).toEqual([expect.stringMatching(/has words with capital letters, and no .* says do_lower_case/)]);
    const cased = await open({ ...base, 'tokenizer_config.json': { do_lower_case: false, sep_token: '[MASK]' } });
    expect(cased.encode('Fires', 99).ids).toEqual([2, 6, 7, 4]);
    expect(cased.changes).toEqual([]);
    expect((await open({ ...base, 'vocab.txt': words.join('\r\n') })).encode('fires', 99).ids).toEqual([2, 5, 7, 3]);
    expect((await open({ ...base, 'added_tokens.json': { '[NEW]': 9 } })).encode('fire[NEW]', 99).ids).toEqual([2, 5, 9, 3]);
    await expect(open({ ...base, 'added_tokens.json': { '[NEW]': -1 } })).rejects.toThrow(/"\[NEW\]" has the id -1/);
    await expect(open({ ...base, 'added_tokens.json': { '[NEW]': 5 } })).rejects.toThrow('"fire" of the model and "[NEW]" have the same');
    expect((await open({ ...base, 'added_tokens.json': { fire: 5 } })).encode('fire', 99).ids).toEqual([2, 5, 3]);
    await expect(open({ ...base, 'added_tokens.json': { a: 9, b: 9 } })).rejects.toThrow('"a" and "b" have the same id, 9');
  });

  it('is MPNet’s', async () => {
    const vocab = ['<s>', '<pad>', '</s>', '<unk>', '[UNK]', 'fire', '<mask>'].join('\n');
    const tokenizer = await open({ 'config.json': { model_type: 'mpnet' }, 'vocab.txt': vocab });
    expect(tokenizer.encode('fire x  <mask>', 99).ids).toEqual([0, 5, 4, 6, 2]);
    expect(tokenizer.encodePair(['fire', 'fire'], 99, 'longest_first').ids).toEqual([0, 5, 2, 2, 5, 2]);
    expect([tokenizer.padId, tokenizer.unknownId]).toEqual([1, 4]);
  });

  it('is RoBERTa’s with its merges, and gets a tokenizer.json with the model', async () => {
    const vocab = { '<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, f: 4, i: 5, fi: 6, 'Ġ': 7, 'Ġfi': 8, '<mask>': 9 };
    const base = { 'config.json': { model_type: 'roberta' }, 'vocab.json': vocab, 'merges.txt': '#version: 0.2\nf i\nĠ fi\n' };
    const folder = folderOf({ ...base, 'tokenizer_config.json': { add_prefix_space: true } });
    const tokenizer = await loadTokenizer(tokenizerFiles(folder));
    expect((await open(base)).encode('fi fif', 99).ids).toEqual([0, 6, 8, 4, 2]);
    expect(tokenizer.encode('fi fif', 99).ids).toEqual([0, 8, 8, 4, 2]);
    expect(tokenizer.encodePair(['f', 'i'], 99, 'longest_first').ids).toEqual([0, 7, 4, 2, 2, 7, 5, 2]);
    const to = written(folder);
    expect(readdirSync(to)).toContain('tokenizer.json');
    expect((await loadTokenizer({ 'tokenizer.json': join(to, 'tokenizer.json') })).encode('fi fif', 99).ids).toEqual([0, 8, 8, 4, 2]);
  });

  it.each([
    [{ 'vocab.txt': 'fire\n' }, /vocab\.txt cannot be used: it has no token \[CLS\]/],
    [{ 'vocab.txt': POINTER }, /vocab\.txt cannot be used: it is a Git LFS pointer;/],
    [{ 'tokenizer.json': POINTER }, /tokenizer\.json cannot be read: it is a Git LFS pointer;/],
    [{ 'tokenizer.json': '<html>' }, /tokenizer\.json cannot be read: it is a web page, not JSON/],
    [{ 'vocab.json': {} }, /vocab\.json cannot be used: there is no merges\.txt beside it/],
    [{ 'vocab.json': { a: 'b' }, 'merges.txt': '' }, /vocab\.json cannot be used: the id of "a" is "b"/],
    [{ 'vocab.json': { a: 1 }, 'merges.txt': 'a b\n' }, /merges\.txt cannot be used: line 1 has "b", which .*vocab\.json does not have/],
    [{ 'vocab.json': { a: 1 }, 'merges.txt': '#version\n\na\n' }, /merges\.txt cannot be used: line 3 is not two tokens/],
    [{}, /it has no tokenizer\.json, no SentencePiece model and no vocabulary/],
  ])('%j is refused by name', async (content, reason) => {
    const error = await errorOf(() => open({ 'config.json': { model_type: 'roberta' }, ...content }));
    expect([error.code, error.message]).toEqual(['data', expect.stringMatching(reason)]);
  });
});

describeShared('published vocabularies', ['models'], () => {
  it.each([
    ['all-MiniLM-L6-v2', ['vocab.txt']],
    ['bert-base-uncased-tokenizer', ['vocab.txt']],
    ['roberta-base-tokenizer', ['vocab.json', 'merges.txt']],
  ] as const)('%s has the ids of its tokenizer.json', { timeout: 30_000 }, async (name, names) => {
    const path = (file: string): string => sharedPath('models', name, file)!;
    const alone = await loadTokenizer(Object.fromEntries(names.map((file) => [file, path(file)])));
    const whole = await loadTokenizer({ 'tokenizer.json': path('tokenizer.json') });
    for (const text of oddTexts(600)) expect(alone.encode(text, 9999)).toEqual(whole.encode(text, 9999));
    expect([alone.padId, alone.unknownId]).toEqual([whole.padId, whole.unknownId]);
  });
});
