import { describe, expect, it } from 'vitest';
import { parseTable, columnsOf } from '../../../src/data/tables/table.ts';
import { inspectData, trainExamples, type TrainOptions } from '../../../src/tasks/index.ts';

/** What gives targets away in a table of `text`, target columns and `source`, whose ids are row numbers. */
async function leaksIn(header: string, rows: readonly (readonly (string | number)[])[], more: Partial<TrainOptions>) {
  const table = await parseTable(Buffer.from([`text,${header}`, ...rows.map((row) => row.join())].join('\n')), 'rows.csv', 'csv');
  const options: TrainOptions = { id: null, text: 'text', target: 'target', conflicts: 'keep', duplicates: 'keep', ...more };
  const examples = trainExamples(table, options);
  const foldOf = [Int32Array.from(rows, (_, row) => row % 2)];
  const found = await inspectData(
    { table: columnsOf(table), examples, division: { count: 2, foldOf }, testTexts: null },
    { data: options, split: { folds: 2, shuffle: false }, model: { max_seq_length: 64 }, training: null },
    null,
  );
  return found.filter(({ code }) => code.startsWith('leaking') || code === 'sorted-by-class').map(({ code, message }) => `${code}: ${message}`);
}

const turns = Array.from({ length: 160 }, (_, row) => row);

describe('what gives targets away', () => {
  it('is found for grades: columns, words and the order of the rows', async () => {
    const ordinal = { task: { name: 'ordinal', grades: null, link: 'coral' } } as const;
    const grade = (row: number): number => (row * 7) % 4;
    const told = await leaksIn('target,source', turns.map((row) => [`essay ${row}${grade(row) === 3 ? ' excellent' : ''}`, grade(row), `s${grade(row)}`]), ordinal);
    expect(told).toEqual([
      expect.stringMatching(/^leaking-column: the column "source" gives the grade away: its value alone predicts the grade of 100\.0 % of the rows/),
      'leaking-text: the word "excellent" gives the grade "3" away: it occurs in 40 of 40 texts (100.0 %) of that grade and in 0.0 % of the others',
    ]);
    const sorted = await leaksIn('target', turns.map((row) => [`essay ${row}`, Math.floor(row / 40)]), ordinal);
    expect(sorted).toEqual([expect.stringMatching(/^sorted-by-class: the rows come in the order of the grades: in 100\.0 % of all pairs of a row of grade "0"/)]);
  });

  it('is found for each label, among the rows where it is known', async () => {
    const rows = turns.map((row) => {
      const [a, b] = [row % 3 === 0, row % 2 === 0];
      return [`text ${row} ${b ? 'burning' : 'so'}`, row === 0 ? '' : Number(a), Number(b), a === (row > 0) ? 'x' : 'y'];
    });
    expect(await leaksIn('a,b,source', rows, { target: ['a', 'b'], task: { name: 'multi-label' } })).toEqual([
      expect.stringMatching(/^leaking-column: the column "source" gives the label "a" away: its value alone predicts the label "a" of 100\.0 % of the rows/),
      'leaking-text: the word "burning" gives the label "b" away: it occurs in 80 of 80 texts (100.0 %) with that label and in 0.0 % of the others',
    ]);
  });

  it('is nothing where columns and words only hint at it', async () => {
    const rows = turns.map((row) => [`text ${row} ${row % 2 === 0 && row % 9 !== 0 ? 'burning' : 'so'}`, Number(row % 3 === 0), Number(row % 2 === 0), row % 5]);
    expect(await leaksIn('a,b,source', rows, { target: ['a', 'b'], task: { name: 'multi-label' } })).toEqual([]);
  });
});
