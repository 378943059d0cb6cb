/** A matrix of few values that are not zero, row after row: those of a row are `values` from `offsets[row]` to `offsets[row + 1]`. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1] */
  readonly offsets: Int32Array;
  /** The column of each value. */
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** Some rows of a matrix, in their order. */
export function rowsAt({ columns, offsets, indices, values }: SparseMatrix, rows: Int32Array): SparseMatrix {
  const own = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    own[i + 1] = own[i]! + offsets[row + 1]! - offsets[row]!;
  });
  const total = own[rows.length]!;
  const [ownIndices, ownValues] = [new Int32Array(total), new Float64Array(total)];
  rows.forEach((row, i) => {
    ownIndices.set(indices.subarray(offsets[row], offsets[row + 1]), own[i]);
    ownValues.set(values.subarray(offsets[row], offsets[row + 1]), own[i]);
  });
  return { rows: rows.length, columns, offsets: own, indices: ownIndices, values: ownValues };
}
