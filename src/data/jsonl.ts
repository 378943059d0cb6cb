import { counted, quotedList } from './problems.ts';
import type { PlacedProblem, Records } from './records.ts';

/**
 * The records of a file with one JSON object a line. The first one's keys are the columns, and every other line has to have
 * the same keys in any order. `null` becomes the empty text, other values that are not text their JSON. Empty lines are skipped.
 */
export function parseJsonl(bytes: Uint8Array): Records {
  const rows: string[][] = [];
  const starts: number[] = [];
  const problems: PlacedProblem[] = [];
  let columns: readonly string[] = [];
  const decoder = new TextDecoder();
  for (let offset = 0, end: number; offset < bytes.length; offset = end) {
    const lineFeed = bytes.indexOf(LINE_FEED, offset);
    end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    const line = decoder.decode(bytes.subarray(offset, end)).trim();
    if (line === '') continue;

    const object = parseObject(line);
    starts.push(offset);
    if (typeof object === 'string') {
      problems.push({ message: object, offset });
      rows.push([]);
      continue;
    }
    if (columns.length === 0) columns = Object.keys(object);
    for (const message of keyProblems(columns, object)) problems.push({ message, offset });
    rows.push(columns.map((key) => cellText(object[key])));
  }
  return { columns, rows, starts, problems };
}

const LINE_FEED = 10;

/** The object of a line, or what is wrong with it. */
function parseObject(line: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `the line is not JSON: ${(error as SyntaxError).message}`;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : 'the line is JSON but not an object, such as {"text": "…", "target": 1}';
}

function keyProblems(columns: readonly string[], object: Readonly<Record<string, unknown>>): string[] {
  const missing = columns.filter((column) => !Object.hasOwn(object, column));
  const added = Object.keys(object).filter((key) => !columns.includes(key));
  return [
    ...(missing.length > 0 ? [`the line lacks ${counted(missing.length, 'key')} of the first line: ${quotedList(missing)}`] : []),
    ...(added.length > 0 ? [`the line has ${counted(added.length, 'key')} that the first line lacks: ${quotedList(added)}`] : []),
  ];
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
