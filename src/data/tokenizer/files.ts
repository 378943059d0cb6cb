import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The forms that tokenizers come in: the names of the files that each needs. One of them is enough. */
export const TOKENIZER_FORMS: readonly (readonly string[])[] = [
  ['tokenizer.json'],
  ['spm.model'],
  ['sentencepiece.bpe.model'],
  ['spiece.model'],
  ['vocab.txt'],
  ['vocab.json', 'merges.txt'],
];

/** Names of SentencePiece models. */
export const SENTENCEPIECE_FILES: readonly string[] = TOKENIZER_FORMS.flat().filter((name) => name.endsWith('.model'));

/** All files that say something of how a model's texts become ids. */
export const TOKENIZER_FILES: readonly string[] = [
  ...TOKENIZER_FORMS.flat(),
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];

/** What tokenizer.json does not say by itself. */
const BESIDE_DEFINITION: readonly string[] = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'];

/**
 * The tokenizer's files of a model directory: paths by their names. `config.json` is among them where the kind of model decides what the
 * others mean.
 */
export function tokenizerFiles(folder: string): Readonly<Record<string, string>> {
  const has = (name: string): boolean => existsSync(join(folder, name));
  const isWhole = has('tokenizer.json') && !SENTENCEPIECE_FILES.some(has);
  const names = isWhole ? BESIDE_DEFINITION : [...TOKENIZER_FILES, 'config.json'];
  return Object.fromEntries(names.filter(has).map((name) => [name, join(folder, name)]));
}

/** Whether a directory's files are a tokenizer. */
export function hasTokenizer(folder: string): boolean {
  return formIn(folder) !== undefined;
}

/** The files of the first form of a tokenizer that a directory has as a whole. */
export function formIn(folder: string): readonly string[] | undefined {
  return TOKENIZER_FORMS.find((names) => names.every((name) => existsSync(join(folder, name))));
}

/** The file by which a model directory that was written with these tokenizer files has a tokenizer. */
export function writtenForm(names: readonly string[]): string {
  return SENTENCEPIECE_FILES.find((name) => names.includes(name)) ?? 'tokenizer.json';
}
