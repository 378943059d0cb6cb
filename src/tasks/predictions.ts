/** What models say about rows: row-major [rows, width]. Numbers of several models are averaged one by one. */
export interface Predictions {
  readonly width: number;
  readonly numbers: Float64Array;
}
