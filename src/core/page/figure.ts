/** A figure, or a part of one, in the words of Vega-Lite. */
export type Spec = Readonly<Record<string, unknown>>;

/** A figure before it is drawn. */
export interface Figure {
  /** Name of its file, without the ending. */
  readonly name: string;
  /** What it shows, for those who do not see it. */
  readonly title: string;
  readonly spec: Spec;
}
