import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { notAFile } from '../core/inputs.ts';
import { parseCsv } from './csv.ts';
import { parseJsonl } from './jsonl.ts';
import { counted, dataError, quoted } from './problems.ts';
import { MAX_COLUMNS, MOST_PROBLEMS, type PlacedProblem, type Records } from './records.ts';

export type TableFormat = 'csv' | 'tsv' | 'jsonl';

/** Rows of text with named columns. Row i of the arrays is data row i + 1 in messages. */
export interface Table {
  /** The file's name, for messages. */
  readonly file: string;
  readonly columns: readonly string[];
  /** [rows, columns] */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file, from 1, on which each row starts. */
  readonly lines: Int32Array;
}

/** Reads a table; the format follows from the ending. Everything that is wrong with the file comes in one `data` error. */
export async function readTable(path: string): Promise<Table> {
  const format = formatOf(path);
  let bytes: Uint8Array;
  try {
    const kind = notAFile(path);
    if (kind !== undefined) throw new Error(`it is ${kind}`);
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
  return parseTable(bytes, path, format);
}

/** The table in the bytes of a file in UTF-8; `file` is its name in messages. */
export async function parseTable(bytes: Uint8Array, file: string, format: TableFormat): Promise<Table> {
  checkEncoding(bytes, file);
  const skipped = startsWith(bytes, UTF8_MARK) ? UTF8_MARK.length : 0;
  const text = bytes.subarray(skipped);
  const records = format === 'jsonl' ? parseJsonl(text) : await parseCsv(text, format === 'tsv' ? '\t' : ',');
  const semicolons = format === 'csv' && records.columns.length === 1 && records.columns[0]?.includes(';') === true;
  if (semicolons) throw dataError(`${file} has no commas`, file, [{ message: 'the columns are separated by semicolons', file, line: 1 }], remedies.csv);
  const placed = [...byteProblems(text, skipped), ...records.problems].sort((a, b) => a.offset - b.offset);
  const problems = [...headerProblems(records), ...locate(text, records.starts, placed), ...longFields(records)].map((problem) => ({ ...problem, file }));
  if (problems.length > 0) throw dataError(`${file} cannot be read as a table: ${counted(problems.length, 'problem')}`, file, problems, remedies[format]);
  return { file, columns: records.columns, rows: records.rows, lines: lineNumbers(text, records.starts) };
}

/** The values of a column, or undefined where there is no such column. */
export function columnOf(table: Table, name: string): readonly string[] | undefined {
  const column = table.columns.indexOf(name);
  return column === -1 ? undefined : table.rows.map((row) => row[column]!);
}

const remedies: Readonly<Record<TableFormat, string>> = {
  csv: 'Save the file as CSV in UTF-8, with the column names on the first line and quotes around fields that hold commas, quotes or line breaks.',
  tsv: 'Save the file as tab-separated text in UTF-8, with the column names on the first line.',
  jsonl: 'Save the file with one JSON object a line, in UTF-8, each with the same keys.',
};

/** No text that a classifier reads is longer; a longer field is the rest of a file after a stray quote. */
const MAX_FIELD_LENGTH = 1_000_000;

const UTF8_MARK = [0xef, 0xbb, 0xbf];
const UTF16_MARKS = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

function formatOf(path: string): TableFormat {
  const ending = extname(path).slice(1).toLowerCase();
  if (ending === 'csv' || ending === 'tsv' || ending === 'jsonl') return ending;
  const message = ending === '' ? 'the name has no ending' : `the ending .${ending} is unknown`;
  throw dataError(`${path} is not a kind of file that can be read`, path, [{ message, file: path }], 'Data files end in .csv, .tsv or .jsonl.');
}

function unreadable(path: string, error: NodeJS.ErrnoException): OrtrainError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a directory',
    EACCES: 'reading it is not permitted',
    ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new OrtrainError('data', `${path} cannot be read`, {
    subject: path,
    problems: [{ message: reason, file: path }],
    remedy: 'Check the path; relative ones start at the working directory.',
    cause: error,
  });
}

function checkEncoding(bytes: Uint8Array, file: string): void {
  const isUtf16 = UTF16_MARKS.some((mark) => startsWith(bytes, mark));
  if (isUtf16) throw dataError(`${file} is not UTF-8`, file, [{ message: 'the file is in UTF-16', file }], 'Save the file in UTF-8.');
  if (bytes.length === 0) throw dataError(`${file} is empty`, file, [{ message: 'the file has no bytes', file }], 'Check that the file was written to its end.');
}

/** Bytes that no text in UTF-8 holds. Messages count from the beginning of the file, where `skipped` bytes stand before these. */
function byteProblems(bytes: Uint8Array, skipped: number): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  for (let offset = bytes.indexOf(0); offset !== -1 && problems.length < MOST_PROBLEMS; offset = bytes.indexOf(0, offset + 1)) {
    problems.push({ message: `byte ${skipped + offset + 1} of the file is NUL`, offset });
  }
  if (isUtf8(bytes)) return problems;
  for (const offset of invalidBytes(bytes)) {
    problems.push({ message: `byte ${skipped + offset + 1} of the file (0x${bytes[offset]!.toString(16)}) is not valid UTF-8`, offset });
  }
  return problems;
}

/** Offsets of the first invalid byte of each line that is not UTF-8. A line end is never part of a longer character. */
function invalidBytes(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let start = 0, end: number; start < bytes.length && offsets.length < MOST_PROBLEMS; start = end) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    const line = bytes.subarray(start, end);
    if (!isUtf8(line)) offsets.push(start + validPrefix(line));
  }
  return offsets;
}

/** How many bytes of the beginning are valid UTF-8: what decoding and encoding keep. */
function validPrefix(bytes: Uint8Array): number {
  const kept = Buffer.from(Buffer.from(bytes).toString('utf8'), 'utf8');
  let length = 0;
  while (length < bytes.length && kept[length] === bytes[length]) length++;
  // A cut character may begin like the sign that decoding puts in its place.
  while (!isUtf8(bytes.subarray(0, length))) length--;
  return length;
}

function headerProblems({ columns, rows, problems }: Records): Problem[] {
  if (columns.length === 0) return problems.length > 0 ? [] : [{ message: 'the file has no header and no rows', line: 1 }];
  if (columns.length > MAX_COLUMNS) return [{ message: `the file has ${columns.length} columns, more than ${MAX_COLUMNS}`, line: 1 }];
  const found: Problem[] = [];
  columns.forEach((name, i) => {
    if (name.trim() === '') found.push({ message: `column ${i + 1} has no name`, line: 1 });
    else if (columns.indexOf(name) < i) found.push({ message: `columns ${columns.indexOf(name) + 1} and ${i + 1} are both named ${quoted(name)}`, line: 1, field: name });
  });
  if (rows.length === 0 && problems.length === 0) found.push({ message: 'the file has a header and no rows', line: 1 });
  return found;
}

function longFields({ columns, rows }: Records): Problem[] {
  const found: Problem[] = [];
  rows.forEach((row, i) =>
    row.forEach((field, column) => {
      if (field.length <= MAX_FIELD_LENGTH) return;
      const name = columns[column];
      found.push({ message: `a field of ${field.length} characters, more than ${MAX_FIELD_LENGTH}`, row: i + 1, ...(name === undefined ? {} : { field: name }) });
    }),
  );
  return found;
}

/** Byte offsets turned into lines of the file and, below the header, data rows. `starts` and the problems' offsets ascend. */
function locate(bytes: Uint8Array, starts: readonly number[], problems: readonly PlacedProblem[]): Problem[] {
  if (problems.length === 0) return [];
  const lines = lineNumbers(bytes, problems.map(({ offset }) => offset));
  let row = 0;
  return problems.map(({ message, offset }, i) => {
    while (row < starts.length && starts[row]! <= offset) row++;
    return { message, line: lines[i]!, ...(row === 0 ? {} : { row }) };
  });
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The line, from 1, of each of the ascending byte offsets. Lines end in LF, CRLF or CR. */
function lineNumbers(bytes: Uint8Array, offsets: readonly number[]): Int32Array {
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

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}
