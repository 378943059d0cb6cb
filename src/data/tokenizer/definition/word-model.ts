import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { isObject } from '../../../core/shapes.ts';
import { isTokenId, withIds, type AddedToken } from './added-tokens.ts';
import { wordsOf, type Definition } from './definition.ts';
import { templateOf, type Template } from './template.ts';
import { unigramModel } from '../sentencepiece/unigram-model.ts';

/** What takes a word apart, and puts special tokens around a text. */
export interface WordModel {
  /** The ids of a word, as a pre-tokenizer gives it. */
  idsOf(word: string): readonly number[];
  idOf(token: string): number | undefined;
  readonly unknownId: number | undefined;
  /** The added tokens with the ids that they have in the end. */
  readonly added: readonly AddedToken[];
  readonly template: Template;
}

/** Throws an Error that says what is wrong with a definition. */
export function wordModelOf(definition: Definition): WordModel {
  const words = wordsOfKind(definition);
  const added = withIds(definition.added_tokens ?? [], wordsOf(definition.model));
  const addedIds = new Map(added.map(({ content, id }) => [content, id]));
  const idOf = (token: string): number | undefined => addedIds.get(token) ?? words.idOf(token);
  const required = (token: string): number => {
    const id = idOf(token) ?? words.unknownId;
    if (id === undefined) throw new Error(`it gives the token ${JSON.stringify(token)}, which has no id that is a whole number`);
    return id;
  };
  return {
    idsOf: remembering((word) => words.idsOf(word, required)),
    idOf,
    unknownId: words.unknownId,
    added,
    template: templateOf(definition.post_processor ?? null, required),
  };
}

/** A model without the tokens that were added to it. */
interface Words {
  /** @param required the id of a token that the model gives */
  idsOf(word: string, required: (token: string) => number): readonly number[];
  idOf(word: string): number | undefined;
  readonly unknownId: number | undefined;
}

function wordsOfKind(definition: Definition): Words {
  const { model } = definition;
  const kind = kindOf(model);
  if (kind === 'Unigram') {
    const { idsOf, ids, unknownId } = unigramModel(model);
    return { idsOf, idOf: (piece) => ids.get(piece), unknownId };
  }
  if (!isObject(model['vocab'])) throw new Error('its model has no vocabulary');
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
      post_processor: null,
    },
    {},
  );
  const words = library.model;
  const dropsUnknown = kind === 'BPE' && model['unk_token'] === null && model['byte_fallback'] !== true;
  const idOf = (word: string): number | undefined => {
    const id = words.tokens_to_ids.get(word);
    return isTokenId(id) ? id : undefined;
  };
  return {
    idsOf(word, required) {
      if (isWordLevel) return [required(word)];
      // Before pairs are joined, so that what stood around it may become one.
      return words([dropsUnknown ? [...word].filter((character) => words.tokens_to_ids.has(character)).join('') : word]).map(required);
    },
    idOf,
    unknownId: isTokenId(words.unk_token_id) ? words.unk_token_id : undefined,
  };
}

/** What is used of @huggingface/tokenizers; its own types are not found under this compiler's module resolution. */
interface Library {
  readonly model: {
    (words: readonly string[]): readonly string[];
    readonly tokens_to_ids: ReadonlyMap<string, unknown>;
    readonly unk_token_id?: unknown;
  };
}

/** Old files do not name it. Throws an Error for one that cannot be used. */
function kindOf({
  type,
  vocab,
  merges,
  continuing_subword_prefix: prefix,
}: Definition['model']): 'WordPiece' | 'BPE' | 'WordLevel' | 'Unigram' {
  if (type === undefined && Array.isArray(vocab)) return 'Unigram';
  if (type === undefined) return merges !== undefined ? 'BPE' : prefix === undefined ? 'WordLevel' : 'WordPiece';
  if (type === 'WordPiece' || type === 'BPE' || type === 'WordLevel' || type === 'Unigram') return type;
  throw new Error(`its model ${type} is not known`);
}

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
