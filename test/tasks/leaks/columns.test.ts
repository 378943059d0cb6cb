import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { columnsOf } from '../../../src/data/tables/table.ts';
import { inspectColumns } from '../../../src/tasks/leaks/columns.ts';
import { codesOf, examplesIn, named, tableOf } from '../../data/findings/support.ts';

const used = { id: 'id', text: 'text', target: 'target' };

/** 400 rows of two classes in random order, with one more column. */
async function inspected(value: (label: number, rng: RandomState, row: number) => string | number, shuffle = true) {
  const rng = new RandomState(5);
  const rows = Array.from({ length: 400 }, (_, row) => {
    const label = rng.integer(0, 2);
    return [`text ${row}`, label, value(label, rng, row)] as const;
  });
  const table = await tableOf('text,target,extra', rows);
  return inspectColumns(columnsOf(table), examplesIn(table), used, shuffle);
}

describe('columns', () => {
  it('raise no alarm where they only hint at the class, or name rows', async () => {
    const harmless: readonly Parameters<typeof inspected>[0][] = [
      (label, rng) => (rng.sample() < 0.8 ? `usual of ${label}` : `usual of ${1 - label}`),
      (_, __, row) => `a place of its own ${row}`,
      (label, rng) => label + 4 * rng.normal(),
      (_, rng) => (rng.sample() < 0.5 ? '' : 'seen'),
      () => 'always the same',
      () => '',
    ];
    for (const value of harmless) expect(codesOf(await inspected(value))).toEqual([]);
  });

  it('leak where a value tells the class', async () => {
    const { severity, message, remedy } = named(await inspected((label, rng) => `team ${label}${rng.integer(0, 4)}`), 'leaking-column');
    expect(severity).toBe('warning');
    expect(message).toMatch(
      /^the column "extra" gives the class away: its value alone predicts the class of 100\.0 % of the rows, where always predicting "[01]" is right in 5\d\.\d %$/,
    );
    expect(remedy).toContain('split.group_by: "extra"');
  });

  it('leak where a hundredth of the values are wrong, not where a tenth is', async () => {
    const flipped = (share: number): Parameters<typeof inspected>[0] => (label, rng) => `team ${rng.sample() < share ? 1 - label : label}`;
    expect(codesOf(await inspected(flipped(0.01)))).toEqual(['warning leaking-column']);
    expect(codesOf(await inspected(flipped(0.1)))).toEqual([]);
  });

  it('leak where they are filled for one class', async () => {
    expect(named(await inspected((label, _, row) => (label === 1 ? `reviewed by ${row}` : '')), 'leaking-column').message).toContain(
      'whether it is filled predicts the class',
    );
  });

  it('leak where a number sets a class apart', async () => {
    const findings = await inspected((label, rng) => label * 10 + rng.normal());
    expect(named(findings, 'leaking-column').message).toBe(
      'the column "extra" gives the class away: in 100.0 % of all pairs of a row of class "0" and another row, the order of the numbers shows which is which',
    );
  });

  it('prove nothing with a handful of rows', async () => {
    const table = await tableOf('text,target,extra', Array.from({ length: 30 }, (_, row) => [`text ${row}`, row % 2, row % 2]));
    expect(inspectColumns(columnsOf(table), examplesIn(table), used, true)).toEqual([]);
  });

  it('are sorted by class where rows or ids come class after class, which matters without a shuffle', async () => {
    const sorted = await tableOf(
      'text,target',
      Array.from({ length: 90 }, (_, row) => [`text ${row}`, Math.floor(row / 30)]),
    );
    expect(named(inspectColumns(columnsOf(sorted), examplesIn(sorted), used, true), 'sorted-by-class')).toMatchObject({
      severity: 'info',
      message: expect.stringMatching(/^the rows come in the order of the classes: .* 100\.0 %/) as string,
    });
    expect(named(inspectColumns(columnsOf(sorted), examplesIn(sorted), used, false), 'sorted-by-class')).toMatchObject({
      severity: 'warning',
      remedy: expect.stringContaining('split.shuffle: true') as string,
    });
    const numbered = await tableOf(
      'number,text,target',
      Array.from({ length: 80 }, (_, row) => [row % 2 === 0 ? row : 1000 + row, `text ${row}`, row % 2]),
    );
    const byNumber = { ...used, id: 'number' };
    expect(named(inspectColumns(columnsOf(numbered), examplesIn(numbered, byNumber), byNumber, false), 'sorted-by-class')).toMatchObject({
      severity: 'info',
      message: expect.stringMatching(/^the ids rise in/) as string,
    });
  });

  it('of many values and classes are judged as those of two, in time that does not grow with values times classes', async () => {
    const labels = Array.from({ length: 6_000 }, (_, row) => row % 600);
    const told = await tableOf(
      'text,target,extra',
      labels.map((label, row) => [`text ${row}`, `class ${label}`, row % 100 === 0 ? 'elsewhere' : `source ${label}`]),
    );
    const before = process.cpuUsage();
    expect(named(inspectColumns(columnsOf(told), examplesIn(told), used, true), 'leaking-column').message).toContain('predicts the class of 99.');
    expect(process.cpuUsage(before).user).toBeLessThan(1e6);
  });
});
