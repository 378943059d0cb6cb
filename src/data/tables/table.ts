import { valueAt } from '../../core/values.ts';
import { readFile } from 'node:fs/promises';
import { encodingOf, OTHER_ENCODINGS } from '../../core/encodings.ts';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import { notAFile, statsOf } from '../../core/inputs.ts';
import { TABLE_ENDINGS, tableKind, type TableFormat } from '../../core/table-files.ts';
import { plural } from '../../core/text.ts';
import { parseCsv } from './formats/csv.ts';
import { parseJsonl } from './formats/json.ts';
import { dataError, quotedList } from '../problems.ts';
import { MAX_COLUMNS, type Absences, type PlacedProblem, type Records } from './records.ts';
import { decoded } from './bytes/decode.ts';
import { headerless, looksLikeRow, namedColumns, notSeparated } from './header.ts';
import { lineNumbers, locate } from './lines.ts';
import { remedyFor } from './remedies.ts';
import { sniffed } from './bytes/sniff.ts';
import { unpacked } from './bytes/unpack.ts';
import { parseTsv } from './formats/tsv.ts';

/** How a table is to be read, where its bytes do not say it. */
export interface ReadOptions {
  /** A name of the WHATWG standard or of Python; UTF-8 where it is left out. */
  readonly encoding?: string;
  /** Names of the columns of a table without a header. */
  readonly columns?: readonly string[] | null;
}

/** A file, and how it is to be read. */
export interface TableFile extends ReadOptions {
  readonly path: string;
}

/** Rows of text with named columns. Row i of the arrays is data row i + 1 in messages. */
export interface Table {
  /** The file's name, for messages. */
  readonly file: string;
  readonly columns: readonly string[];
  /** [rows, columns] */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file, from 1, on which each row starts; empty for a file that has no lines. */
  readonly lines: Int32Array;
  /** Those of the columns that have no name in the file. */
  readonly unnamed?: ReadonlySet<string>;
  /** By column, the data rows, from 1, that have no value and no place for one: JSON without the key. */
  readonly absent?: Absences;
  /** Columns whose values are no text, and why; their cells are empty. */
  readonly unusable?: ReadonlyMap<string, string>;
  /** Whether the columns were named from outside. */
  readonly headerless?: boolean;
}

/** Reads a table; the format follows from the ending. Everything that is wrong with the file comes in one `data` error. */
export async function readTable(file: string | TableFile): Promise<Table> {
  const { path, ...options } = typeof file === 'string' ? { path: file } : file;
  const { bytes, format } = await readContent(path);
  return parseTable(bytes, path, format!, options);
}

/** What a file holds, unpacked, and the format that its name says; null only where any name will do. */
export async function readContent(
  path: string,
  anyName = false,
): Promise<{ readonly bytes: Uint8Array; readonly format: TableFormat | null }> {
  const kind = tableKind(path);
  if (kind === undefined && !anyName)
    throw statsOf(path)?.isDirectory() === true ? unreadable(path, { code: 'EISDIR' }) : unknownEnding(path);
  const packed = await readBytes(path);
  const { packing = null, format = null } = kind ?? {};
  if (packing === null) return { bytes: packed, format };
  const { bytes, name } = await unpacked(packed, packing, path);
  const inside = name === null ? undefined : tableKind(name);
  const found = format ?? inside?.format ?? null;
  const differs = inside !== undefined && (inside.packing !== null || inside.format !== found);
  if (!anyName && (found === null || differs)) {
    const problem = {
      message:
        `the archive holds ${quotedList([name ?? ''])}, ` +
        `${differs ? 'another kind of file than the name of the archive says' : 'whose extension is not that of a table'}`,
      file: path,
    };
    throw dataError(`${path} is not a kind of file that can be read`, path, [problem], TABLE_ENDINGS);
  }
  return { bytes, format: found };
}

/** The bytes of a file that a person named. Throws a `data` error that says why there are none. */
async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const kind = notAFile(path);
    if (kind !== undefined) throw new Error(`it is ${kind}`);
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

/** The table in the bytes of a file; `file` is its name in messages. */
export async function parseTable(bytes: Uint8Array, file: string, format: TableFormat, options: ReadOptions = {}): Promise<Table> {
  const refuse = (problem: Problem, remedy: string): OrtrainError =>
    dataError(`${file} cannot be read as a table`, file, [{ ...problem, file }], remedy);
  const encoding = encodingOf(options.encoding ?? 'utf-8');
  if (encoding === undefined) throw refuse({ message: `there is no encoding ${options.encoding}` }, OTHER_ENCODINGS);
  const { columns: given = null } = options;
  if (bytes.length === 0)
    throw dataError(`${file} is empty`, file, [{ message: 'the file has no bytes', file }], 'Check that the file was written to its end.');
  const other = sniffed(bytes, format, tableKind(file)?.ending ?? `.${format}`, encoding);
  if (other !== undefined)
    throw dataError(`${file} is not what its name says`, file, [{ message: `the file is ${other.is}`, file }], other.remedy);
  if (given !== null && (format === 'parquet' || format === 'json' || format === 'jsonl')) {
    throw refuse(
      { message: `columns names the columns of a table without a header, and ${format === 'parquet' ? 'Parquet' : 'JSON'} names its own` },
      'Leave out columns, or set columns: null for this table.',
    );
  }
  if (format === 'parquet') return (await import('./formats/parquet.ts')).parseParquet(bytes, file);

  const text = decoded(bytes, encoding);
  if ('refused' in text) throw refuse({ message: text.refused }, text.remedy);
  if (format === 'csv' || format === 'tsv') {
    const wrong = notSeparated(new TextDecoder().decode(text.bytes.subarray(0, SEEN_BYTES)), format);
    if (wrong !== undefined && (given === null || given.length > 1)) throw refuse({ message: wrong.message, line: 1 }, wrong.remedy);
  }
  const records = await recordsOf(text.bytes, format, given ?? undefined);
  if (given === null && format !== 'jsonl' && format !== 'json' && looksHeaderless(records, text.problems)) {
    const { message, remedy } = headerless(records.columns);
    throw refuse({ message, line: 1 }, remedy);
  }
  return tableOf(text.bytes, file, format, given !== null, records, text.problems);
}

/** The values of a column, or undefined where there is no such column. */
export function columnOf(table: Table, name: string): readonly string[] | undefined {
  const column = table.columns.indexOf(name);
  return column === -1 ? undefined : table.rows.map((row) => valueAt(row, column));
}

/** The values of a column that has to be there. Throws a `data` error where it is not. */
export function requiredColumn(table: Table, name: string): readonly string[] {
  const values = columnOf(table, name);
  if (values !== undefined) return values;
  const message = `${table.file} has no column ${quotedList([name])}, only ${quotedList(table.columns)}`;
  throw new OrtrainError('data', message, { subject: table.file });
}

/** The columns of a table, wherever they are kept. */
export interface TableColumns {
  readonly columns: readonly string[];
  /** Those that have no name in the file. */
  readonly unnamed: ReadonlySet<string>;
  /** The values of one of the columns. */
  column(name: string): readonly string[];
}

export function columnsOf(table: Table): TableColumns {
  return { columns: table.columns, unnamed: table.unnamed ?? new Set(), column: (name) => requiredColumn(table, name) };
}

/** Enough for the first lines of a table of texts. */
const SEEN_BYTES = 65_536;

/** No text that a classifier reads is longer; a longer field is the rest of a file after a stray quote. */
const MAX_FIELD_LENGTH = 1_000_000;

async function recordsOf(
  text: Uint8Array,
  format: Exclude<TableFormat, 'parquet'>,
  columns: readonly string[] | undefined,
): Promise<Records> {
  if (format === 'csv') return parseCsv(text, columns);
  if (format === 'tsv') return parseTsv(text, columns);
  if (format === 'jsonl') return parseJsonl(text);
  return (await import('./formats/json-file.ts')).parseJsonFile(text);
}

/** Names that come twice are no header's where they look like a row's cells. */
function looksHeaderless({ columns, rows }: Records, problems: readonly PlacedProblem[]): boolean {
  const named = columns.filter((name) => name.trim() !== '');
  return problems.length === 0 && (named.length === 0 || new Set(named).size < named.length) && looksLikeRow(columns, rows);
}

function tableOf(
  text: Uint8Array,
  file: string,
  format: TableFormat,
  isHeaderless: boolean,
  records: Records,
  byteProblems: readonly PlacedProblem[],
): Table {
  const placed = [...byteProblems, ...records.problems].sort((a, b) => a.offset - b.offset);
  const found = [...headerProblems(records, isHeaderless), ...locate(text, records.starts, placed), ...longFields(records)].map(
    (problem) => ({ ...problem, file }),
  );
  if (found.length > 0)
    throw dataError(
      `${file} cannot be read as a table: ${plural(found.length, 'problem')}`,
      file,
      found,
      remedyFor(format, placed, isHeaderless, records),
    );
  const { columns, unnamed } = namedColumns(records.columns);
  return {
    file,
    columns,
    rows: records.rows,
    lines: lineNumbers(text, records.starts),
    unnamed,
    ...(records.absent === undefined ? {} : { absent: records.absent }),
    headerless: isHeaderless,
  };
}

function headerProblems({ columns, rows, problems }: Records, isHeaderless: boolean): Problem[] {
  if (columns.length === 0) return problems.length > 0 ? [] : [{ message: 'the file has no header and no rows', line: 1 }];
  if (columns.length > MAX_COLUMNS) return [{ message: `the file has ${columns.length} columns, more than ${MAX_COLUMNS}`, line: 1 }];
  const found: Problem[] = [];
  if (
    isHeaderless &&
    rows[0]?.length === columns.length &&
    rows[0].filter((cell, i) => cell.trim() === columns[i]).length > columns.length / 2
  ) {
    found.push({ message: 'the first line holds the names that columns gives, so the table has a header', line: 1, row: 1 });
  }
  if (columns.every((name) => name.trim() === '')) found.push({ message: 'the first line names no column', line: 1 });
  const first = new Map<string, number>();
  columns.forEach((name, i) => {
    const before = first.get(name);
    if (name.trim() !== '' && before !== undefined)
      found.push({ message: `columns ${before + 1} and ${i + 1} are both named ${quotedList([name])}`, line: 1, field: name });
    first.set(name, before ?? i);
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
      found.push({
        message: `a field of ${field.length} characters, more than ${MAX_FIELD_LENGTH}`,
        row: i + 1,
        ...(name === undefined ? {} : { field: name }),
      });
    }),
  );
  return found;
}

function unknownEnding(path: string): OrtrainError {
  const ending = /\.[^./\\]*$/.exec(path)?.[0];
  const remedies: Readonly<Record<string, string>> = {
    '.xlsx': 'Save the sheet as CSV in UTF-8.',
    '.xls': 'Save the sheet as CSV in UTF-8.',
    '.ods': 'Save the sheet as CSV in UTF-8.',
  };
  const message = path.endsWith('/')
    ? 'the path ends in a slash, as that of a folder'
    : ending === undefined || ending === '.'
      ? 'the name has no ending'
      : `the ending ${ending} is unknown`;
  return dataError(
    `${path} is not a kind of file that can be read`,
    path,
    [{ message, file: path }],
    `${remedies[ending ?? ''] ?? ''} ${TABLE_ENDINGS} (With predict, --format says it for any other name.)`.trim(),
  );
}

function unreadable(path: string, error: Partial<NodeJS.ErrnoException>): OrtrainError {
  const reasons: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
    ENOENT: ['there is no such file', 'Check the path; relative ones start at the working directory.'],
    ENOTDIR: ['there is no such file', 'Check the path; relative ones start at the working directory.'],
    EISDIR: ['it is a directory', 'Name a file in it.'],
    EACCES: ['reading it is not permitted', 'Change its permissions, or name a copy of it.'],
    ELOOP: ['its links go in a circle', 'Name the file itself.'],
    ENAMETOOLONG: ['its name is too long', 'Check the path.'],
    ERR_FS_FILE_TOO_LARGE: ['it is larger than 2 GiB', 'Divide it, or leave out columns that are not used.'],
  };
  const [reason, remedy] = reasons[error.code ?? ''] ?? [
    error.message ?? '',
    error.message?.includes('directory') === true
      ? 'Name a file in it.'
      : 'Name a file on a disk; pipeline predict reads from a pipe with --input -.',
  ];
  return new OrtrainError('data', `${path} cannot be read`, {
    subject: path,
    problems: [{ message: reason, file: path }],
    remedy,
    cause: error,
  });
}
