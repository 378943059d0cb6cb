import { OrtrainError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { readInput, readJsonObject } from '../core/inputs.ts';
import { count, cut, list, object, optional, primitive } from '../core/shapes.ts';

/** A text's token ids, with the special tokens and without padding. */
interface EncodedText {
  readonly ids: readonly number[];
  /** True where tokens were cut off at the end. */
  readonly truncated: boolean;
  /** How many of the ids stand for something that the vocabulary lacks. */
  readonly unknown: number;
}

export interface Tokenizer {
  readonly padId: number;
  /** How many special tokens every text gets. */
  readonly specialTokens: number;
  /** At most `maxLength` ids, the special tokens at both ends among them; `maxLength` is above `specialTokens`. */
  encode(text: string, maxLength: number): EncodedText;
}

/** Token ids of many texts, end to end. */
export interface TokenSet {
  /** [rows + 1]; row i holds ids[offsets[i]] up to ids[offsets[i + 1]]. */
  readonly offsets: Int32Array;
  readonly ids: Int32Array;
  readonly padId: number;
  /** How many texts were cut at the maximum length. */
  readonly truncated: number;
  /** How many ids are the unknown token. */
  readonly unknown: number;
  /** The ids of a row, a view. */
  row(index: number): Int32Array;
}

/**
 * The tokenizer of a model. `files`: paths by file name; `tokenizer.json` is needed, `tokenizer_config.json` used where given.
 * A `data` error where they are missing, are no tokenizer, or lack a padding token.
 */
export async function loadTokenizer(files: Readonly<Record<string, string>>): Promise<Tokenizer> {
  const path = files['tokenizer.json'];
  if (path === undefined) throw unusable('the model', 'it has no tokenizer.json');
  const definition = readDefinition(path) as { readonly padding?: { readonly pad_token?: unknown } | null };
  const wrong = addedTokens(definition, '');
  if (wrong !== undefined) throw unusable(path, wrong);
  const configPath = files['tokenizer_config.json'];
  const config = configPath === undefined ? {} : (readDefinition(configPath) as TokenizerConfig);
  const { Tokenizer: HuggingFaceTokenizer } = await import('@huggingface/tokenizers');
  let library: Library;
  try {
    library = new HuggingFaceTokenizer(definition, config);
  } catch (error) {
    throw unusable(path, cut((error as Error).message), error);
  }
  const encoded = (text: string, options: { readonly add_special_tokens: boolean }): readonly number[] => {
    let ids: readonly unknown[];
    try {
      ({ ids } = library.encode(text, options));
    } catch (error) {
      throw unusable(path, cut((error as Error).message), error);
    }
    if (ids.every(isTokenId)) return ids;
    throw unusable(path, 'it gives ids that are not whole numbers');
  };

  const padId = [tokenText(config.pad_token), definition.padding?.pad_token, '[PAD]', '<pad>']
    .map((token) => (typeof token === 'string' ? library.token_to_id(token) : undefined))
    .find(isTokenId);
  if (padId === undefined) throw unusable(path, 'it has no padding token');
  const { before, after } = specialTokens(encoded, path);
  const unknownId = library.model?.unk_token_id;

  return {
    padId,
    specialTokens: before.length + after.length,
    encode(text, maxLength) {
      const ids = encoded(text, { add_special_tokens: false });
      const room = maxLength - before.length - after.length;
      const kept = ids.length > room ? ids.slice(0, room) : ids;
      return { ids: [...before, ...kept, ...after], truncated: ids.length > room, unknown: kept.filter((id) => id === unknownId).length };
    },
  };
}

/**
 * Encodes every text, cut to `maxLength` ids with the special tokens. `onProgress` hears how many texts are done, now and
 * then, and may throw to stop. A `config` error where `maxLength` leaves no room beside the special tokens.
 */
export function tokenize(tokenizer: Tokenizer, texts: readonly string[], maxLength: number, onProgress: (done: number) => void = () => {}): TokenSet {
  if (maxLength <= tokenizer.specialTokens) {
    throw new OrtrainError('config', `model.max_seq_length ${maxLength} leaves no room for text`, {
      subject: 'model.max_seq_length',
      remedy: `The tokenizer adds ${tokenizer.specialTokens} special tokens to every text; set it higher than that.`,
    });
  }
  const offsets = new Int32Array(texts.length + 1);
  let ids = new Int32Array(Math.max(1024, texts.length * 32));
  let [truncated, unknown] = [0, 0];
  texts.forEach((text, row) => {
    if (row % PROGRESS_EVERY === 0) onProgress(row);
    const encoded = tokenizer.encode(text, maxLength);
    const start = offsets[row]!;
    const end = start + encoded.ids.length;
    if (end > ids.length) ids = grown(ids, end);
    ids.set(encoded.ids, start);
    offsets[row + 1] = end;
    truncated += encoded.truncated ? 1 : 0;
    unknown += encoded.unknown;
  });
  onProgress(texts.length);
  return tokenSet({ offsets, ids: ids.slice(0, offsets[texts.length]), padId: tokenizer.padId, truncated, unknown });
}

/** [rows]: how many ids each row has. */
export function tokenLengths({ offsets }: TokenSet): Int32Array {
  return offsets.subarray(1).map((end, row) => end - offsets[row]!);
}

/** Writes a token file, all little-endian int32: magic, version, rows, count of ids, padId, truncated, unknown; offsets; ids. */
export function saveTokens(path: string, { offsets, ids, padId, truncated, unknown }: TokenSet): void {
  const header = Int32Array.of(MAGIC, VERSION, offsets.length - 1, ids.length, padId, truncated, unknown);
  writeFileAtomic(path, Buffer.concat([header, offsets, ids].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))));
}

/** Reads what `saveTokens` wrote; a `data` error where the file is something else, of another version, or incomplete. */
export function loadTokens(path: string): TokenSet {
  const bytes = readInput(path, MOST_BYTES);
  const words = new Int32Array(bytes.byteLength >> 2);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  const [magic, version, rows = 0, count = 0, padId = 0, truncated = 0, unknown = 0] = words.subarray(0, HEADER_WORDS);
  if (words.length < HEADER_WORDS || magic !== MAGIC) throw notTokens(path, 'it does not begin as one');
  if (version !== VERSION) throw notTokens(path, `it has version ${version}, this program reads version ${VERSION}`);
  if (rows < 0 || count < 0) throw notTokens(path, `it claims ${rows} rows and ${count} ids`);
  const expected = 4 * (HEADER_WORDS + rows + 1 + count);
  if (bytes.byteLength !== expected) throw notTokens(path, `it has ${bytes.byteLength} bytes instead of ${expected}`);
  const offsets = words.subarray(HEADER_WORDS, HEADER_WORDS + rows + 1);
  const ids = words.subarray(HEADER_WORDS + rows + 1);
  if (offsets[0] !== 0 || offsets[rows] !== count || offsets.some((end, row) => end < (offsets[row - 1] ?? 0))) throw notTokens(path, 'its offsets do not ascend');
  return tokenSet({ offsets, ids, padId, truncated, unknown });
}

/** What is used of @huggingface/tokenizers; its own types are not found under this compiler's module resolution. */
interface Library {
  readonly model: { readonly unk_token_id?: number } | null;
  token_to_id(token: string): unknown;
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: readonly unknown[] };
}

interface TokenizerConfig {
  readonly pad_token?: TokenConfig;
}

/** Tokens stand in configurations as text or as an object that holds it. */
type TokenConfig = string | { readonly content: string } | null;

/** `OTOK` in ASCII, as a little-endian number. */
const MAGIC = 0x4b4f544f;
const VERSION = 1;
const HEADER_WORDS = 7;
const PROGRESS_EVERY = 256;

/** The library looks for these in every text, and for one that is empty or no text it would look without end. */
const addedTokens = object({
  added_tokens: optional(list(object({ id: count, content: primitive('a text with letters', (value) => typeof value === 'string' && value !== '') }))),
});

/** Above any vocabulary's tokenizer.json. */
const MOST_DEFINITION_BYTES = 2 ** 28;
/** Node reads no larger file at once. */
const MOST_BYTES = 2 ** 31 - 1;

function tokenText(token: TokenConfig | undefined): unknown {
  return typeof token === 'object' ? token?.content : token;
}

function isTokenId(id: unknown): id is number {
  return Number.isInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31;
}

function tokenSet(set: Omit<TokenSet, 'row'>): TokenSet {
  return { ...set, row: (index) => set.ids.subarray(set.offsets[index], set.offsets[index + 1]) };
}

function grown(ids: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, ids.length * 2));
  larger.set(ids);
  return larger;
}

/** The ids that the tokenizer puts around a text, found by encoding one word with and without them. */
function specialTokens(
  encoded: (text: string, options: { readonly add_special_tokens: boolean }) => readonly number[],
  path: string,
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const bare = encoded('a', { add_special_tokens: false });
  const whole = encoded('a', { add_special_tokens: true });
  for (let start = 0; bare.length > 0 && start + bare.length <= whole.length; start++) {
    if (bare.every((id, i) => whole[start + i] === id)) return { before: whole.slice(0, start), after: whole.slice(start + bare.length) };
  }
  throw unusable(path, 'its special tokens do not stand around the text');
}

function readDefinition(path: string): Readonly<Record<string, unknown>> {
  return readJsonObject(path, MOST_DEFINITION_BYTES);
}

function unusable(subject: string, reason: string, cause?: unknown): OrtrainError {
  return new OrtrainError('data', `the tokenizer of ${subject} cannot be used: ${reason}`, {
    subject,
    remedy: 'The model needs a tokenizer.json of a BERT-like tokenizer; tokenizers of the Hugging Face library write one with save_pretrained.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function notTokens(path: string, reason: string, cause?: unknown): OrtrainError {
  return new OrtrainError('data', `${path} is not a usable file of tokens: ${reason}`, {
    subject: path,
    remedy: 'Remove the folder that holds it from the cache and run again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
