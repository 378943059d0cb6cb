import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { isObject } from '../../core/shapes.ts';
import { isTokenId, withIds, type AddedToken } from './added-tokens.ts';
import type { Definition } from './definition.ts';

/** What takes a word apart, and puts special tokens around a text. */
export interface WordModel {
  /** The ids of a word, as a pre-tokenizer gives it. */
  idsOf(word: string): readonly number[];
  idOf(token: string): number | undefined;
  readonly unknownId: number | undefined;
  /** The added tokens with the ids that they have in the end. */
  readonly added: readonly AddedToken[];
  /** The special tokens around a text. Throws an Error where they stand otherwise. */
  readonly around: { readonly before: readonly number[]; readonly after: readonly number[] };
}

/** Throws an Error that says what is wrong with a definition. */
export function wordModelOf(definition: Definition): WordModel {
  const { model, post_processor } = definition;
  const kind = kindOf(model);
  if (!isObject(model['vocab'])) throw new Error('its model has no vocabulary');
  const added = withIds(definition.added_tokens ?? [], model['vocab']);
  const isWordLevel = kind === 'WordLevel';
  const library: Library = new HuggingFaceTokenizer(
    {
      ...definition,
      added_tokens: [], // it would take them for words, too
      // Words are found in the vocabulary as they are; the library has no such model, but nothing else is asked of it.
      model: isWordLevel ? { ...model, type: 'WordPiece', continuing_subword_prefix: '' } : { ...model, type: kind },
      // These parts are ours, because the library's differ from those that models were trained with.
      normalizer: null,
      pre_tokenizer: null,
      decoder: null,
      post_processor: post_processor ?? null,
    },
    {},
  );
  const words: Words = library.model;
  const unknownId = isTokenId(words.unk_token_id) ? words.unk_token_id : undefined;
  const addedIds = new Map(added.map(({ content, id }) => [content, id]));
  const idOf = (token: string): number | undefined => {
    const id = addedIds.get(token) ?? words.tokens_to_ids.get(token);
    return isTokenId(id) ? id : undefined;
  };
  const required = (token: string): number => {
    const id = idOf(token) ?? unknownId;
    if (id === undefined) throw new Error(`it gives the token ${JSON.stringify(token)}, which has no id that is a whole number`);
    return id;
  };
  const dropsUnknown = kind === 'BPE' && model['unk_token'] === null && model['byte_fallback'] !== true;
  const takeApart = (word: string): readonly number[] => {
    if (isWordLevel) return [required(word)];
    // Before pairs are joined, so that what stood around it may become one.
    return words([dropsUnknown ? [...word].filter((character) => words.tokens_to_ids.has(character)).join('') : word]).map(required);
  };
  return { idsOf: remembering(takeApart), idOf, unknownId, added, around: specialTokens(library, required) };
}

/** What is used of @huggingface/tokenizers; its own types are not found under this compiler's module resolution. */
interface Library {
  readonly model: Words;
  readonly post_processor:
    ((tokens: readonly string[], pair: null, addSpecialTokens: boolean) => { readonly tokens: readonly string[] }) | null;
}

interface Words {
  (words: readonly string[]): readonly string[];
  readonly tokens_to_ids: ReadonlyMap<string, unknown>;
  readonly unk_token_id?: unknown;
}

/** Old files do not name it. Throws an Error for one that cannot be used. */
function kindOf({ type, vocab, merges, continuing_subword_prefix: prefix }: Definition['model']): 'WordPiece' | 'BPE' | 'WordLevel' {
  if (type === 'Unigram' || (type === undefined && Array.isArray(vocab))) throw new Error(UNIGRAM);
  if (type === undefined) return merges !== undefined ? 'BPE' : prefix === undefined ? 'WordLevel' : 'WordPiece';
  if (type === 'WordPiece' || type === 'BPE' || type === 'WordLevel') return type;
  throw new Error(`its model ${type} is not known`);
}

const UNIGRAM =
  'it is a Unigram tokenizer (SentencePiece), as those of XLM-RoBERTa, DeBERTa-v3, ALBERT and T5 are, and these cannot be read yet';

/** Words repeat; texts have few different ones. */
function remembering(takeApart: (word: string) => readonly number[]): (word: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const ids = takeApart(word);
    if (known.size >= MOST_REMEMBERED) known.clear();
    if (word.length <= LONGEST_REMEMBERED) known.set(word, ids);
    return ids;
  };
}

const MOST_REMEMBERED = 100_000;
const LONGEST_REMEMBERED = 64;

function specialTokens({ post_processor: around }: Library, idOf: (token: string) => number): WordModel['around'] {
  if (around === null) return { before: [], after: [] };
  const { tokens } = around([PLACE], null, true);
  const at = tokens.indexOf(PLACE);
  if (at === -1 || tokens.lastIndexOf(PLACE) !== at) throw new Error('its special tokens do not stand around the text');
  return { before: tokens.slice(0, at).map(idOf), after: tokens.slice(at + 1).map(idOf) };
}

/** Stands for the text; no token has a NUL. */
const PLACE = '\0text\0';
