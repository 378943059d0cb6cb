import { OrtrainError, type Problem } from '../../core/errors.ts';
import { plural, shortened } from '../../core/text.ts';
import { isTokenId, readTokenizerSource, reconciled, withIds, wordsOf } from '../tokenizer/index.ts';
import type { TokenSet } from './tokens.ts';

/** The tokens that a tokenizer's files name, those that were added to them included. */
export interface Vocabulary {
  /** One more than the largest id. */
  readonly size: number;
  /** Tokens by id. */
  readonly tokens: ReadonlyMap<number, string>;
}

/** The vocabulary of a tokenizer's files, by their names: every token with the id that texts get for it. Throws as `loadTokenizer`. */
export function readVocabulary(files: Readonly<Record<string, string>>): Vocabulary {
  const source = readTokenizerSource(files);
  if (source.kind === 'sentencepiece') {
    const { vocabulary } = source.description;
    return { size: [...vocabulary.keys()].reduce((size, id) => Math.max(size, id + 1), 0), tokens: vocabulary };
  }
  const { definition } = reconciled(source.description);
  const words = wordsOf(definition.model);
  const added = withIds(definition.added_tokens ?? [], words);
  const tokens = new Map<number, string>();
  let size = 0;
  for (const [token, id] of [...words, ...added.map(({ content, id }) => [content, id] as const)]) {
    if (!isTokenId(id)) continue;
    tokens.set(id, token);
    size = Math.max(size, id + 1);
  }
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
  const rows = Array.from({ length: tokens.offsets.length - 1 }, (_, row) => row).filter((row) =>
    tokens.row(row).some((id) => id >= known),
  );
  const shown = rows.slice(0, SHOWN_ROWS).map((row): Problem => {
    const { name, ...where } = place(row);
    const ids = [...new Set(tokens.row(row).filter((id) => id >= known))];
    return {
      ...where,
      message: `${name} has ${ids
        .slice(0, SHOWN_TOKENS)
        .map((id) => `the token ${JSON.stringify(shortened(vocabulary.tokens.get(id) ?? '?'))} (id ${id})`)
        .join(' and ')}`,
    };
  });
  const more = rows.length - shown.length;
  const file = rows[0] === undefined ? undefined : place(rows[0]).file;
  return more === 0
    ? shown
    : [...shown, { ...(file === undefined ? {} : { file }), message: `so ${more === 1 ? 'has' : 'have'} ${plural(more, 'more text')}` }];
}

export function unknownToModel(of: string, known: number, problems: readonly Problem[], remedy: string): OrtrainError {
  return new OrtrainError(
    'data',
    `texts have tokens that ${of} has no embedding for: it knows ${plural(known, 'token')}, with ids up to ${known - 1}`,
    { subject: of, problems, remedy },
  );
}

const SHOWN_ROWS = 5;
const SHOWN_TOKENS = 3;
