import { ok, strictEqual } from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { loadTokenizer } from '../../src/data/tokenizer/load.ts';
import { writeTokenizerFiles } from '../../src/data/tokenizer/written.ts';
import { tokenize } from '../../src/data/tokens/tokens.ts';
import { readVocabulary } from '../../src/data/tokens/vocabulary.ts';
import type { Reader } from './fuzz.ts';
import { written } from './written.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tokenizers/${name}`, import.meta.url));

/** Tokenizers in the forms that they have besides a WordPiece tokenizer.json. */
export function tokenizerReaders(folder: string): readonly Reader[] {
  const { tokenizer: unigram } = JSON.parse(readFileSync(fixture('sentencepiece.json'), 'utf8')) as { readonly tokenizer: object };
  const models = ['mapped.model', 'spelled.model', 'spaced.model'].map((name) => readFileSync(fixture(name)));
  const pieces = ['<s>', '<pad>', '</s>', '<unk>', '<mask>', 'Ġ', 'f', 'i', 'fi', 'Ġfi', 'r'];
  const vocabulary = Buffer.from(JSON.stringify(Object.fromEntries(pieces.map((word, id) => [word, id]))));
  const words = Buffer.from('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfire\n##s\nin\nthe\na\n');
  const added = Buffer.from(JSON.stringify({ Fires: 300, '[NEW]': 400, x: 299 }));
  const merges = Buffer.from('#version: 0.2\nf i\nĠ fi\n');
  return [
    reader(folder, 'spm.model', 'bytes', 'deberta-v2', models),
    reader(folder, 'tokenizer.json', 'json', 'xlm-roberta', [Buffer.from(JSON.stringify({ ...unigram, padding: { pad_token: '<pad>' } }))]),
    reader(folder, 'vocab.txt', 'lines', 'bert', [words]),
    reader(folder, 'added_tokens.json', 'json', 'xlm-roberta', [added], { 'sentencepiece.bpe.model': models[0]! }),
    reader(folder, 'added_tokens.json', 'json', 'bert', [added], { 'vocab.txt': words }),
    reader(folder, 'merges.txt', 'lines', 'roberta', [merges], { 'vocab.json': vocabulary }),
    reader(folder, 'vocab.json', 'json', 'roberta', [vocabulary], { 'merges.txt': merges }),
  ];
}

const TEXTS = ['Fires in the 🔥', '', '[CLS] fire <s>', 'a'.repeat(300), ['fi', 'ﬁ ① ½']] as const;

/**
 * A tokenizer in the folder of a model: one that is accepted has ids that are numbers of its vocabulary, not more than asked for, and
 * the same ones from the files that a trained model gets.
 */
function reader(
  root: string,
  name: string,
  syntax: Reader['syntax'],
  modelType: string,
  seeds: readonly Buffer[],
  others: Readonly<Record<string, Buffer>> = {},
): Reader {
  const [folder, copy] = [join(root, modelType, name), join(root, modelType, `${name}-copy`)];
  mkdirSync(folder, { recursive: true });
  written(join(folder, 'config.json'), Buffer.from(JSON.stringify({ model_type: modelType })));
  for (const [other, bytes] of Object.entries(others)) written(join(folder, other), bytes);
  const path = join(folder, name);
  return {
    name: `${modelType}’s ${name}`,
    syntax,
    seeds,
    file: folder,
    async read(bytes) {
      written(path, bytes);
      const tokenizer = await loadTokenizer(tokenizerFiles(folder));
      const { size } = readVocabulary(tokenizerFiles(folder));
      const texts = TEXTS.filter((text) => typeof text === 'string' || tokenizer.specialTokensOfPair !== undefined);
      const set = tokenize(tokenizer, texts, 24);
      ok(set.ids.every((id) => id >= 0 && id < size));
      ok(texts.every((_, row) => set.row(row).length <= 24));
      rmSync(copy, { recursive: true, force: true });
      mkdirSync(copy);
      copyFileSync(join(folder, 'config.json'), join(copy, 'config.json'));
      writeTokenizerFiles(copy, tokenizerFiles(folder));
      strictEqual(tokenize(await loadTokenizer(tokenizerFiles(copy)), texts, 24).ids.join(), set.ids.join());
    },
  };
}
