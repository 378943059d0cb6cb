import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { writeFileAtomic, writeJsonAtomic } from '../../core/files.ts';
import { readJsonInput, unreadable } from '../../core/inputs.ts';
import { count, list, number, object } from '../../core/shapes.ts';
import { valueAt } from '../../core/values.ts';
import { columnOf, readTable, writeCsv } from '../tables/index.ts';
import { dataError, quoted, quotedList } from '../problems.ts';
import type { Division } from './division.ts';

/** The files of a division: `id,fold`, with repeats `id,repeat,fold`; and which rows count as earlier, where that is asked for. */
export const FOLDS_FILE = 'folds.csv';
export const EARLIER_FILE = 'earlier.json';

/** Writes how rows are divided. A row that no fold validates has an empty fold. */
export function writeDivision(folder: string, ids: readonly string[], { foldOf, earlier }: Division): void {
  const isRepeated = foldOf.length > 1;
  const cell = (fold: number): number | string => (fold === -1 ? '' : fold);
  const rows = foldOf.flatMap((of, repeat) =>
    ids.map((id, row) => (isRepeated ? [id, repeat, cell(valueAt(of, row))] : [id, cell(valueAt(of, row))])),
  );
  writeFileAtomic(join(folder, FOLDS_FILE), writeCsv(isRepeated ? ['id', 'repeat', 'fold'] : ['id', 'fold'], rows));
  if (earlier !== undefined) writeJsonAtomic(join(folder, EARLIER_FILE), { places: [...earlier.places], ends: earlier.ends });
}

/** A division that `writeDivision` wrote, its rows in their order; a `data` error if a file is none. */
export async function readDivision(folder: string): Promise<Division> {
  const path = join(folder, FOLDS_FILE);
  const table = await readTable(path);
  const isRepeated = table.columns.join() === 'id,repeat,fold';
  const cells = columnOf(table, 'fold') ?? [];
  const problems: Problem[] = cells.flatMap((fold, i) =>
    /^\d{0,9}$/.test(fold)
      ? []
      : [{ message: `${quoted(fold)} is not the number of a fold`, file: path, row: i + 1, line: valueAt(table.lines, i), field: 'fold' }],
  );
  if (!isRepeated && table.columns.join() !== 'id,fold')
    problems.push({ message: `the columns are ${quotedList(table.columns)} instead of "id", "fold"`, file: path, line: 1 });
  if (problems.length > 0) throw dataError(`${path} is not a list of folds`, path, problems, 'Run the split stage again.');
  const all = Int32Array.from(cells, (fold) => (fold === '' ? -1 : Number(fold)));
  const repeats = isRepeated ? Number(columnOf(table, 'repeat')?.at(-1) ?? 0) + 1 : 1;
  const rows = all.length / repeats;
  if (!Number.isInteger(rows)) throw unreadable(path, `it has ${all.length} rows for ${repeats} repeats`);
  const foldOf = Array.from({ length: repeats }, (_, repeat) => all.slice(repeat * rows, (repeat + 1) * rows));
  const folds = all.reduce((most, fold) => Math.max(most, fold + 1), 0);
  return { count: folds * repeats, foldOf, ...earlierIn(folder, rows) };
}

const earlierShape = object({ places: list(count), ends: list(number) });

function earlierIn(folder: string, rows: number): Pick<Division, 'earlier'> {
  const path = join(folder, EARLIER_FILE);
  if (!existsSync(path)) return {};
  const { places, ends } = readJsonInput(path, earlierShape);
  if (places.length !== rows) throw unreadable(path, `it has ${places.length} places for ${rows} rows`);
  return { earlier: { places: Int32Array.from(places), ends } };
}
