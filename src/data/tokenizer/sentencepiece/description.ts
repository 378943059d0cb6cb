import { foreignContent } from '../../../core/foreign.ts';
import { readInput, readJsonObject } from '../../../core/inputs.ts';
import { isObject } from '../../../core/shapes.ts';
import { isTokenId, type AddedToken } from '../definition/added-tokens.ts';
import { tokenText, type Definition, type Settings } from '../definition/definition.ts';
import { FAMILIES, listedTokens, tokensOf, type Family, type FamilyName, type Role } from '../families.ts';
import { readSentencePieceFile, type SentencePieceFile } from './file.ts';
import { readAddedTokens } from '../added-tokens-file.ts';
import { unusable } from '../problems.ts';

/** A tokenizer of a SentencePiece model and of what its family and its other files say besides. */
export interface SentencePieceDescription {
  readonly path: string;
  readonly file: SentencePieceFile;
  readonly family: FamilyName;
  readonly settings: Settings;
  readonly tokens: Readonly<Record<Role, string>>;
  /** [pieces] The ids that the model knows the pieces by. */
  readonly idOfPiece: Int32Array;
  /** Every token by its id. */
  readonly vocabulary: ReadonlyMap<number, string>;
  /** Tokens that are found in texts: those that somebody added. The model's own special ones are not. */
  readonly found: readonly AddedToken[];
  /** What had to be supposed, in sentences. */
  readonly notices: readonly string[];
}

/** Reads a SentencePiece model. Throws a `data` error that names the file. */
export function readSentencePiece(path: string): SentencePieceFile {
  const bytes = new Uint8Array(readInput(path, MOST_BYTES));
  try {
    return readSentencePieceFile(bytes);
  } catch (error) {
    if (!(error instanceof Error) || error.constructor !== Error) throw error;
    // Where the file is of a kind that is known, that says more than what is wrong with its bytes.
    const { what = error.message, remedy } = foreignContent(bytes, 'a SentencePiece model') ?? {};
    throw unusable(path, what, { ...(remedy === undefined ? {} : { remedy }), cause: error });
  }
}

/** Twenty times the largest that models of text classifiers have. */
const MOST_BYTES = 2 ** 27;

/** Numbers a SentencePiece model's pieces and all other tokens as the family's class in Transformers does. */
export function describeSentencePiece(
  path: string,
  file: SentencePieceFile,
  name: FamilyName,
  settings: Settings,
  files: Readonly<Record<string, string>>,
): SentencePieceDescription {
  const family: Family = FAMILIES[name];
  const tokens = tokensOf(family, settings);
  const { reserved, by } = family.shift ?? { reserved: [], by: 0 };
  const unknown = reserved.indexOf(family.tokens.unk);
  const idOfPiece = Int32Array.from(file.pieces, (_, id) => (unknown !== -1 && id === file.unknownId ? unknown : id + by));
  const ids = new Map<string, number>();
  file.pieces.forEach(({ text }, id) => ids.set(text, idOfPiece[id]!));
  reserved.forEach((token, id) => ids.set(token, id));
  if (file.unknownId !== -1) ids.set(tokens.unk, idOfPiece[file.unknownId]!);

  const added = addedTokens(files, settings, ids);
  for (const { content, id } of added) if (id !== undefined) ids.set(content, id);
  let next = added.reduce((most, { id = -1 }) => Math.max(most, id + 1), file.pieces.length + by);
  const needed = [tokens.cls, tokens.sep, tokens.unk, tokens.pad, tokens.mask, ...added.map(({ content }) => content)];
  const made = new Set(needed.filter((token) => !ids.has(token)));
  for (const token of made) ids.set(token, next++);
  // Nothing of a classifier depends on the mask or, behind its attention mask, on the padding.
  const lacking = [tokens.cls, tokens.sep].filter((token) => made.has(token));

  const own = new Set<string>([...Object.values(tokens), ...reserved, ...OTHER_ROLES.map((role) => tokenText(settings[role]) ?? '')]);
  for (const { text, type } of file.pieces) if (type === 'control' || type === 'unknown' || type === 'byte') own.add(text);
  const found = added
    .filter(({ content, special }) => !own.has(content) && !(special === true && settings.split_special_tokens === true))
    .map((token) => ({ ...token, id: ids.get(token.content)! }));
  const vocabulary = new Map([...ids].map(([token, id]) => [id, token]));
  const notices = lacking.map(
    (token) =>
      `${path} has no piece ${token}, which is put around texts; it gets the id ${ids.get(token)} behind the pieces, as in Transformers, ` +
      'and the model may never have been trained with it',
  );
  return { path, file, family: name, settings, tokens, idOfPiece, vocabulary, found, notices };
}

const OTHER_ROLES = ['bos_token', 'eos_token'];

type Addition = Omit<AddedToken, 'id'> & { readonly id: number | undefined };

/** The tokens that were added to a model, each once, with their ids where a file says them. `known`: the model's own. */
function addedTokens(files: Readonly<Record<string, string>>, settings: Settings, known: ReadonlyMap<string, number>): readonly Addition[] {
  const read = (name: string): Readonly<Record<string, unknown>> => (files[name] === undefined ? {} : readJsonObject(files[name]));
  const described = isObject(settings['added_tokens_decoder']) ? Object.entries(settings['added_tokens_decoder']) : [];
  const { added_tokens: listed = [] } = read('tokenizer.json') as Partial<Definition>;
  const all = [
    ...described.map(([id, token]) => addition(token, Number(id))),
    ...readAddedTokens(files['added_tokens.json'], known).map(([content, id]) => addition(content, id)),
    ...(listed ?? []).map((token) => addition(token, token.id)),
    ...listedTokens(settings).map((token) => addition(token, undefined)),
  ];
  const seen = new Set<string>();
  return all.filter((token): token is Addition => {
    if (token === undefined || token.content === '' || seen.has(token.content)) return false;
    seen.add(token.content);
    return true;
  });
}

function addition(token: unknown, id: unknown): Addition | undefined {
  const content = tokenText(token);
  if (content === undefined) return undefined;
  const is = (flag: string): boolean => isObject(token) && token[flag] === true;
  const flags = { single_word: is('single_word'), lstrip: is('lstrip'), rstrip: is('rstrip'), special: is('special') };
  return { content, ...flags, id: isTokenId(id) ? id : undefined };
}
