import { kindsOfCharacters, LETTER, NUMBER, SPACE } from '../characters/characters.ts';

/**
 * Cuts a text as GPT-2's expression does,
 * `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, looking at each character once.
 */
export function byteLevelWords(text: string): string[] {
  const kinds = kindsOfCharacters();
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + (shortened(text, at) || wordLength(text, at, kinds) || spacesLength(text, at, kinds));
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

/** GPT-2's expression, as tokenizers that spell it out in a Split write it. */
export const BYTE_LEVEL_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** One character for every byte of the text in UTF-8, as the vocabularies of byte-level models are written. */
export function asBytes(text: string): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const characters = (bytesInWords ??= byteCharacters());
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) out += characters[byte]!;
  if (cache.size >= MOST_CACHED) cache.clear();
  if (text.length <= LONGEST_CACHED) cache.set(text, out);
  return out;
}

const cache = new Map<string, string>();
const MOST_CACHED = 50_000;
const LONGEST_CACHED = 64;

let bytesInWords: readonly string[] | undefined;

/** Bytes that print well stand for themselves, the others for characters from U+0100 on, in their order. */
function byteCharacters(): readonly string[] {
  let next = 0x100;
  const printsWell = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printsWell(byte) ? byte : next++));
}

/** The length of `'s`, `'re` and the like; otherwise 0. */
function shortened(text: string, at: number): number {
  if (text[at] !== "'") return 0;
  if ('stmd'.includes(text[at + 1] ?? ' ')) return 2;
  return ['re', 've', 'll'].includes(text.slice(at + 1, at + 3)) ? 3 : 0;
}

/** The length of a run of letters, of numbers or of signs, with one plain space before it; otherwise 0. */
function wordLength(text: string, at: number, kinds: Uint16Array): number {
  const start = text[at] === ' ' ? at + 1 : at;
  const kind = kindAt(text, start, kinds);
  if (kind === undefined || kind === SPACE) return 0;
  let end = start;
  while (kindAt(text, end, kinds) === kind) end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  return end - at;
}

/** Spaces, but for the last one where a word follows. */
function spacesLength(text: string, at: number, kinds: Uint16Array): number {
  let end = at;
  while (kindAt(text, end, kinds) === SPACE) end++;
  return end < text.length && end - at > 1 ? end - at - 1 : end - at;
}

/** LETTER, NUMBER, SPACE, or 0 for a sign; undefined at the end of the text. */
function kindAt(text: string, at: number, kinds: Uint16Array): number | undefined {
  const code = text.codePointAt(at);
  return code === undefined ? undefined : kinds[code]! & (LETTER | NUMBER | SPACE);
}
