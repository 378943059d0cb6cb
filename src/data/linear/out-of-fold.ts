import { targetsAt, type Targets } from '../examples/index.ts';
import { learned, type LinearTargets } from './learners.ts';
import type { Text } from '../texts/index.ts';
import { countTerms } from './terms.ts';
import { tfidf } from './tfidf.ts';

/** Rows to learn from, and those to ask about. */
export interface Division {
  readonly trained: Int32Array;
  readonly asked: Int32Array;
}

/** Of the rows that were asked about, ascending, the mean of what was said each time; `numbers` is row-major [rows, width]. */
export interface Answers {
  readonly rows: Int32Array;
  readonly numbers: Float64Array;
}

export interface LinearOptions {
  /** That are read of each text, from its beginning. */
  readonly mostCharacters: number;
  /** What each row weighs where it is learned from; left out where all weigh 1. */
  readonly weights?: Float64Array;
  /** Hears how many divisions are done. */
  readonly onDivision: (done: number) => void;
  /** Called now and then; may throw to stop. */
  readonly onStep: () => void;
}

/** Terms that the vectors of a division have: the most frequent of its training rows. It keeps [columns, outputs] numbers small. */
const MOST_COLUMNS = 100_000;

/** What a linear model on TF-IDF of words and pairs of words says about rows that it has not learned from. */
export function linearAnswers(
  texts: readonly Text[],
  targets: Targets,
  divisions: readonly Division[],
  about: LinearTargets,
  { mostCharacters, weights, onDivision, onStep }: LinearOptions,
): Answers {
  const counted = countTerms(texts, mostCharacters, onStep);
  const said = divisions.map(({ trained, asked }, done) => {
    onDivision(done);
    const { vectors } = tfidf(counted, trained, MOST_COLUMNS);
    const lesson = { x: vectors(trained), targets: targetsAt(targets, trained), asked: vectors(asked), onStep };
    return learned(about, weights === undefined ? lesson : { ...lesson, weights: Float64Array.from(trained, (row) => weights[row]!) });
  });
  onDivision(divisions.length);

  const times = new Int32Array(texts.length);
  for (const { asked } of divisions) for (const row of asked) times[row]! += 1;
  const rows = Int32Array.from(texts.keys()).filter((row) => times[row]! > 0);
  const placeOf = new Int32Array(texts.length);
  rows.forEach((row, place) => (placeOf[row] = place));
  const width = said[0]?.width ?? 1;
  const numbers = new Float64Array(rows.length * width);
  divisions.forEach(({ asked }, i) =>
    asked.forEach((row, at) => {
      for (let k = 0; k < width; k++) numbers[placeOf[row]! * width + k]! += said[i]!.numbers[at * width + k]! / times[row]!;
    }),
  );
  return { rows, numbers };
}
