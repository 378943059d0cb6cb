import { valueAt } from '../../../core/values.ts';
import { plural } from '../../../core/text.ts';
import type { CsvError } from 'csv-parse/sync';
import { quoted } from '../../problems.ts';
import { MAX_COLUMNS, MOST_PROBLEMS, type PlacedProblem, type Records } from '../records.ts';
import { swallowedRows, type Span } from './swallowed.ts';

/**
 * The records of a comma-separated text (RFC 4180) in UTF-8, without a byte order mark; the first record holds the columns unless
 * they are given. Empty lines are skipped, line ends may be LF, CRLF or CR. Quotes inside an unquoted field are refused.
 */
export async function parseCsv(bytes: Uint8Array, columns?: readonly string[]): Promise<Records> {
  const { parse } = await import('csv-parse/sync');
  const rows: (readonly string[])[] = [];
  const starts: number[] = [];
  const problems: PlacedProblem[] = [];
  const spans: Span[] = [];
  let header = columns;
  let end = 0;
  try {
    parse(bytes, {
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 0,
      // Collected here, not from the return value, so that the records before a syntax error are known.
      on_record: (record: string[], info) => {
        const offset = afterLineEnds(bytes, end);
        end = info.bytes_records;
        if (header === undefined) {
          header = record;
          if (header.length > MAX_COLUMNS) throw ENOUGH;
          return null;
        }
        const row = fitted(record, header);
        if (row === undefined)
          problems.push({ message: raggedMessage(record.length, header, columns), offset, kind: 'ragged', fields: record.length });
        else if (record.some((field) => /[\r\n]/.test(field))) spans.push({ row: rows.length, start: offset, end });
        rows.push(row ?? []); // a ragged row may have any number of fields
        starts.push(offset);
        if (problems.length === MOST_PROBLEMS) throw ENOUGH;
        return null;
      },
    });
  } catch (error) {
    if (error !== ENOUGH) {
      const offset = afterLineEnds(bytes, end);
      if (header !== undefined) starts.push(offset);
      problems.push({ message: syntaxMessage(error, header), offset, kind: 'quote' });
    }
  }
  return {
    columns: header ?? [],
    rows,
    starts,
    problems: [...problems, ...swallowedRows(bytes, header ?? [], rows, spans)].sort((a, b) => a.offset - b.offset),
  };
}

/** A row with a field for every column; fields may be left out at the end for columns that have no name. Undefined where it has others. */
export function fitted(fields: readonly string[], header: readonly string[]): readonly string[] | undefined {
  if (fields.length === header.length) return fields;
  if (fields.length > header.length || header.slice(fields.length).some((name) => name.trim() !== '')) return undefined;
  return [...fields, ...Array.from({ length: header.length - fields.length }, () => '')];
}

export function raggedMessage(fields: number, header: readonly string[], given: readonly string[] | undefined): string {
  return `the row has ${plural(fields, 'field')}, ${given === undefined ? 'the header has' : 'and columns names'} ${header.length}`;
}

/** Records without a header, as those of `writeCsv`. */
export function writeRecords(rows: Iterable<readonly (string | number)[]>): string {
  return Array.from(rows, formatRecord).join('');
}

/** RFC 4180 text with a header line and LF line ends. Numbers are written so that reading them gives the same number. */
export function writeCsv(columns: readonly string[], rows: Iterable<readonly (string | number)[]>): string {
  // The only name in a header is quoted: one with a semicolon or a tab in it would look like several.
  const lines = [columns.length === 1 ? `${quotedField(valueAt(columns, 0))}\n` : formatRecord(columns)];
  for (const row of rows) lines.push(formatRecord(row));
  return lines.join('');
}

function formatRecord(values: readonly (string | number)[]): string {
  const line = values.map(formatField).join(',');
  // A lone empty field would be an empty line, which readers skip.
  return line === '' ? '""\n' : `${line}\n`;
}

function formatField(value: string | number): string {
  const text = String(value);
  // A leading byte order mark would be taken for the file's own.
  return /[",\r\n]|^\uFEFF/.test(text) ? quotedField(text) : text;
}

function quotedField(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** Ends the reading of what is no table. */
const ENOUGH = new Error('enough');

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

function afterLineEnds(bytes: Uint8Array, offset: number): number {
  while (bytes[offset] === LINE_FEED || bytes[offset] === CARRIAGE_RETURN) offset++;
  return offset;
}

/** What csv-parse's error says about the text; an error of another kind is thrown again. */
function syntaxMessage(error: unknown, columns: readonly string[] | undefined): string {
  const { code, column } = error as CsvError & { readonly column?: unknown };
  const name = typeof column === 'number' ? columns?.[column] : undefined;
  const where = name === undefined ? '' : ` in column ${quoted(name)}`;
  if (code === 'CSV_QUOTE_NOT_CLOSED') return `a quote is opened${where} and never closed`;
  if (code === 'CSV_INVALID_CLOSING_QUOTE') return `text follows a closing quote${where}; a quote inside a quoted field is written twice`;
  if (code === ('INVALID_OPENING_QUOTE' as string)) return `an unquoted field contains a quote${where}`;
  throw error;
}
