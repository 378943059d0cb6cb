import type { CsvError } from 'csv-parse/sync';
import { counted, quoted } from './problems.ts';
import { MAX_COLUMNS, MOST_PROBLEMS, type PlacedProblem, type Records } from './records.ts';

/**
 * The records of a comma-separated (RFC 4180) or tab-separated text in UTF-8, without a byte order mark; the first record
 * holds the columns. Empty lines are skipped, line ends may be LF, CRLF or CR. Quotes inside an unquoted field are refused
 * in CSV and taken as they are in TSV, where few programs escape them.
 */
export async function parseCsv(bytes: Uint8Array, delimiter: ',' | '\t'): Promise<Records> {
  const { parse } = await import('csv-parse/sync');
  const records: string[][] = [];
  const starts: number[] = [];
  const problems: PlacedProblem[] = [];
  let end = 0;
  try {
    parse(bytes, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: delimiter === '\t',
      skip_empty_lines: true,
      max_record_size: 0,
      // Collected here, not from the return value, so that the records before a syntax error are known.
      on_record: (record: string[], info) => {
        const offset = afterLineEnds(bytes, end);
        const width = records[0]?.length ?? record.length;
        const fits = record.length === width;
        if (!fits) problems.push({ message: `the row has ${counted(record.length, 'field')}, the header has ${width}`, offset });
        records.push(fits ? record : []); // which may be any number of fields, and is refused
        starts.push(offset);
        end = info.bytes_records;
        if (width > MAX_COLUMNS || problems.length === MOST_PROBLEMS) throw ENOUGH;
        return null;
      },
    });
  } catch (error) {
    if (error !== ENOUGH) {
      const offset = afterLineEnds(bytes, end);
      starts.push(offset);
      problems.push({ message: syntaxMessage(error, records[0]), offset });
    }
  }
  const [columns = [], ...rows] = records;
  return { columns, rows, starts: starts.slice(1), problems };
}

/** RFC 4180 text with a header line and LF line ends. Numbers are written so that reading them gives the same number. */
export function writeCsv(columns: readonly string[], rows: Iterable<readonly (string | number)[]>): string {
  const lines = [formatRecord(columns)];
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
  return /[",\r\n]|^\uFEFF/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
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
  if (code === ('INVALID_OPENING_QUOTE' as string)) return `a quote stands in the middle of an unquoted field${where}`;
  throw error;
}
