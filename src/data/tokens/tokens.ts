import { OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { readInput } from '../../core/inputs.ts';
import type { Text } from '../texts/index.ts';
import { TRUNCATION, type EncodedPair, type Tokenizer, type Truncation } from '../tokenizer/index.ts';

export { loadTokenizer, type Tokenizer } from '../tokenizer/index.ts';

/** Token ids of many texts, end to end. */
export interface TokenSet {
  /** [rows + 1]; row i holds ids[offsets[i]] up to ids[offsets[i + 1]]. */
  readonly offsets: Int32Array;
  readonly ids: Int32Array;
  /** [ids] The type (segment) of each token, where there are pairs of texts; undefined where all texts are single ones. */
  readonly types: Int32Array | undefined;
  readonly padId: number;
  /** How many texts were cut at the maximum length. */
  readonly truncated: number;
  /** How many ids are the unknown token. */
  readonly unknown: number;
  /** The ids of a row, a view. */
  row(index: number): Int32Array;
}

export interface TokenizeOptions {
  /** Hears how many texts are done, now and then, and may throw to stop. */
  readonly onProgress?: (done: number) => void;
  /** After how many texts it hears. */
  readonly every?: number;
  /** Which of two texts is cut; `longest_first` where it is left out. */
  readonly truncation?: Truncation;
  /** The number of the first text among all, for errors. */
  readonly firstRow?: number;
}

/**
 * Encodes every text, cut to `maxLength` ids with the special tokens. Keeps the thread busy: `encodeTexts` is for many texts, and for
 * patterns of others. A `data` error that names the row where a pair cannot be cut as `truncation` says.
 */
export function tokenize(
  tokenizer: Tokenizer,
  texts: readonly Text[],
  maxLength: number,
  { onProgress = () => {}, every = PROGRESS_EVERY, truncation = 'longest_first', firstRow = 0 }: TokenizeOptions = {},
): TokenSet {
  throwIfNoRoom(tokenizer, maxLength, texts);
  const offsets = new Int32Array(texts.length + 1);
  let ids = new Int32Array(Math.max(1024, texts.length * 32));
  const havePairs = texts.some((text) => typeof text !== 'string');
  let types: Int32Array<ArrayBuffer> = new Int32Array(havePairs ? ids.length : 0);
  let [truncated, unknown] = [0, 0];
  texts.forEach((text, row) => {
    if (row % every === 0) onProgress(row);
    const pair = typeof text === 'string' ? undefined : pairOf(tokenizer, text, { maxLength, truncation, row: firstRow + row });
    const encoded = pair ?? tokenizer.encode(String(text), maxLength);
    const start = offsets[row]!;
    const end = start + encoded.ids.length;
    if (end > ids.length) ids = grown(ids, end);
    ids.set(encoded.ids, start);
    if (havePairs && ids.length > types.length) types = grown(types, ids.length);
    if (pair !== undefined) types.set(pair.types, start);
    offsets[row + 1] = end;
    truncated += encoded.truncated ? 1 : 0;
    unknown += encoded.unknown;
  });
  onProgress(texts.length);
  const end = offsets[texts.length];
  return tokenSet({
    offsets,
    ids: ids.slice(0, end),
    types: havePairs ? types.slice(0, end) : undefined,
    padId: tokenizer.padId,
    truncated,
    unknown,
  });
}

/** A pair that cannot be cut is named by its row. */
function pairOf(
  tokenizer: Tokenizer,
  texts: readonly [string, string],
  { maxLength, truncation, row }: { readonly maxLength: number; readonly truncation: Truncation; readonly row: number },
): EncodedPair {
  try {
    return tokenizer.encodePair(texts, maxLength, truncation);
  } catch (error) {
    if (!(error instanceof OrtrainError) || error.subject !== TRUNCATION) throw error;
    const { remedy } = error;
    throw new OrtrainError('data', `row ${row + 1} cannot be tokenized: ${error.message}`, {
      subject: TRUNCATION,
      problems: [{ message: error.message, row: row + 1 }],
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

/** Throws a `config` error where `maxLength` leaves no room beside the special tokens. */
export function throwIfNoRoom({ specialTokens, specialTokensOfPair }: Tokenizer, maxLength: number, texts: readonly Text[]): void {
  const havePairs = specialTokensOfPair !== undefined && texts.some((text) => typeof text !== 'string');
  const special = havePairs ? Math.max(specialTokensOfPair, specialTokens) : specialTokens;
  if (maxLength > special) return;
  throw new OrtrainError('config', `model.max_seq_length ${maxLength} leaves no room for text`, {
    subject: 'model.max_seq_length',
    remedy: `The tokenizer adds ${special} special tokens to every ${havePairs ? 'pair of texts' : 'text'}; set it higher than that.`,
  });
}

/** The tokens of texts that were encoded in parts, in the order of the parts. */
export function joinedTokens(parts: readonly Omit<TokenSet, 'padId' | 'row'>[], padId: number): TokenSet {
  const sum = (of: (part: (typeof parts)[number]) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const offsets = new Int32Array(sum((part) => part.offsets.length - 1) + 1);
  const ids = new Int32Array(sum((part) => part.ids.length));
  const types = parts.some((part) => part.types !== undefined) ? new Int32Array(ids.length) : undefined;
  let [row, end] = [0, 0];
  for (const part of parts) {
    ids.set(part.ids, end);
    if (part.types !== undefined) types?.set(part.types, end);
    for (let i = 1; i < part.offsets.length; i++) offsets[++row] = end + part.offsets[i]!;
    end += part.ids.length;
  }
  return tokenSet({ offsets, ids, types, padId, truncated: sum((part) => part.truncated), unknown: sum((part) => part.unknown) });
}

/** The ids of some rows, views, and the types of these where there are pairs. */
export function tokensOf(
  { offsets, types, row }: Pick<TokenSet, 'offsets' | 'types' | 'row'>,
  rows: Int32Array,
): { readonly ids: readonly Int32Array[]; readonly types: readonly Int32Array[] | undefined } {
  const all = Array.from(rows);
  return { ids: all.map((each) => row(each)), types: types && all.map((each) => types.subarray(offsets[each], offsets[each + 1])) };
}

/** [rows]: how many ids each row has. */
export function tokenLengths({ offsets }: TokenSet): Int32Array {
  return offsets.subarray(1).map((end, row) => end - offsets[row]!);
}

/**
 * Writes a token file, all little-endian int32: magic, version, rows, count of ids, padId, truncated, unknown; offsets; ids; and, in
 * version 2, types.
 */
export function saveTokens(path: string, { offsets, ids, types, padId, truncated, unknown }: TokenSet): void {
  const version = types === undefined ? VERSION : VERSION_WITH_TYPES;
  const header = Int32Array.of(MAGIC, version, offsets.length - 1, ids.length, padId, truncated, unknown);
  const parts = [header, offsets, ids, ...(types === undefined ? [] : [types])];
  writeFileAtomic(path, Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))));
}

/** Reads what `saveTokens` wrote; a `data` error where the file is something else, of another version, or incomplete. */
export function loadTokens(path: string): TokenSet {
  const bytes = readInput(path, MOST_BYTES);
  const words = new Int32Array(bytes.byteLength >> 2);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  const [magic, version, rows = 0, count = 0, padId = 0, truncated = 0, unknown = 0] = words.subarray(0, HEADER_WORDS);
  if (words.length < HEADER_WORDS || magic !== MAGIC) throw notTokens(path, 'it does not begin as one');
  if (version !== VERSION && version !== VERSION_WITH_TYPES)
    throw notTokens(path, `it has version ${version}, this program reads versions ${VERSION} and ${VERSION_WITH_TYPES}`);
  if (rows < 0 || count < 0) throw notTokens(path, `it claims ${rows} rows and ${count} ids`);
  const lists = version === VERSION ? 1 : 2;
  const expected = 4 * (HEADER_WORDS + rows + 1 + lists * count);
  if (bytes.byteLength !== expected) throw notTokens(path, `it has ${bytes.byteLength} bytes instead of ${expected}`);
  const offsets = words.subarray(HEADER_WORDS, HEADER_WORDS + rows + 1);
  const ids = words.subarray(HEADER_WORDS + rows + 1, HEADER_WORDS + rows + 1 + count);
  const types = lists === 1 ? undefined : words.subarray(HEADER_WORDS + rows + 1 + count);
  if (offsets[0] !== 0 || offsets[rows] !== count || offsets.some((end, row) => end < (offsets[row - 1] ?? 0)))
    throw notTokens(path, 'its offsets do not ascend');
  return tokenSet({ offsets, ids, types, padId, truncated, unknown });
}

/** `OTOK` in ASCII, as a little-endian number. */
const MAGIC = 0x4b4f544f;
const VERSION = 1;
const VERSION_WITH_TYPES = 2;
const HEADER_WORDS = 7;
const PROGRESS_EVERY = 256;

/** Node reads no larger file at once. */
const MOST_BYTES = 2 ** 31 - 1;

function tokenSet(set: Omit<TokenSet, 'row'>): TokenSet {
  return { ...set, row: (index) => set.ids.subarray(set.offsets[index], set.offsets[index + 1]) };
}

function grown(ids: Int32Array, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, ids.length * 2));
  larger.set(ids);
  return larger;
}

function notTokens(path: string, reason: string, cause?: unknown): OrtrainError {
  return new OrtrainError('data', `${path} is not a usable file of tokens: ${reason}`, {
    subject: path,
    remedy: 'Remove the folder that holds it from the cache and run again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
