import { isUtf8 } from 'node:buffer';
import { MOST_PROBLEMS, type PlacedProblem } from '../records.ts';

/** Text in UTF-8, without a mark, and what is wrong with the bytes that it came from. */
export interface Decoded {
  readonly bytes: Uint8Array;
  /** Their offsets are those of `bytes`. */
  readonly problems: readonly PlacedProblem[];
}

/** Why the bytes cannot be in the encoding that was named, or else their text. */
export type Decoding = Decoded | { readonly refused: string; readonly remedy: string };

/** Bytes in an encoding of the WHATWG standard, as text in UTF-8. */
export function decoded(bytes: Uint8Array, encoding: string): Decoding {
  const marked = markOf(bytes);
  if (encoding === 'utf-8') return marked === 'utf-16le' || marked === 'utf-16be' ? refusedUtf16() : fromUtf8(bytes);
  if (encoding.startsWith('utf-16')) return fromUtf16(bytes, encoding, marked);
  if (marked !== undefined)
    return {
      refused: `the file begins with the mark of ${marked === 'utf-8' ? 'UTF-8' : 'UTF-16'}, so it is not in ${encoding}`,
      remedy: `Set data.encoding to ${marked === 'utf-8' ? 'utf-8' : 'utf-16'}.`,
    };
  if (isRatherUtf8(bytes, encoding)) {
    return { refused: `everything beyond ASCII in the file is valid UTF-8, so it is not in ${encoding}`, remedy: TAKE_UTF8 };
  }
  if (encoding === 'windows-1252') return { bytes: fromWindows1252(bytes), problems: nulProblems(bytes, 0) };
  return fromOthers(bytes, encoding);
}

const TAKE_UTF8 = 'Set data.encoding to utf-8, or leave it out (with init and predict, --encoding).';

const UTF8_MARK = 3;

/** The encoding whose byte order mark the bytes begin with. */
export function markOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  return a === 0xfe && b === 0xff ? 'utf-16be' : undefined;
}

function refusedUtf16(): Decoding {
  return {
    refused: 'the file is in UTF-16',
    remedy: 'Set data.encoding to utf-16 (with init and predict, --encoding utf-16), or save the file in UTF-8.',
  };
}

function fromUtf8(bytes: Uint8Array): Decoded {
  const skipped = markOf(bytes) === 'utf-8' ? UTF8_MARK : 0;
  const text = bytes.subarray(skipped);
  const problems = nulProblems(text, skipped);
  if (!isUtf8(text)) {
    for (const offset of invalidBytes(text))
      problems.push({
        message: `byte ${skipped + offset + 1} of the file (0x${text[offset]!.toString(16)}) is not valid UTF-8`,
        offset,
        kind: 'encoding',
      });
  }
  return { bytes: text, problems };
}

function fromUtf16(bytes: Uint8Array, encoding: string, marked: string | undefined): Decoding {
  if (marked === 'utf-8') return { refused: 'the file begins with the mark of UTF-8', remedy: TAKE_UTF8 };
  if (encoding !== 'utf-16' && marked !== undefined && marked !== encoding)
    return {
      refused: `the file begins with the mark of ${marked}, so it is not in ${encoding}`,
      remedy: `Set data.encoding to ${marked}.`,
    };
  const order = encoding === 'utf-16' ? (marked ?? 'utf-16le') : encoding;
  if (bytes.length % 2 === 1)
    return {
      refused: `the file has ${bytes.length} bytes, and UTF-16 has two for each character`,
      remedy: 'Check that the encoding is the right one, and that the file was written to its end.',
    };
  if (bytes.length > MOST_UTF16)
    return { refused: 'the file has more than 1 GB of UTF-16', remedy: 'Save it in UTF-8, or in several files.' };
  const text = utf16Text(bytes, order);
  if (!/[\n\r]/.test(text.slice(0, 1_000_000)) && isUtf8(bytes))
    return { refused: 'the file has no line end in UTF-16, and is valid UTF-8', remedy: TAKE_UTF8 };
  const utf8 = Buffer.from(text, 'utf8');
  const half = /\p{Cs}/u.exec(text);
  const halves: readonly PlacedProblem[] =
    half === null
      ? []
      : [{ message: 'half of a character (a lone surrogate)', offset: Buffer.byteLength(text.slice(0, half.index)), kind: 'encoding' }];
  return { bytes: utf8, problems: [...nulProblems(utf8, 0), ...halves].sort((a, b) => a.offset - b.offset) };
}

/** What Node can hold as one text. */
const MOST_UTF16 = 1_000_000_000;

/** Lone surrogates stay in it, to be found. */
function utf16Text(bytes: Uint8Array, order: string): string {
  const copy = Buffer.from(bytes);
  const text = (order === 'utf-16be' ? copy.swap16() : copy).toString('utf16le');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** What 0x80 to 0x9f stand for; Node's own decoder takes them for control characters. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function fromWindows1252(bytes: Uint8Array): Uint8Array {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += PIECE) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(PIECE, bytes.length - start)).toString('latin1');
    pieces.push(Buffer.from(text.replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]!), 'utf8'));
  }
  return Buffer.concat(pieces);
}

/** Bytes that are decoded at a time; a text has a largest length. */
const PIECE = 2 ** 24;

/** Line by line, so that what cannot be decoded has a place. Line ends are no part of a longer character in any of these encodings. */
function fromOthers(bytes: Uint8Array, encoding: string): Decoded {
  const problems: PlacedProblem[] = [];
  const pieces: Buffer[] = [];
  let offset = 0;
  const decoder = new TextDecoder(encoding, { fatal: true });
  for (let start = 0, end: number; start < bytes.length && problems.length < MOST_PROBLEMS; start = end) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    let piece: Buffer;
    try {
      piece = Buffer.from(decoder.decode(bytes.subarray(start, end)), 'utf8');
    } catch {
      problems.push({ message: `the line has bytes that are not valid ${encoding}`, offset, kind: 'encoding' });
      piece = Buffer.from(new TextDecoder(encoding).decode(bytes.subarray(start, end)), 'utf8');
    }
    pieces.push(piece);
    offset += piece.length;
  }
  const utf8 = Buffer.concat(pieces);
  return { bytes: utf8, problems: [...nulProblems(utf8, 0), ...problems] };
}

/** In one byte a character hardly any text is valid UTF-8 by chance; in two, a few words may be. */
function isRatherUtf8(bytes: Uint8Array, encoding: string): boolean {
  const enough = /^(windows|iso-8859|macintosh|koi8|ibm|x-mac)/.test(encoding) ? 1 : 20;
  if (encoding === 'iso-2022-jp') return false;
  let high = 0;
  for (let i = 0; i < bytes.length && high < 2 * enough; i += 1) if (bytes[i]! >= 0x80) high += 1;
  return high >= 2 * enough && isUtf8(bytes);
}

/** No text holds NUL. Messages count from the beginning of the file, where `skipped` bytes stand before these. */
function nulProblems(bytes: Uint8Array, skipped: number): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  for (let offset = bytes.indexOf(0); offset !== -1 && problems.length < MOST_PROBLEMS; offset = bytes.indexOf(0, offset + 1)) {
    problems.push({ message: `byte ${skipped + offset + 1} of the file is NUL`, offset, kind: 'nul' });
  }
  return problems;
}

const LINE_FEED = 10;

/** Offsets of the first invalid byte of each line that is not UTF-8. A line end is never part of a longer character. */
function invalidBytes(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let start = 0, end: number; start < bytes.length && offsets.length < MOST_PROBLEMS; start = end) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    const line = bytes.subarray(start, end);
    if (!isUtf8(line)) offsets.push(start + validPrefix(line));
  }
  return offsets;
}

/** How many bytes of the beginning are valid UTF-8: what decoding and encoding keep. */
function validPrefix(bytes: Uint8Array): number {
  const kept = Buffer.from(Buffer.from(bytes).toString('utf8'), 'utf8');
  let length = 0;
  while (length < bytes.length && kept[length] === bytes[length]) length++;
  // A cut character may begin like the sign that decoding puts in its place.
  while (!isUtf8(bytes.subarray(0, length))) length--;
  return length;
}
