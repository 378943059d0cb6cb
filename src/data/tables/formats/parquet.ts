import { valueAt } from '../../../core/values.ts';
import type { Problem } from '../../../core/errors.ts';
import { plural } from '../../../core/text.ts';
import { dataError, quoted, quotedList } from '../../problems.ts';
import { MAX_COLUMNS } from '../records.ts';
import type { Table } from '../table.ts';
import { namedColumns } from '../header.ts';
import { cellsOf } from './parquet-cells.ts';
import { decodeParquet, type Answer, type ColumnInfo } from './parquet-worker.ts';

/**
 * The table in a Parquet file. Integers keep all their digits, floats are written as pandas writes them (`1.0`), dates and times too;
 * null and NaN become the empty text; lists, maps and structures become their JSON. A column of bytes that are no text is unusable.
 */
export async function parseParquet(bytes: Uint8Array, file: string): Promise<Table> {
  const broken = (message: string, remedy = 'Write the file again, or fetch it again.'): Error => {
    const problem: Problem = { message, file };
    return dataError(`${file} cannot be read as Parquet`, file, [problem], remedy);
  };
  if (Buffer.from(bytes.subarray(-4)).toString('latin1') !== 'PAR1')
    throw broken('the file does not end as Parquet ends: it was cut short');
  const read: { rows: number; columns: readonly ColumnInfo[]; failed: (Answer & { readonly kind: 'failed' }) | undefined } = {
    rows: 0,
    columns: [],
    failed: undefined,
  };
  const values: (readonly unknown[])[] = [];
  const megabytes = bytes.length / 2 ** 20;
  const failure = await decodeParquet(
    bytes,
    Math.min(MOST_MEGABYTES, BASE_MEGABYTES + MEGABYTES_FOR_EACH * megabytes),
    BASE_SECONDS + SECONDS_FOR_EACH * megabytes,
    (answer) => {
      if (answer.kind === 'columns') Object.assign(read, { rows: answer.rows, columns: answer.columns });
      else if (answer.kind === 'values') values[answer.column] = answer.values;
      else if (answer.kind === 'failed') read.failed = answer;
    },
  );
  if (failure === 'too slow') throw broken('reading the file does not come to an end: it is damaged');
  if (failure === 'too large')
    throw broken(
      'what the file holds does not fit into memory: it is damaged, or a very large table',
      'Write the file again; where it is whole, write it as CSV, or in several files.',
    );
  const { rows, columns, failed } = read;
  if (failure === 'broken' || failed !== undefined) {
    const where =
      failed?.column === undefined || failed.column === null
        ? ''
        : `the column ${quoted(columns[failed.column]?.name ?? '')} cannot be read: `;
    throw broken(
      `${where}${failed?.message ?? 'the decoder has failed'}`,
      'If other programs can read it, write it again with pandas or pyarrow; otherwise fetch it again.',
    );
  }
  const names = columns.map(({ name }) => name);
  if (columns.length === 0) throw broken('the file has no columns');
  const odd = names.find((name) => name.includes('\0'));
  if (odd !== undefined) throw broken(`the name of the column ${quoted(odd)} holds a NUL character`);
  if (columns.length > MAX_COLUMNS) throw broken(`the file has ${columns.length} columns, more than ${MAX_COLUMNS}`);
  const twice = names.filter((name, i) => names.indexOf(name) < i);
  if (twice.length > 0)
    throw broken(`several columns have the same name: ${quotedList(twice)}`, 'Write the table again, with a name for each column.');
  if (rows === 0) throw broken('the file has no rows', 'Check that the table was written to its end.');
  const short = values.findIndex((each) => each.length !== rows);
  if (short !== -1)
    throw broken(
      `the column ${quoted(valueAt(names, short))} has ${plural(valueAt(values, short).length, 'value')}, and the file says ${rows}`,
    );
  return tableOf(file, columns, values, rows);
}

/** What a small file needs, and what each megabyte of a larger one adds, packed as it may be. */
const BASE_MEGABYTES = 160;
const MEGABYTES_FOR_EACH = 100;
const MOST_MEGABYTES = 16_384;
const BASE_SECONDS = 20;
const SECONDS_FOR_EACH = 5;

function tableOf(file: string, infos: readonly ColumnInfo[], values: readonly (readonly unknown[])[], rows: number): Table {
  const { columns, unnamed } = namedColumns(infos.map(({ name }) => name));
  const unusable = new Map<string, string>();
  const cells = infos.map((info, column) => {
    const found = cellsOf(info, values[column] ?? []);
    if (typeof found !== 'string') return found;
    unusable.set(valueAt(columns, column), found);
    return undefined;
  });
  return {
    file,
    columns,
    rows: Array.from({ length: rows }, (_, row) => cells.map((column) => column?.[row] ?? '')),
    lines: new Int32Array(0),
    unnamed,
    unusable,
  };
}
