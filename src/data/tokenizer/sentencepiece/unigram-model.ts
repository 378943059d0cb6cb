import { scratch, writeText } from './growable-bytes.ts';
import { pieceTrie } from './piece-trie.ts';
import { bestPathFinder } from './unigram.ts';

/** The model Unigram of a tokenizer.json. */
export interface UnigramModel {
  idsOf(word: string): readonly number[];
  readonly ids: ReadonlyMap<string, number>;
  readonly unknownId: number | undefined;
}

/**
 * As the Rust library has it: scores are float64, typed control and byte pieces match, adjacent unknown characters are one, and are the
 * piece of their text where there is one, otherwise bytes where all are pieces, otherwise unknown. Throws an Error where it is none.
 */
export function unigramModel({ vocab, unk_id, byte_fallback }: Readonly<Record<string, unknown>>): UnigramModel {
  if (!Array.isArray(vocab)) throw new Error('its model has no vocabulary');
  const pieces = vocab.map(asPiece);
  const unknownId = unk_id ?? undefined;
  if (unknownId !== undefined && !(Number.isInteger(unknownId) && Number(unknownId) >= 0 && Number(unknownId) < pieces.length))
    throw new Error(`the id of its unknown piece is ${JSON.stringify(unknownId)}, and it has ${pieces.length} pieces`);
  const unknown = unknownId as number | undefined;
  const ids = new Map(pieces.map(([text], id) => [text, id]));
  const encoder = new TextEncoder();
  const find = bestPathFinder({
    trie: pieceTrie(pieces.map(([text], id) => [encoder.encode(text), id])),
    scores: Float64Array.from(pieces, ([, score]) => score),
    unknownScore: pieces.reduce((least, [, score]) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY,
    precision: 'float64',
  });
  const bytes = byte_fallback === true ? Array.from({ length: 256 }, (_, byte) => ids.get(bytePiece(byte))) : [];
  const word = scratch();

  const unknownIds = (from: number, to: number): readonly number[] => {
    const piece = word.bytes.subarray(from, to);
    const own = ids.get(decoder.decode(piece));
    if (own !== undefined) return [own];
    const spelled = Array.from(piece, (byte) => bytes[byte]);
    if (spelled.every((id) => id !== undefined)) return spelled;
    return [unknown!]; // only an unknown piece leads here
  };
  return {
    ids,
    unknownId: unknown,
    idsOf(text) {
      const length = writeText(text, word);
      const path = find(word.bytes, length);
      const found: number[] = [];
      for (let i = path.count - 1; i >= 0; i--) {
        const piece = path.pieces(i);
        if (piece !== -1 && piece !== unknown) {
          found.push(piece);
          continue;
        }
        if (unknown === undefined) throw new Error('it has no unknown piece, and a text has a character outside its vocabulary');
        const from = path.starts(i);
        while (i > 0 && (path.pieces(i - 1) === -1 || path.pieces(i - 1) === unknown)) i--;
        found.push(...unknownIds(from, i === 0 ? length : path.starts(i - 1)));
      }
      return found;
    },
  };
}

/** Below the lowest score. */
const UNKNOWN_PENALTY = 10;

const bytePiece = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function asPiece(piece: unknown, id: number): readonly [text: string, score: number] {
  const [text, score] = Array.isArray(piece) ? (piece as readonly unknown[]) : [];
  if (typeof text === 'string' && typeof score === 'number') return [text, asSerdeReads(score)];
  throw new Error(`its piece ${id} is not a text with a score`);
}

/**
 * A number as the Rust library gets it of its JSON reader (serde_json without `float_roundtrip`), which rounds twice: the digits as one
 * whole number, then their quotient by a power of ten. That decides between ways to cut a text whose sums differ in the last digit.
 */
function asSerdeReads(value: number): number {
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (sign === undefined) return value;
  const power = Number(exponent) - fraction.length;
  const digits = Number(BigInt(whole + fraction));
  const size = power < 0 ? digits / Number(`1e${-power}`) : digits * Number(`1e${power}`);
  return sign === '-' ? -size : size;
}
