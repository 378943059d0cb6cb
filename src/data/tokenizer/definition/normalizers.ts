import { ACCENT, CHINESE, CONTROL, isPlain, kindsOfCharacters, MARK, SPACE } from '../characters/characters.ts';
import type { Part } from './definition.ts';
import { searching, type PatternList } from './patterns.ts';
import { precompiled } from '../sentencepiece/precompiled.ts';
import { inForm, lowerCase } from '../characters/unicode-forms.ts';

/**
 * @param isProbe whether only that matters whether the result is empty: a text begins where its first character is kept, and the Rust
 *   library does not notice where a character map takes it out
 */
export type Normalize = (text: string, isProbe?: boolean) => string;

/** What a tokenizer does to a text before it is cut into words. Throws an Error that names a part which is not known. */
export function normalizerOf(part: Part | null, patterns: PatternList): Normalize {
  if (part === null) return (text) => text;
  switch (part.type) {
    case 'Sequence': {
      const steps = ((part['normalizers'] ?? []) as readonly Part[]).map((step) => normalizerOf(step, patterns));
      return (text, isProbe) => steps.reduce((result, step) => step(result, isProbe), text);
    }
    case 'BertNormalizer':
      return bertNormalizer(part);
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = part.type;
      return (text) => inForm(text, form);
    }
    case 'Lowercase':
      return lowerCase;
    case 'StripAccents':
      return (text) => without(text, MARK);
    case 'Strip':
      return (text) => stripped(text, part['strip_left'] !== false, part['strip_right'] !== false);
    case 'Prepend': {
      const beginning = String(part['prepend']);
      return (text) => (text === '' ? '' : beginning + text);
    }
    case 'Replace':
      return replacement(part, patterns);
    case 'Nmt':
      return (text) => text.replace(NMT_REMOVED, '').replace(NMT_SPACES, ' ');
    case 'Precompiled': {
      const normalize = precompiled(part['precompiled_charsmap']);
      return (text, isProbe) => normalize(text) || (isProbe === true ? text : '');
    }
    default:
      throw new Error(`its normalizer ${part.type} is not known`);
  }
}

// oxlint-disable-next-line no-control-regex
const NMT_REMOVED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

function bertNormalizer(part: Part): Normalize {
  const lower = part['lowercase'] !== false;
  const [clean, chinese] = [part['clean_text'] !== false, part['handle_chinese_chars'] !== false];
  const accents = part['strip_accents'] ?? lower;
  return (text) => {
    if (isPlain(text)) return lower ? text.toLowerCase() : text;
    let result = clean ? cleaned(text) : text;
    if (chinese) result = withSpaces(result);
    if (accents === true) result = without(inForm(result, 'NFD'), ACCENT);
    return lower ? lowerCase(result) : result;
  };
}

/** Without control characters and signs that stand for broken ones; every kind of space is a plain one. */
function cleaned(text: string): string {
  const kinds = kindsOfCharacters();
  let out = '';
  for (const character of text) {
    const kind = kinds[character.codePointAt(0)!]!;
    if ((kind & CONTROL) === 0) out += (kind & SPACE) === 0 ? character : ' ';
  }
  return out;
}

function withSpaces(text: string): string {
  const kinds = kindsOfCharacters();
  let out = '';
  for (const character of text) out += (kinds[character.codePointAt(0)!]! & CHINESE) === 0 ? character : ` ${character} `;
  return out;
}

function without(text: string, kind: number): string {
  if (isPlain(text)) return text;
  const kinds = kindsOfCharacters();
  let out = '';
  for (const character of text) if ((kinds[character.codePointAt(0)!]! & kind) === 0) out += character;
  return out;
}

/** No kind of space has more than one unit of UTF-16. */
function stripped(text: string, left: boolean, right: boolean): string {
  const kinds = kindsOfCharacters();
  const isSpace = (at: number): boolean => (kinds[text.charCodeAt(at)]! & SPACE) !== 0;
  let [start, end] = [0, text.length];
  if (left) while (start < end && isSpace(start)) start++;
  if (right) while (end > start && isSpace(end - 1)) end--;
  return text.slice(start, end);
}

function replacement(part: Part, patterns: PatternList): Normalize {
  const search = searching(part['pattern'], patterns);
  const content = String(part['content'] ?? '');
  return (text) => {
    let [out, end] = ['', 0];
    for (const [from, to] of search(text)) {
      out += text.slice(end, from) + content;
      end = to;
    }
    return out + text.slice(end);
  };
}
