import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { columnsOf, parseTable } from '../../../src/data/tables/table.ts';
import { inspectData, trainExamples } from '../../../src/tasks/index.ts';
import { codesOf, named } from '../../data/findings/support.ts';

type Row = (number: number, rng: RandomState, row: number) => readonly (string | number)[];

/** Of 300 rows with normal numbers, and what a row makes of them in `a`, `b` and a column that is not used. */
async function inspected(cells: Row) {
  const rng = new RandomState(5);
  const rows = Array.from({ length: 300 }, (_, row) => cells(rng.normal(), rng, row));
  const lines = rows.map((row, i) => [`${i} words of text ${i * i}`, ...row].join(','));
  const table = await parseTable(Buffer.from(`text,a,b,extra\n${lines.join('\n')}\n`), 'rows.csv', 'csv');
  const used = { id: null, text: 'text', target: ['a', 'b'], conflicts: 'keep', duplicates: 'keep' } as const;
  const examples = trainExamples(table, { ...used, task: { name: 'regression' } });
  const division = { count: 3, foldOf: [Int32Array.from(examples.ids, (_, row) => row % 3)] };
  const findings = await inspectData(
    { table: columnsOf(table), examples, division, testTexts: null },
    { data: used, split: { folds: 3, shuffle: true }, model: { max_seq_length: 64 }, training: null },
    null,
  );
  return findings.filter(({ code }) => code !== 'no-tokenizer' && code !== 'similar-texts');
}

describe('findings about numbers', () => {
  it('are how they are distributed, where nothing else is to be said', async () => {
    const found = await inspected((x, rng) => [x, rng.normal(), rng.normal()]);
    expect(codesOf(found)).toEqual(['info target-distribution', 'info target-distribution']);
    expect(found[0]?.message).toMatch(/^the target "a" is between -\d\.\d+ and \d\.\d+, half of it between -0\.\d+ and 0\.\d+; its/);
  });

  it('are outliers, with the farthest row', async () => {
    const found = await inspected((x, rng, row) => [row === 41 ? 1000 : row === 7 ? -80 : x, rng.normal(), 'x']);
    const { message, count } = named(found, 'outliers');
    expect(count).toBe(2);
    expect(message).toMatch(/^2 rows of 300 have a "a" more than 4 interquartile ranges.*the farthest is 1000 in row 42$/);
  });

  it('are a column with one number, which is no other trouble', async () => {
    const found = await inspected((x) => [x / 1000, 5, 'x']);
    expect(codesOf(found)).toEqual(['warning constant-target', 'info target-distribution', 'info target-distribution']);
  });

  it('are few different numbers, rows without one, and rows without any', async () => {
    const found = await inspected((_, rng, row) => [row % 10 === 0 ? '' : row % 4, row % 20 === 0 ? 'NA' : rng.normal(), 'x']);
    expect(named(found, 'few-values').message).toBe('the target column "a" has 4 different numbers only: 0, 1, 2, 3');
    expect(found.filter(({ code }) => code === 'missing-targets').map(({ count }) => count)).toEqual([30, 15]);
    expect(named(found, 'rows-without-target').message).toBe('15 of 300 rows have no target and are left out');
  });

  it('are a large offset, and a column that alone decides the mean error', async () => {
    expect(named(await inspected((x, rng) => [1e7 + x, rng.normal(), 'x']), 'large-offset').message).toMatch(/around 10000000/);
    const unlike = named(await inspected((x, rng) => [100 * x, rng.normal(), 'x']), 'unlike-columns');
    expect(unlike.message).toMatch(/"a" spreads .* as far as "b"/);
  });

  it('are a column that gives the target away', async () => {
    expect(named(await inspected((x, rng) => [x, rng.normal(), 3 - 2 * x]), 'leaking-column').message).toContain('correlation is -1.0000');
    expect(codesOf(await inspected((x, rng) => [x, rng.normal(), x + rng.normal()]))).not.toContain('warning leaking-column');
  });
});
