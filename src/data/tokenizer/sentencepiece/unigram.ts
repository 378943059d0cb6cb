import { characterLength } from './growable-bytes.ts';
import type { PieceTrie } from './piece-trie.ts';

/** Pieces with the logarithms of their probabilities. */
export interface UnigramPieces {
  readonly trie: PieceTrie;
  /** [pieces] By the trie's numbers. */
  readonly scores: Float64Array | Float32Array;
  /** Of a character that no piece begins and ends with. */
  readonly unknownScore: number;
  /** float32: as sentencepiece adds; float64: as the Rust library does. Ties and near ties fall otherwise. */
  readonly precision: 'float32' | 'float64';
}

/** The pieces of the most probable way to cut a text, from its end. */
export interface BestPath {
  count: number;
  /** The trie's number, or -1 for one character that is unknown. */
  readonly pieces: (fromEnd: number) => number;
  /** The byte where a piece begins. */
  readonly starts: (fromEnd: number) => number;
}

/**
 * Viterbi's algorithm over the bytes of a text: for each end the best piece before it, the first of those that are equally good, found from
 * the left and short ones first (sentencepiece 0.2.3, `unigram::Model::EncodeOptimized`; the Rust library has the same one). A character
 * that is no piece by itself may always be unknown. The result lasts until the next call.
 */
export function bestPathFinder({ trie, scores, unknownScore, precision }: UnigramPieces): (text: Uint8Array, length: number) => BestPath {
  const isSingle = precision === 'float32';
  let best = new Float64Array(0);
  let [begins, pieces, chosen] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)];
  const path: { -readonly [key in keyof BestPath]: BestPath[key] } = {
    count: 0,
    pieces: (i) => pieces[chosen[i]!]!,
    starts: (i) => begins[chosen[i]!]!,
  };
  const { values } = trie;
  return (text, length) => {
    if (best.length <= length) {
      const size = 2 * length + 64;
      best = new Float64Array(size);
      [begins, pieces, chosen] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)];
    }
    begins.fill(-1, 0, length + 1);
    best[0] = 0;
    let furthest = 0;
    for (let start = 0; start < length; ) {
      let before = best[start]!;
      if (isSingle && Math.abs(before) > RESET_BEYOND) {
        for (let at = start; at <= furthest; at++) if (at === start || begins[at] !== -1) best[at] = Math.fround(best[at]! - before);
        before = 0;
      }
      const characterEnd = Math.min(start + characterLength(text[start]!), length);
      let hasCharacter = false;
      for (let node = 0, end = start; end < length; ) {
        node = trie.next(node, text[end]!);
        if (node === 0) break;
        end++;
        const piece = values[node]!;
        if (piece === -1) continue;
        if (end > furthest) furthest = end;
        const sum = scores[piece]! + before;
        const score = isSingle ? Math.fround(sum) : sum;
        if (begins[end] === -1 || score > best[end]!) {
          best[end] = score;
          begins[end] = start;
          pieces[end] = piece;
        }
        if (end === characterEnd) hasCharacter = true;
      }
      if (!hasCharacter) {
        if (characterEnd > furthest) furthest = characterEnd;
        const sum = unknownScore + before;
        const score = isSingle ? Math.fround(sum) : sum;
        if (begins[characterEnd] === -1 || score > best[characterEnd]!) {
          best[characterEnd] = score;
          begins[characterEnd] = start;
          pieces[characterEnd] = -1;
        }
      }
      start = characterEnd;
    }
    path.count = 0;
    for (let end = length; end > 0; end = begins[end]!) chosen[path.count++] = end;
    return path;
  };
}

/** Where sentencepiece begins to count from 0 again, so that long texts keep their last digits. */
const RESET_BEYOND = 100_000;
