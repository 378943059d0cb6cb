import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { divisionByTable, readDivision, rowsOfFold, viewsOf, writeDivision } from '../../../src/data/folds/index.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

it('rows that are only trained on have an empty fold', async () => {
  const folder = temporaryFolder();
  writeDivision(folder, ['a', 'b', 'c'], divisionByTable(2, 1));
  expect(readFileSync(join(folder, 'folds.csv'), 'utf8').split(/\r?\n/)).toEqual(['id,fold', 'a,', 'b,', 'c,0', '']);
  const division = await readDivision(folder);
  expect([division.count, rowsOfFold(division, 0)]).toEqual([1, { train: Int32Array.of(0, 1), validation: Int32Array.of(2) }]);
});

it('rows in order of time are looked at by fold, however many there are', () => {
  const rows = 200_000;
  const foldOf = Int32Array.from({ length: rows }, (_, row) => (row < rows / 2 ? -1 : 0));
  const places = Int32Array.from({ length: rows }, (_, row) => row);
  const [view] = viewsOf({ count: 1, foldOf: [foldOf], earlier: { places, ends: [rows / 2] } });
  expect(view?.rows).toHaveLength(rows);
});
