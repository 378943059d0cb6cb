import { lookup, valueAt } from '../../../core/values.ts';
import { isObject } from '../../../core/shapes.ts';
import { quoted } from '../../problems.ts';
import { MAX_COLUMNS, MOST_PROBLEMS, type Absences, type PlacedProblem, type ProblemKind, type Records } from '../records.ts';
import { afterSpaces, elementsOf, endOfValue, membersOf, type Span } from './json-scan.ts';

/**
 * The records of a file with one JSON object a line; empty lines are skipped. The columns are the keys of all objects, in the order in
 * which they first come. `null` and a key that is not there become the empty text, numbers stay as they are written, and what is
 * neither text nor a number becomes its JSON.
 */
export function parseJsonl(bytes: Uint8Array): Records {
  return recordsOf(bytes, linesOf(bytes), 'line', []);
}

/** The records of a file that is an array of JSON objects, as those of JSON lines. */
export function parseJsonArray(bytes: Uint8Array): Records {
  const { elements, wrong } = elementsOf(bytes);
  return recordsOf(bytes, elements, 'element', wrong === undefined ? [] : [{ ...wrong, kind: 'json' }]);
}

const LINE_FEED = 10;

function* linesOf(bytes: Uint8Array): Generator<Span> {
  for (let start = 0, end: number; start < bytes.length; start = end + 1) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    end = lineFeed === -1 ? bytes.length : lineFeed;
    const from = afterSpaces(bytes, start);
    if (from < end) yield { start: from, end };
  }
}

function recordsOf(bytes: Uint8Array, pieces: Iterable<Span>, unit: 'line' | 'element', around: readonly PlacedProblem[]): Records {
  const columns = new Map<string, number>();
  const rows: string[][] = [];
  const starts: number[] = [];
  const problems: PlacedProblem[] = [];
  const firstRow = new Map<string, number>();
  const absent = new Map<string, number[]>();
  let present = 0;
  for (const piece of pieces) {
    if (problems.length >= MOST_PROBLEMS) break;
    const row: string[] = [];
    const report = (message: string, kind: ProblemKind = 'json'): void => void problems.push({ message, offset: piece.start, kind });
    starts.push(piece.start);
    rows.push(row);
    const wrong = whyNoObject(bytes, piece, unit);
    if (wrong !== undefined) {
      report(...wrong);
      continue;
    }
    const seen = new Set<string>();
    for (const { key, value } of membersOf(bytes, piece)) {
      const name = String(parsed(bytes, key));
      if (seen.has(name)) report(`the key ${quoted(name)} occurs twice in the ${unit}`);
      seen.add(name);
      if (!columns.has(name)) {
        columns.set(name, columns.size);
        firstRow.set(name, rows.length);
      }
      const cell = cellText(bytes, value);
      const unwritable = notText(name) ?? notText(cell);
      if (unwritable !== undefined) report(`the key ${quoted(name)} or its value holds ${unwritable}`);
      row[lookup(columns, name)] = cell;
    }
    if (columns.size > MAX_COLUMNS) break;
    present += seen.size;
    if (seen.size < columns.size) for (const name of columns.keys()) if (!seen.has(name)) noteAbsence(absent, name, rows.length);
    if (rows.length * columns.size - present > MOST_ABSENT) {
      report(`the objects have ${columns.size} different keys in ${rows.length} ${unit}s, more than a table can hold`);
      break;
    }
  }
  for (const [name, first] of firstRow)
    if (first > 1) absent.set(name, [...Array.from({ length: first - 1 }, (_, i) => i + 1), ...(absent.get(name) ?? [])]);
  for (const row of rows) for (let column = 0; column < columns.size; column += 1) row[column] ??= '';
  const all = [...problems, ...around].sort((a, b) => a.offset - b.offset);
  return { columns: [...columns.keys()], rows, starts, problems: all, absent: absent satisfies Absences };
}

/** Cells of a sparse table take memory that its file does not. */
const MOST_ABSENT = 50_000_000;

function noteAbsence(absent: Map<string, number[]>, name: string, row: number): void {
  const rows = absent.get(name);
  if (rows === undefined) absent.set(name, [row]);
  else rows.push(row);
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array, { start, end }: Span): string {
  return decoder.decode(bytes.subarray(start, end));
}

function parsed(bytes: Uint8Array, span: Span): unknown {
  return JSON.parse(textOf(bytes, span)) as unknown;
}

/** What is wrong with a piece that has to be an object. */
function whyNoObject(bytes: Uint8Array, piece: Span, unit: string): readonly [message: string, kind: ProblemKind] | undefined {
  let value: unknown;
  try {
    value = parsed(bytes, piece);
  } catch (error) {
    const text = textOf(bytes, piece);
    const word = /[:[,] ?(NaN|-?Infinity)\b/.exec(text.slice(0, LONGEST_SEARCH))?.[1];
    if (word !== undefined) return [`the ${unit} is not JSON: ${word} is no value there`, 'json-numbers'];
    if (/^\{\s*'/.test(text)) return [`the ${unit} is not JSON: its names are in single quotes`, 'json-quotes'];
    if (unit === 'line' && /\}\s*,\s*$/.test(text)) return ['the line is not JSON: a comma follows the object', 'json-commas'];
    return [`the ${unit} is not JSON: ${(error as SyntaxError).message}`, 'json'];
  }
  return isObject(value) ? undefined : [`the ${unit} is JSON but not an object, such as {"text": "…", "target": 1}`, 'json'];
}

const LONGEST_SEARCH = 100_000;

/** What JSON can write and a text file cannot hold. */
function notText(text: string): string | undefined {
  if (text.includes('\0')) return 'a NUL character';
  return /\p{Cs}/u.test(text) ? 'half of a character (a lone surrogate)' : undefined;
}

function cellText(bytes: Uint8Array, value: Span): string {
  const source = textOf(bytes, value);
  if (source === 'null') return '';
  if (source.startsWith('"')) return JSON.parse(source) as string;
  return source.startsWith('{') || source.startsWith('[') ? compact(bytes, value) : source;
}

/** JSON without spaces, its texts as `JSON.stringify` writes them and its numbers as they stand there. */
function compact(bytes: Uint8Array, { start, end }: Span): string {
  const parts: string[] = [];
  for (let at = start; at < end; ) {
    at = afterSpaces(bytes, at);
    const isText = bytes[at] === 34;
    const isScalar = !isText && !PUNCTUATION.has(valueAt(bytes, at));
    const next = isText || isScalar ? Math.max(at + 1, endOfValue(bytes, at, end) ?? end) : at + 1;
    const part = textOf(bytes, { start: at, end: Math.min(next, end) });
    parts.push(isText ? JSON.stringify(JSON.parse(part)) : part);
    at = next;
  }
  return parts.join('');
}

const PUNCTUATION = new Set([...'{}[],:'].map((character) => character.charCodeAt(0)));
