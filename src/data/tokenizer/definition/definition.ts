import { readJsonObject } from '../../../core/inputs.ts';
import { count, isObject, list, nullable, object, optional, primitive } from '../../../core/shapes.ts';
import { unusable } from '../problems.ts';
import type { AddedToken } from './added-tokens.ts';

/** A normalizer, a pre-tokenizer or the like of a tokenizer.json, with settings of its own. */
export interface Part {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** What is read of a tokenizer.json. */
export interface Definition {
  readonly version?: string;
  readonly truncation?: unknown;
  readonly added_tokens?: readonly AddedToken[];
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly post_processor: Part | null;
  readonly decoder?: Part | null;
  readonly model: Readonly<Record<string, unknown>> & { readonly type?: string };
  readonly padding?: { readonly pad_token?: unknown } | null;
}

/** What is read of a tokenizer_config.json. */
export interface Settings {
  readonly tokenizer_class?: unknown;
  readonly do_lower_case?: unknown;
  readonly strip_accents?: unknown;
  readonly tokenize_chinese_chars?: unknown;
  readonly add_prefix_space?: unknown;
  readonly split_special_tokens?: unknown;
  readonly truncation_side?: unknown;
  readonly pad_token?: unknown;
  /** Of DeBERTa-v2. */
  readonly split_by_punct?: unknown;
  /** Of ALBERT. */
  readonly keep_accents?: unknown;
  readonly [key: string]: unknown;
}

/** A tokenizer as its two files describe it together. */
export interface Description {
  readonly path: string;
  readonly definition: Definition;
  readonly settings: Settings;
}

/** Reads a tokenizer.json. Throws a `data` error that names the file. */
export function readDefinition(path: string): Definition {
  const definition = readJsonObject(path);
  const wrong = shape(definition, '');
  if (wrong !== undefined) throw unusable(path, wrong);
  return definition as unknown as Definition; // the shape says so
}

/** The words that a model knows, with what its file gives as their ids; those of a Unigram model are numbered as they stand. */
export function wordsOf({ vocab }: Definition['model']): readonly (readonly [word: string, id: unknown])[] {
  const textOf = (piece: unknown): string => (Array.isArray(piece) && typeof piece[0] === 'string' ? piece[0] : '');
  if (Array.isArray(vocab)) return vocab.map((piece: unknown, id) => [textOf(piece), id] as const);
  return Object.entries(isObject(vocab) ? vocab : {});
}

/** A token of a configuration, which is a text or an object that holds it. */
export function tokenText(token: unknown): string | undefined {
  const text = isObject(token) ? token['content'] : token;
  return typeof text === 'string' ? text : undefined;
}

const part = (value: unknown, place: string): string | undefined => partShape(value, place);

/** Parts are made of parts. */
const partShape = object({
  type: primitive('the name of a part', (value) => typeof value === 'string'),
  normalizers: optional(list(part)),
  pretokenizers: optional(list(part)),
  processors: optional(list(part)),
});

/** An empty token would be found everywhere. */
const content = primitive('a text with letters', (value) => typeof value === 'string' && value !== '');

const shape = object({
  added_tokens: optional(nullable(list(object({ id: count, content })))),
  normalizer: optional(nullable(partShape)),
  pre_tokenizer: optional(nullable(partShape)),
  post_processor: optional(nullable(partShape)),
  model: object({ type: optional(primitive('the name of a model', (value) => typeof value === 'string')) }),
});
