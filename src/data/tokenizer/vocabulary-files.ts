import { notFetched } from '../../core/foreign.ts';
import { readInput, readJsonObject, unreadable } from '../../core/inputs.ts';
import { isObject } from '../../core/shapes.ts';
import { required } from '../../core/values.ts';
import { readAddedTokens } from './added-tokens-file.ts';
import { isTokenId, type AddedToken } from './definition/added-tokens.ts';
import type { Definition, Settings } from './definition/definition.ts';
import { FAMILIES, templatePart, tokensOf, type Family, type FamilyName, type Role } from './families.ts';
import { unusable } from './problems.ts';

/** A tokenizer.json made of the files of a family's older form, and what had to be supposed for it. */
export interface MadeDefinition {
  readonly definition: Definition;
  readonly notices: readonly string[];
}

/**
 * The tokenizer that Transformers makes of `vocab.txt` (BERT's kind), or of `vocab.json` with `merges.txt` (RoBERTa's), and of the settings
 * in tokenizer_config.json. `files`: paths by file name. Throws a `data` error that names the file.
 */
export function definitionOfVocabulary(files: Readonly<Record<string, string>>, name: FamilyName, settings: Settings): MadeDefinition {
  const family: Family = FAMILIES[name];
  const tokens = tokensOf(family, settings);
  const { definition, notices } =
    family.model === 'WordPiece'
      ? wordPiece(required(files['vocab.txt'], 'vocab.txt'), family, tokens, settings)
      : byteLevel(required(files['vocab.json'], 'vocab.json'), required(files['merges.txt'], 'merges.txt'), family, tokens, settings);
  const own = new Set(Object.values<string>(tokens));
  const { vocab } = definition.model;
  const words = new Map(Object.entries(isObject(vocab) ? vocab : {}));
  const added = readAddedTokens(files['added_tokens.json'], words)
    .filter(([content]) => content !== '' && !own.has(content))
    .toSorted(([, a], [, b]) => a - b)
    .map(([content, id]): AddedToken => ({ ...PLAIN, id, content, normalized: true, special: false }));
  return { definition: { ...definition, added_tokens: [...(definition.added_tokens ?? []), ...added] }, notices };
}

const PLAIN = { single_word: false, lstrip: false, rstrip: false };

type Tokens = Readonly<Record<Role, string>>;

function wordPiece(path: string, family: Family, tokens: Tokens, settings: Settings): MadeDefinition {
  const vocab = Object.fromEntries(readLines(path).map((word, id) => [word, id]));
  const lower = asSetting(settings.do_lower_case, true);
  const isCased = Object.keys(vocab).some((word) => /^\p{Lu}\p{Ll}+$/u.test(word));
  const definition: Definition = {
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: asSetting(settings.tokenize_chinese_chars, true),
      strip_accents: typeof settings.strip_accents === 'boolean' ? settings.strip_accents : null,
      lowercase: lower,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    ...around(path, family, tokens, vocab),
    model: {
      type: 'WordPiece',
      unk_token: tokens.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  const supposed =
    `${path} has words with capital letters, and no tokenizer_config.json says do_lower_case; texts are lowercased, as ` +
    'Transformers does then';
  return { definition, notices: lower && isCased && settings.do_lower_case === undefined ? [supposed] : [] };
}

function byteLevel(path: string, mergesPath: string, family: Family, tokens: Tokens, settings: Settings): MadeDefinition {
  const vocab = readJsonObject(path);
  const wrong = Object.entries(vocab).find(([, id]) => !isTokenId(id));
  if (wrong !== undefined) throw unusable(path, `the id of ${JSON.stringify(wrong[0])} is ${JSON.stringify(wrong[1])}`);
  const merges = readLines(mergesPath).flatMap((line, i): readonly (readonly [string, string])[] => {
    if (line === '' || (i === 0 && line.startsWith('#version'))) return [];
    const [left, right, ...more] = line.split(' ');
    const lacks = [left, right, `${left}${right}`].find((word) => !Object.hasOwn(vocab, word ?? ''));
    if (left === undefined || right === undefined || more.length > 0)
      throw unusable(mergesPath, `line ${i + 1} is not two tokens with a space between them`);
    if (lacks !== undefined) throw unusable(mergesPath, `line ${i + 1} has ${JSON.stringify(lacks)}, which ${path} does not have`);
    return [[left, right]];
  });
  const definition: Definition = {
    normalizer: family.normalizer === undefined ? null : { type: family.normalizer },
    pre_tokenizer: {
      type: 'ByteLevel',
      add_prefix_space: asSetting(settings.add_prefix_space, false),
      trim_offsets: true,
      use_regex: true,
    },
    ...around(path, family, tokens, vocab),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges,
    },
  };
  return { definition, notices: [] };
}

const asSetting = (value: unknown, standard: boolean): boolean => (typeof value === 'boolean' ? value : standard);

/** The special tokens, found in texts and put around them. */
function around(
  path: string,
  family: Family,
  tokens: Tokens,
  vocab: Readonly<Record<string, unknown>>,
): Pick<Definition, 'version' | 'truncation' | 'padding' | 'added_tokens' | 'post_processor'> {
  const idOf = (token: string): number => {
    const id = Object.hasOwn(vocab, token) ? vocab[token] : undefined;
    if (!isTokenId(id)) throw unusable(path, `it has no token ${token}`);
    return id;
  };
  const { mask, ...needed } = tokens;
  const names = [...new Set([...Object.values(needed), ...(Object.hasOwn(vocab, mask) ? [mask] : [])])];
  const added = names.map((content): AddedToken => {
    const lstrip = content === mask && family.maskTakesSpaces === true;
    return { ...PLAIN, id: idOf(content), content, lstrip, normalized: false, special: true };
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.sort((a, b) => a.id - b.id),
    post_processor: templatePart(family, tokens, idOf),
  };
}

/** The lines of a text file, of which the last may have no end. */
function readLines(path: string): readonly string[] {
  const bytes = readInput(path, MOST_BYTES);
  const instead = notFetched(bytes, 'a list of tokens');
  if (instead !== undefined) throw unusable(path, instead.what, { remedy: instead.remedy });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw unreadable(path, 'it is not UTF-8', error);
  }
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Far above any vocabulary. */
const MOST_BYTES = 2 ** 27;
