import { trainExamples, type TrainExamples, type TrainOptions } from '../../../src/tasks/index.ts';
import { parseTable } from '../../../src/data/tables/table.ts';

/** Rows of `text` and label columns, whose ids are their numbers. */
export async function labelsIn(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  options: Partial<TrainOptions> = {},
): Promise<TrainExamples> {
  const lines = rows.map((cells, row) => [`text ${row}`, ...cells.map((cell) => JSON.stringify(String(cell)))].join(','));
  const table = await parseTable(Buffer.from(`text,${columns.join(',')}\n${lines.join('\n')}\n`), 'rows.csv', 'csv');
  const [only] = columns;
  const target = options.label_separator === undefined ? columns : only!;
  return trainExamples(table, {
    id: null,
    text: 'text',
    target,
    conflicts: 'keep',
    duplicates: 'keep',
    task: { name: 'multi-label' },
    ...options,
  });
}

/** What is wrong, as `row: message`, and what to write instead. */
export async function problemsOf(read: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await read.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { problems } = error as { problems: readonly { message: string; row?: number; suggestion?: string }[] };
  return problems.map(
    ({ message, row, suggestion }) =>
      `${row === undefined ? '' : `${row}: `}${message}${suggestion === undefined ? '' : ` → ${suggestion}`}`,
  );
}
