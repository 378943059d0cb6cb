import { OrtrainError, type Problem } from '../core/errors.ts';
import { readJsonObject } from '../core/inputs.ts';
import { cut, isObject } from '../core/shapes.ts';
import { plural } from '../core/text.ts';
import type { TokenSet } from './tokens.ts';

/** The tokens that a tokenizer's files name, those that were added to them included. */
export interface Vocabulary {
  /** One more than the largest id. */
  readonly size: number;
  /** Tokens by id. */
  readonly tokens: ReadonlyMap<number, string>;
}

/** The vocabulary of a tokenizer's files, by their names. */
export function readVocabulary(files: Readonly<Record<string, string>>): Vocabulary {
  const [definition = {}, config = {}] = ['tokenizer.json', 'tokenizer_config.json'].map((name) => (files[name] === undefined ? {} : readJsonObject(files[name])));
  const tokens = new Map<number, string>();
  let size = 0;
  const add = (id: unknown, token: unknown): void => {
    if (!Number.isSafeInteger(id) || Number(id) < 0) return;
    tokens.set(Number(id), String(token));
    size = Math.max(size, Number(id) + 1);
  };
  const model = isObject(definition['model']) ? definition['model'] : {};
  const { vocab } = model;
  if (Array.isArray(vocab)) vocab.forEach((piece: unknown, id) => add(id, Array.isArray(piece) ? piece[0] : piece));
  else if (isObject(vocab)) for (const [token, id] of Object.entries(vocab)) add(id, token);
  const words = new Set(tokens.values());
  const added: readonly unknown[] = Array.isArray(definition['added_tokens']) ? definition['added_tokens'] : [];
  const decoder = isObject(config['added_tokens_decoder']) ? Object.entries(config['added_tokens_decoder']) : [];
  const given = [...added.map((token) => [isObject(token) ? token['id'] : null, token] as const), ...decoder.map(([id, token]) => [Number(id), token] as const)];
  // A word of the vocabulary that is added once more keeps the id that it has there.
  for (const [id, token] of given) if (isObject(token) && !words.has(String(token['content']))) add(id, token['content']);
  return { size, tokens };
}

/** The tokens that a model of so many embeddings does not know. */
export function tokensBeyond({ tokens }: Vocabulary, known: number): readonly string[] {
  return [...tokens].flatMap(([id, token]) => (id >= known ? [token] : []));
}

/** Texts that somebody asks about, and what they are called. */
export interface AskedTexts {
  readonly tokens: TokenSet;
  /** Where a text stands: its problem's place, and its name where that has no file. */
  place(row: number): Omit<Problem, 'message'> & { readonly name: string };
}

/** Texts with a token that a model of so many embeddings does not know: a problem for each of the first few, and one for the rest. */
export function beyondProblems({ tokens, place }: AskedTexts, vocabulary: Vocabulary, known: number): readonly Problem[] {
  const rows = Array.from({ length: tokens.offsets.length - 1 }, (_, row) => row).filter((row) => tokens.row(row).some((id) => id >= known));
  const shown = rows.slice(0, SHOWN_ROWS).map((row): Problem => {
    const { name, ...where } = place(row);
    const ids = [...new Set(tokens.row(row).filter((id) => id >= known))];
    return { ...where, message: `${name} has ${ids.slice(0, SHOWN_TOKENS).map((id) => `the token ${JSON.stringify(cut(vocabulary.tokens.get(id) ?? '?'))} (id ${id})`).join(' and ')}` };
  });
  const more = rows.length - shown.length;
  const file = rows[0] === undefined ? undefined : place(rows[0]).file;
  return more === 0 ? shown : [...shown, { ...(file === undefined ? {} : { file }), message: `so ${more === 1 ? 'has' : 'have'} ${plural(more, 'more text')}` }];
}

export function unknownToModel(of: string, known: number, problems: readonly Problem[], remedy: string): OrtrainError {
  return new OrtrainError('data', `texts have tokens that ${of} has no embedding for: it knows ${plural(known, 'token')}, with ids up to ${known - 1}`, { subject: of, problems, remedy });
}

const SHOWN_ROWS = 5;
const SHOWN_TOKENS = 3;
