import { expect, it } from 'vitest';
import { safeCell } from '../../../src/data/tables/safe-cells.ts';

it('puts an apostrophe before what a spreadsheet takes for a formula, and before nothing else', () => {
  const formulas = ['=1+1', '=cmd|\' /C calc\'!A0', '+1+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '-', '=', '+49 170 1'];
  expect(formulas.map(safeCell)).toEqual(formulas.map((cell) => `'${cell}`));
  const plain = ['', 'a=b', 'fire', '-5', '+3.5', '-1e-3', '  =1', "'=1", -0.25, 3];
  expect(plain.map(safeCell)).toEqual(plain);
});
