import { isPlain, kindsOfCharacters, UNKNOWN_TO_FORMS } from './characters.ts';

export type UnicodeForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/**
 * Unicode normalization by the version that tokenizers were trained with: characters that it does not know stay, and nothing moves over
 * them.
 */
export function inForm(text: string, form: UnicodeForm): string {
  if (isPlain(text)) return text;
  const kinds = kindsOfCharacters();
  let [out, start, at] = ['', 0, 0];
  for (const character of text) {
    const end = at + character.length;
    if ((kinds[character.codePointAt(0)!]! & UNKNOWN_TO_FORMS) !== 0) {
      out += text.slice(start, at).normalize(form) + character;
      start = end;
    }
    at = end;
  }
  return out + text.slice(start).normalize(form);
}

/** Each letter by itself: JavaScript alone makes another small sigma of one at the end of a word. */
export function lowerCase(text: string): string {
  const lower = text.replaceAll('Σ', 'σ').toLowerCase();
  return KNOWS_UNICODE_17 ? lower : lower.replace(NEW_CAPITALS, (letter) => newSmallLetter(letter));
}

const KNOWS_UNICODE_17 = '\u{16ea0}'.toLowerCase() !== '\u{16ea0}';

/** Capitals that Node before 22 may not know. */
const NEW_CAPITALS = /[\u1c89\ua7cb\ua7cc\ua7ce\ua7d2\ua7d4\ua7da\ua7dc\u{10d50}-\u{10d65}\u{16ea0}-\u{16eb8}]/gu;

function newSmallLetter(letter: string): string {
  const code = letter.codePointAt(0)!;
  if (code >= 0x16ea0) return String.fromCodePoint(code + 27);
  if (code >= 0x10d50) return String.fromCodePoint(code + 32);
  return { 0xa7cb: '\u0264', 0xa7dc: '\u019b' }[code] ?? String.fromCodePoint(code + 1);
}
