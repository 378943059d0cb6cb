import type { SparseMatrix } from './sparse.ts';
import type { TermCounts } from './terms.ts';

/** Texts as vectors of their terms' weights. */
export interface Vectorizer {
  /** Terms that have a column. */
  readonly columns: number;
  /** The vectors of some texts, each of length 1, or 0 where it has none of the terms. */
  vectors(texts: Int32Array): SparseMatrix;
}

/**
 * What scikit-learn's `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=…)` learns of some texts. The weight of a term
 * that a text has c times is (1 + ln c) · (1 + ln((1 + n) / (1 + df))), where df of the n texts have it; vectors are divided by their
 * lengths.
 *
 * @param mostColumns where more terms occur, those are taken that occur most often, of as frequent ones those that came first
 */
export function tfidf(counted: TermCounts, texts: Int32Array, mostColumns: number): Vectorizer {
  const { offsets, terms, counts, vocabulary } = counted;
  const [textsOf, timesOf] = [new Int32Array(vocabulary), new Float64Array(vocabulary)];
  for (const text of texts) {
    for (let at = offsets[text]!; at < offsets[text + 1]!; at++) {
      textsOf[terms[at]!]! += 1;
      timesOf[terms[at]!]! += counts[at]!;
    }
  }
  const occurring = Int32Array.from(textsOf.keys()).filter((term) => textsOf[term]! > 0);
  const isWhole = occurring.length <= mostColumns;
  const kept = isWhole ? occurring : occurring.sort((a, b) => timesOf[b]! - timesOf[a]! || a - b).slice(0, mostColumns);
  const columnOf = new Int32Array(vocabulary).fill(-1);
  const idf = new Float64Array(kept.length);
  kept.sort().forEach((term, column) => {
    columnOf[term] = column;
    idf[column] = 1 + Math.log((1 + texts.length) / (1 + textsOf[term]!));
  });
  return { columns: kept.length, vectors: (of) => weighted(counted, of, columnOf, idf) };
}

function weighted({ offsets, terms, counts }: TermCounts, texts: Int32Array, columnOf: Int32Array, idf: Float64Array): SparseMatrix {
  const own = new Int32Array(texts.length + 1);
  texts.forEach((text, row) => {
    let known = 0;
    for (let at = offsets[text]!; at < offsets[text + 1]!; at++) if (columnOf[terms[at]!] !== -1) known += 1;
    own[row + 1] = own[row]! + known;
  });
  const total = own[texts.length]!;
  const [indices, values] = [new Int32Array(total), new Float64Array(total)];
  texts.forEach((text, row) => {
    let [end, squares] = [own[row]!, 0];
    for (let at = offsets[text]!; at < offsets[text + 1]!; at++) {
      const column = columnOf[terms[at]!]!;
      if (column === -1) continue;
      const weight = (1 + Math.log(counts[at]!)) * idf[column]!;
      indices[end] = column;
      values[end] = weight;
      squares += weight * weight;
      end += 1;
    }
    const length = Math.sqrt(squares);
    for (let at = own[row]!; at < end; at++) values[at]! /= length;
  });
  return { rows: texts.length, columns: idf.length, offsets: own, indices, values };
}
