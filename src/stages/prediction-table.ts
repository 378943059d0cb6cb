import type { Cells } from '../tasks/index.ts';

/**
 * The rows of a table of predictions one after the other, made of parts of each row: with many classes all at once would fill the memory.
 */
export function* tableRows(rows: number, ...parts: readonly Cells[]): Iterable<readonly (number | string)[]> {
  for (let row = 0; row < rows; row++) yield parts.flatMap((cells) => cells(row));
}
