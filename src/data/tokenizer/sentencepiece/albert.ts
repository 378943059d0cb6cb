import type { Part } from '../definition/definition.ts';
import type { SentencePieceFile } from './file.ts';

/** What ALBERT's tokenizer does to a text before SentencePiece reads it (`preprocess_text` in its published code). */
export function asAlbert(lower: boolean, keepAccents: boolean): (text: string) => string {
  return (text) => {
    const spaced = text.split(SPACES).filter((word) => word !== '').join(' ');
    const quoted = spaced.replaceAll('``', '"').replaceAll("''", '"');
    const plain = keepAccents ? quoted : [...quoted.normalize('NFKD')].filter((character) => !isCombining(character)).join('');
    return lower ? plain.toLowerCase() : plain;
  };
}

/** What Python's `split` takes for spaces. */
// oxlint-disable-next-line no-control-regex
const SPACES = /[\p{White_Space}\x1c-\x1f]+/u;

/** Whether a character has a canonical combining class: it moves before a mark of a high class, or one of a low class before it. */
function isCombining(character: string): boolean {
  if (character < '\u0300') return false;
  let is = known.get(character);
  if (is === undefined) {
    const [low, high] = [`${character}\u0334`, `\u0345${character}`];
    is = low.normalize('NFD') !== low || high.normalize('NFD') !== high;
    known.set(character, is);
  }
  return is;
}

const known = new Map<string, boolean>();

/** `asAlbert` as normalizers of a tokenizer.json, which Transformers writes so. */
export function albertParts(lower: boolean, keepAccents: boolean): readonly Part[] {
  const quote = (String: string): Part => ({ type: 'Replace', pattern: { String }, content: '"' });
  return [
    quote('``'),
    quote("''"),
    ...(keepAccents ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
    ...(lower ? [{ type: 'Lowercase' }] : []),
  ];
}

/** ALBERT never takes a comma and the digit before it for one piece; its class in Transformers makes such pieces improbable. */
export function withoutDigitCommas(file: SentencePieceFile): SentencePieceFile {
  const pieces = file.pieces.map((piece) => (/\p{Nd},$/u.test(piece.text) ? { ...piece, score: piece.score - PENALTY } : piece));
  return { ...file, pieces };
}

const PENALTY = 100;
