/** Something wrong in a file, by its place in the bytes. */
export interface PlacedProblem {
  readonly message: string;
  readonly offset: number;
}

/** What a parser finds in the bytes of a file, before anything is thrown. */
export interface Records {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Byte offsets at which the rows start, ascending; one more than rows where a syntax error ended the reading. */
  readonly starts: readonly number[];
  readonly problems: readonly PlacedProblem[];
}
