import { trainExamples, type TrainExamples, type TrainOptions } from '../../../src/tasks/index.ts';
import { parseTable } from '../../../src/data/tables/table.ts';

/** Rows of `text` and target columns, whose ids are their numbers. */
export async function numbersIn(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  options: Partial<TrainOptions> = {},
): Promise<TrainExamples> {
  const lines = rows.map((cells, row) => [`text ${row}`, ...cells.map((cell) => JSON.stringify(String(cell)))].join(','));
  const table = await parseTable(Buffer.from(`text,${columns.join(',')}\n${lines.join('\n')}\n`), 'rows.csv', 'csv');
  const target = columns.length === 1 ? columns[0]! : columns;
  return trainExamples(table, {
    id: null,
    text: 'text',
    target,
    conflicts: 'keep',
    duplicates: 'keep',
    task: { name: 'regression' },
    ...options,
  });
}
