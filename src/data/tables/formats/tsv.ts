import { valueAt } from '../../../core/values.ts';
import { fitted, raggedMessage } from './csv.ts';
import { MAX_COLUMNS, MOST_PROBLEMS, type PlacedProblem, type Records } from '../records.ts';

/**
 * The records of a tab-separated text in UTF-8, without a byte order mark; the first record holds the columns unless they are given.
 * Every line is a row, whatever quotes stand in it. A field is quoted where it begins with a quote and ends with one on the same line,
 * those between them written twice; every other quote is a character like any other. Where a quoted field would hold tabs, the reading
 * counts that has as many fields as there are columns. A quoted field that continues on the next line is a problem with both lines.
 */
export function parseTsv(bytes: Uint8Array, columns?: readonly string[]): Records {
  const decoder = new TextDecoder();
  const rows: (readonly string[])[] = [];
  const starts: number[] = [];
  let problems: PlacedProblem[] = [];
  let header = columns;
  /** The last line whose last field begins with a quote that is not closed there. */
  let opened: { readonly offset: number; readonly line: number } | undefined;
  let line = 0;
  for (const [offset, end] of linesOf(bytes)) {
    if (problems.length >= MOST_PROBLEMS) break;
    line += 1;
    if (end === offset) continue;
    const text = decoder.decode(bytes.subarray(offset, end));
    if (header === undefined) {
      header = fieldsOf(text);
      if (header.length > MAX_COLUMNS) break;
      continue;
    }
    const fields = fieldsOf(text, header.length);
    const row = fitted(fields, header);
    const begun = opened;
    starts.push(offset);
    rows.push(row ?? []);
    if (begun !== undefined && (row === undefined || header.length === 1) && closesQuote(text)) {
      problems = problems.filter((problem) => problem.offset < begun.offset);
      problems.push({
        message: `a quoted field begins in line ${begun.line} and ends in line ${line}; in a tab-separated file a row is one line`,
        offset: begun.offset,
        kind: 'tsv-quote',
      });
      opened = undefined;
      continue;
    }
    if (row === undefined)
      problems.push({ message: raggedMessage(fields.length, header, columns), offset, kind: 'ragged', fields: fields.length });
    if (opensQuote(text)) opened = { offset, line };
    else if (row !== undefined && header.length > 1) opened = undefined;
  }
  return { columns: header ?? [], rows, starts, problems };
}

/** The fields of a line. Of the two readings of a quoted field with tabs in it, the one that has `width` fields counts. */
function fieldsOf(line: string, width?: number): readonly string[] {
  if (!line.includes('"')) return line.split('\t');
  const withTabs = splitQuoted(line);
  if (width === undefined || withTabs.length === width) return withTabs;
  const plain = line.split('\t').map(unquoted);
  return plain.length === width ? plain : withTabs;
}

/** Splits at tabs outside of quoted fields. */
function splitQuoted(line: string): readonly string[] {
  const fields: string[] = [];
  for (let start = 0; start <= line.length; ) {
    const tab = line.indexOf('\t', start);
    const end = closingQuote(line, start) ?? (tab === -1 ? line.length : tab);
    fields.push(unquoted(line.slice(start, end)));
    start = end + 1;
  }
  return fields;
}

/** Where a quoted field ends that begins at `start`: behind a quote that is not written twice, before a tab or the line's end. */
function closingQuote(line: string, start: number): number | undefined {
  if (line[start] !== '"') return undefined;
  for (let at = line.indexOf('"', start + 1); at !== -1; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] !== '"') return at + 1 === line.length || line[at + 1] === '\t' ? at + 1 : undefined;
  }
  return undefined;
}

function unquoted(field: string): string {
  return field.length > 1 && closingQuote(field, 0) === field.length ? field.slice(1, -1).replaceAll('""', '"') : field;
}

/** Whether the last field of a line begins with a quote and has no other that could end it. */
function opensQuote(line: string): boolean {
  const last = line.slice(line.lastIndexOf('\t') + 1);
  return last.startsWith('"') && !last.slice(1).replaceAll('""', '').includes('"');
}

/** Whether the first field of a line ends with a quote that ends a quoted field, and does not begin with one. */
function closesQuote(line: string): boolean {
  const first = valueAt(line.split('\t', 1), 0);
  let quotes = 0;
  while (quotes < first.length && first[first.length - 1 - quotes] === '"') quotes += 1;
  return !first.startsWith('"') && quotes % 2 === 1;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Start and end of every line, without its LF, CRLF or CR. */
function* linesOf(bytes: Uint8Array): Generator<readonly [start: number, end: number]> {
  const next = (byte: number, from: number): number => {
    const at = bytes.indexOf(byte, from);
    return at === -1 ? bytes.length : at;
  };
  let [lineFeed, carriageReturn] = [next(LINE_FEED, 0), next(CARRIAGE_RETURN, 0)];
  for (let start = 0; start < bytes.length; ) {
    if (lineFeed < start) lineFeed = next(LINE_FEED, start);
    if (carriageReturn < start) carriageReturn = next(CARRIAGE_RETURN, start);
    const end = Math.min(lineFeed, carriageReturn);
    yield [start, end];
    start = carriageReturn + 1 === lineFeed ? lineFeed + 1 : end + 1;
  }
}
