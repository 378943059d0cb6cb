import { valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import type { PlacedProblem } from './records.ts';

/** Byte offsets turned into lines of the file and, below the header, data rows. `starts` and the problems' offsets ascend. */
export function locate(bytes: Uint8Array, starts: readonly number[], problems: readonly PlacedProblem[]): Problem[] {
  if (problems.length === 0) return [];
  const lines = lineNumbers(bytes, problems.map(({ offset }) => offset));
  let row = 0;
  return problems.map(({ message, offset }, i) => {
    while (row < starts.length && valueAt(starts, row) <= offset) row++;
    return { message, line: valueAt(lines, i), ...(row === 0 ? {} : { row }) };
  });
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The line, from 1, of each of the ascending byte offsets. Lines end in LF, CRLF or CR. */
export function lineNumbers(bytes: Uint8Array, offsets: readonly number[]): Int32Array {
  let line = 1;
  let position = 0;
  return Int32Array.from(offsets, (offset) => {
    for (; position < offset; position++) {
      const byte = bytes[position];
      if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && bytes[position + 1] !== LINE_FEED)) line++;
    }
    return line;
  });
}
