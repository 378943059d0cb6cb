import * as ranges from './character-ranges.ts';

/** What a character is to a tokenizer; a character may be several of these. */
export const CONTROL = 1;
export const PUNCTUATION = 2;
export const ACCENT = 4;
export const MARK = 8;
export const LETTER = 16;
export const NUMBER = 32;
export const WORD = 64;
export const NUMERIC = 128;
export const UNKNOWN_TO_FORMS = 256;
export const SPACE = 512;
export const CHINESE = 1024;

/** [code points] The kinds of every character, added up. */
export function kindsOfCharacters(): Uint16Array {
  return (kinds ??= everyKind());
}

/** True where every character is one of ASCII that is printed, the space among them. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

const PLAIN = /^[ -~]*$/;

let kinds: Uint16Array | undefined;

function everyKind(): Uint16Array {
  const table = new Uint16Array(0x110000);
  const sets = [
    [CONTROL, ranges.control],
    [PUNCTUATION, ranges.punctuation],
    [ACCENT, ranges.accent],
    [MARK, ranges.mark],
    [LETTER, ranges.letter],
    [NUMBER, ranges.number],
    [WORD, ranges.word],
    [NUMERIC, ranges.numeric],
    [UNKNOWN_TO_FORMS, ranges.unknownToForms],
  ] as const;
  for (const [kind, text] of sets) for (const [from, to] of decodedRanges(text)) add(table, kind, from, to);
  for (const [from, to] of WHITE_SPACE) add(table, SPACE, from, to);
  for (const [from, to] of CHINESE_CHARACTERS) add(table, CHINESE, from, to);
  return table;
}

function add(table: Uint16Array, kind: number, from: number, to: number): void {
  for (let at = from; at <= to; at++) table[at]! |= kind;
}

/** Ranges of characters, in the form of character-ranges.ts. */
export function decodedRanges(text: string): readonly (readonly [number, number])[] {
  let end = 0;
  return text.trim().split(/\s/).map((range) => {
    const [gap = '', length = '0'] = range.split('-');
    const start = end + Number.parseInt(gap, 36);
    end = start + Number.parseInt(length, 36);
    return [start, end];
  });
}

/** Unicode's property White_Space. JavaScript's `\s` has U+FEFF besides, and lacks U+0085. */
const WHITE_SPACE = [
  [9, 13],
  [0x20, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
] as const;

/** Around which a BertNormalizer puts spaces. The library begins the fifth range 256 characters late. */
const CHINESE_CHARACTERS = [
  [0x4e00, 0x9fff],
  [0x3400, 0x4dbf],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0xf900, 0xfaff],
  [0x2f800, 0x2fa1f],
] as const;
