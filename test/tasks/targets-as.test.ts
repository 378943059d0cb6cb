import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/tables/table.ts';
import { openTask, targetsAs } from '../../src/tasks/index.ts';
import { measuredRows } from '../../src/tasks/measured-rows.ts';

const tableOf = (...rows: readonly string[]) => parseTable(Buffer.from(`id,y,z\n${rows.map((row, i) => `${i},${row}`).join('\n')}\n`), 't.csv', 'csv');

describe('the targets of another table', () => {
  const classes = openTask({ classes: ['0', '1', 'a b'] });

  it('are in the numbers of the run, however few of its classes occur', async () => {
    expect(targetsAs(classes, await tableOf('1,', '1.0,', 'a b,', ' 1 ,'), ['y'], {})).toEqual({
      targets: { width: 1, values: Float64Array.of(1, 1, 2, 1) },
      problems: [],
    });
  });

  it('are refused by row where the run has no such class, or the table no such column', async () => {
    const { problems } = targetsAs(classes, await tableOf('1,', '2,', ',', 'a  b,'), ['y'], {});
    expect(problems).toEqual([
      { message: 'the target "2" is not one of the run\'s classes', row: 2, field: 'y' },
      { message: 'the target "" is not one of the run\'s classes', row: 3, field: 'y' },
      { message: 'the target "a  b" is not one of the run\'s classes', row: 4, field: 'y' },
    ]);
    expect(targetsAs(classes, await tableOf('1,'), ['x'], {}).problems).toMatchObject([{ message: expect.stringMatching(/no column "x"/) as string }]);
  });

  it('are refused where they stand in another number of columns than those of the run', async () => {
    const message = (asked: number, own: number): string =>
      `the target is to be read from ${asked} column${asked === 1 ? '' : 's'}, but that of the run has ${own}`;
    const table = await tableOf('1,0', '0,1');
    expect(targetsAs(classes, table, ['y', 'z'], {}).problems).toEqual([{ message: message(2, 1), field: 'y' }]);
    const labels = openTask({ task: 'multi-label', labels: ['a', 'b', 'c'] });
    expect(targetsAs(labels, table, ['y', 'z'], {}).problems).toEqual([{ message: message(2, 3), field: 'y' }]);
    expect(targetsAs(labels, table, ['y'], {}).problems).toEqual([{ message: message(1, 3), field: 'y' }]);
    const shares = openTask({ classes: ['a', 'b', 'c'], soft: true });
    expect(targetsAs(shares, table, ['y', 'z'], {}).problems).toEqual([{ message: message(2, 3), field: 'y' }]);
  });

  it('measure predictions, with intervals', async () => {
    const task = openTask({ classes: ['no', 'yes'] });
    const { targets } = targetsAs(task, await tableOf(...Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 'yes,' : 'no,'))), ['y'], {});
    const numbers = Float64Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0.5 + (i % 4) / 10 : i % 5 === 0 ? 0.6 : 0.2));
    const found = measuredRows(task, targets, { width: 1, numbers });
    expect(found?.rows).toBe(60);
    expect(found?.metrics['accuracy']).toBeCloseTo(47 / 60, 10);
    for (const [name, value] of Object.entries(found!.metrics)) {
      const { low, high } = found!.intervals[name]!;
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
    expect(measuredRows(task, { width: 1, values: new Float64Array(3).fill(NaN) }, { width: 1, numbers: new Float64Array(3) })).toBeNull();
  });
});
