import { segmentsOf, type Text } from '../texts/index.ts';
import { pairNumbers } from './pair-numbers.ts';

/**
 * How often each text has each term, a word or two words in a row: the terms of a text are `terms` and `counts` from `offsets[text]` to
 * `offsets[text + 1]`, ascending.
 */
export interface TermCounts {
  readonly texts: number;
  /** Different terms; they are numbered from 0, as they come. */
  readonly vocabulary: number;
  /** [texts + 1] */
  readonly offsets: Int32Array;
  readonly terms: Int32Array;
  readonly counts: Int32Array;
}

/** More different terms are not counted: those that tables this large need are among the first. */
const MOST_TERMS = 3_000_000;

/**
 * Counts the terms of texts, as scikit-learn's `CountVectorizer(ngram_range=(1, 2))` does: words are runs of two or more letters, digits
 * and underscores, in lower case. Of a pair, the first text's terms, those of the second, and words that both have are different terms.
 *
 * @param mostCharacters of each text, from its beginning; of a pair, of each of the two
 * @param onText called after each text; may throw to stop
 */
export function countTerms(texts: readonly Text[], mostCharacters: number, onText: () => void, mostTerms = MOST_TERMS): TermCounts {
  const words = new Map<string, number>();
  const pairs = pairNumbers();
  let vocabulary = 0;
  const next = (): number => (vocabulary === mostTerms ? -1 : vocabulary++);
  const numberOf = (word: string): number => {
    const known = words.get(word);
    if (known !== undefined) return known;
    const number = next();
    if (number !== -1) words.set(word, number);
    return number;
  };

  const offsets = new Int32Array(texts.length + 1);
  const [terms, counts] = [growing(), growing()];
  texts.forEach((text, row) => {
    const segments = segmentsOf(text).map((segment) => wordsOf(segment.slice(0, mostCharacters)));
    const own = segments.map((found, segment) => found.map((word) => numberOf(MARKS[segment]! + word)));
    const bigrams = own.flatMap((numbers) =>
      numbers.slice(1).map((second, i) => {
        const first = numbers[i]!;
        return first === -1 || second === -1 ? -1 : pairs.numberOf(first, second, next);
      }),
    );
    const shared = sharedWords(segments).map((word) => numberOf(MARKS[2]! + word));
    const found = Int32Array.from([...own.flat(), ...bigrams, ...shared].filter((number) => number !== -1)).sort();
    found.forEach((term, i) => {
      if (i > 0 && found[i - 1] === term) counts.addToLast(1);
      else {
        terms.push(term);
        counts.push(1);
      }
    });
    offsets[row + 1] = terms.length();
    onText();
  });
  return { texts: texts.length, vocabulary, offsets, terms: terms.all(), counts: counts.all() };
}

/** Before the words of the first text, of the second, and of both; no word has such a character. */
const MARKS = ['', '\u0001', '\u0002'] as const;

function sharedWords([first, second]: readonly (readonly string[])[]): readonly string[] {
  if (first === undefined || second === undefined) return [];
  const of = new Set(second);
  return [...new Set(first)].filter((word) => of.has(word));
}

/** scikit-learn's `token_pattern`, `\b\w\w+\b`: Python's `\w` are letters, numbers and the underscore. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? [];
}

interface GrowingIntegers {
  length(): number;
  push(value: number): void;
  addToLast(value: number): void;
  all(): Int32Array;
}

function growing(): GrowingIntegers {
  const full: Int32Array[] = [];
  let [piece, used] = [new Int32Array(PIECE), 0];
  return {
    length: () => full.length * PIECE + used,
    push(value) {
      if (used === PIECE) {
        full.push(piece);
        [piece, used] = [new Int32Array(PIECE), 0];
      }
      piece[used++] = value;
    },
    addToLast(value) {
      piece[used - 1]! += value;
    },
    all() {
      const whole = new Int32Array(full.length * PIECE + used);
      full.forEach((each, i) => whole.set(each, i * PIECE));
      whole.set(piece.subarray(0, used), full.length * PIECE);
      return whole;
    },
  };
}

const PIECE = 1 << 16;
