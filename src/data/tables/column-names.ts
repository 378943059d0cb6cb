import { closeSync, openSync, readSync } from 'node:fs';
import { encodingOf } from '../../core/encodings.ts';
import { notAFile } from '../../core/inputs.ts';
import { tableKind } from '../../core/table-files.ts';
import { decoded } from './bytes/decode.ts';
import { parseCsv } from './formats/csv.ts';
import { parseTsv } from './formats/tsv.ts';
import { namedColumns } from './header.ts';
import { readTable, type TableFile } from './table.ts';

/** Longer headers there are none of. */
const BEGINNING = 65_536;

/**
 * The columns of a table, of which no more is read than has to be; none where it cannot be read, which is told by whoever reads it as a
 * whole.
 */
export async function columnNames(file: TableFile): Promise<readonly string[]> {
  if (file.columns !== undefined && file.columns !== null) return file.columns;
  const { format, packing } = tableKind(file.path) ?? {};
  try {
    const isPlain = packing === null && (format === 'csv' || format === 'tsv') && notAFile(file.path) === undefined;
    const header = isPlain ? await headerOf(file, format) : undefined;
    return header ?? (await readTable(file)).columns;
  } catch {
    return [];
  }
}

/** Of the beginning of the file; undefined where it does not hold a whole line. */
async function headerOf({ path, encoding }: TableFile, format: 'csv' | 'tsv'): Promise<readonly string[] | undefined> {
  const bytes = new Uint8Array(BEGINNING);
  const file = openSync(path, 'r');
  try {
    const read = readSync(file, bytes, 0, BEGINNING, 0);
    const text = decoded(bytes.subarray(0, read), encodingOf(encoding ?? 'utf-8') ?? 'utf-8');
    if ('refused' in text || !text.bytes.includes(LINE_FEED)) return undefined;
    const { columns, rows } = await (format === 'csv' ? parseCsv(text.bytes, undefined) : parseTsv(text.bytes, undefined));
    return rows.length === 0 ? undefined : namedColumns(columns).columns;
  } finally {
    closeSync(file);
  }
}

const LINE_FEED = 10;
