/** Something wrong in a file, by its place in the bytes. */
export interface PlacedProblem {
  readonly message: string;
  readonly offset: number;
  /** What has to be done about it. */
  readonly kind?: ProblemKind;
  /** How many fields a ragged row has. */
  readonly fields?: number;
}

/** Kinds of problems that have a remedy of their own. */
export type ProblemKind =
  'encoding' | 'nul' | 'ragged' | 'quote' | 'tsv-quote' | 'swallowed' | 'json' | 'json-numbers' | 'json-quotes' | 'json-commas';

/** No table of texts is wider; a wider one was read with the wrong delimiter. A parser may stop at a header that has more. */
export const MAX_COLUMNS = 5_000;

/** Nobody corrects more, and counting on would take memory without end. A parser may stop once it has found so many. */
export const MOST_PROBLEMS = 10_000;

/** What a parser finds in the bytes of a file, before anything is thrown. */
export interface Records {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Byte offsets at which the rows start, ascending; one more than rows where a syntax error ended the reading. */
  readonly starts: readonly number[];
  readonly problems: readonly PlacedProblem[];
  /** By column, the data rows, from 1, whose object has no such key. */
  readonly absent?: Absences;
}

export type Absences = ReadonlyMap<string, readonly number[]>;
