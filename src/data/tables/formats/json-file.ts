import { parseJsonArray, parseJsonl } from './json.ts';
import type { Records } from '../records.ts';
import { afterSpaces, endOfValue, membersOf } from './json-scan.ts';

const [OPEN, OPEN_LIST] = ['{', '['].map((character) => character.charCodeAt(0)) as [number, number];

/** The records of a .json file: an array of objects, or objects one a line. */
export function parseJsonFile(bytes: Uint8Array): Records {
  const start = afterSpaces(bytes, 0);
  if (bytes[start] === OPEN_LIST) return parseJsonArray(bytes);
  if (bytes[start] !== OPEN) return refused('the file is neither an array of JSON objects nor JSON objects, one a line', start);
  const end = endOfValue(bytes, start);
  const isOne = end !== undefined && afterSpaces(bytes, end) === bytes.length;
  const isNested =
    isOne && membersOf(bytes, { start, end }).some(({ value }) => bytes[value.start] === OPEN || bytes[value.start] === OPEN_LIST);
  return isNested
    ? refused(
        'the file is one JSON object with others in it, not an array of objects; with pandas, to_json(…, orient="records") writes one',
        start,
      )
    : parseJsonl(bytes);
}

function refused(message: string, offset: number): Records {
  return { columns: [], rows: [], starts: [], problems: [{ message, offset, kind: 'json' }] };
}
