import { counted, quoted, quotedList } from './problems.ts';
import { MAX_COLUMNS, MOST_PROBLEMS, type PlacedProblem, type Records } from './records.ts';

/**
 * The records of a file with one JSON object a line. The first one's keys are the columns, and every other line has to have
 * the same keys in any order. `null` becomes the empty text, other values that are not text their JSON. Empty lines are skipped.
 */
export function parseJsonl(bytes: Uint8Array): Records {
  const rows: string[][] = [];
  const starts: number[] = [];
  const problems: PlacedProblem[] = [];
  let columns: readonly string[] | undefined;
  const decoder = new TextDecoder();
  for (let offset = 0, end: number; offset < bytes.length && problems.length < MOST_PROBLEMS; offset = end) {
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
    columns ??= Object.keys(object);
    if (columns.length > MAX_COLUMNS) break;
    const row = columns.map((key) => cellText(Object.hasOwn(object, key) ? object[key] : null));
    for (const message of [...keyProblems(columns, object), ...textProblems(columns, row)]) problems.push({ message, offset });
    rows.push(row);
  }
  return { columns: columns ?? [], rows, starts, problems };
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
  if (isObject) return isTooDeep(value as Record<string, unknown>) ? 'the line is nested too deep' : (value as Record<string, unknown>);
  return 'the line is JSON but not an object, such as {"text": "…", "target": 1}';
}

function keyProblems(columns: readonly string[], object: Readonly<Record<string, unknown>>): string[] {
  const missing = columns.filter((column) => !Object.hasOwn(object, column));
  const keys = Object.keys(object);
  if (missing.length === 0 && keys.length === columns.length) return [];
  const known = new Set(columns);
  const added = keys.filter((key) => !known.has(key));
  return [
    ...(missing.length > 0 ? [`the line lacks ${counted(missing.length, 'key')} of the first line: ${quotedList(missing)}`] : []),
    ...(added.length > 0 ? [`the line has ${counted(added.length, 'key')} that the first line lacks: ${quotedList(added)}`] : []),
  ];
}

/** What JSON can write and a text file cannot hold. */
function textProblems(columns: readonly string[], row: readonly string[]): string[] {
  return columns.flatMap((name, i) => {
    const wrong = [name, row[i] ?? ''].map(notText).find((found) => found !== undefined);
    return wrong === undefined ? [] : [`the key ${quoted(name)} or its value holds ${wrong}`];
  });
}

function notText(text: string): string | undefined {
  if (text.includes('\0')) return 'a NUL character';
  return /\p{Cs}/u.test(text) ? 'half of a character (a lone surrogate)' : undefined;
}

function cellText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Reading JSON takes any depth, and writing it does not. */
function isTooDeep(object: Readonly<Record<string, unknown>>): boolean {
  try {
    for (const value of Object.values(object)) if (typeof value === 'object') JSON.stringify(value);
    return false;
  } catch {
    return true;
  }
}
