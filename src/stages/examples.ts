import { cleaningSentence, unlabelledExamples } from '../data/examples/index.ts';
import { columnsOf, readTable } from '../data/tables/index.ts';
import { exampleFiles, labelledAs, trainExamples, writeExamples } from '../tasks/index.ts';
import type { Stage } from './stage.ts';
import { pickTables, type TableFiles, type TableParams } from './tables.ts';

/** Reads, cleans and decodes the tables, once for all later stages, which read their rows by position. Output: examples. */
export const examples: Stage<TableParams, TableFiles, Record<never, never>> = {
  name: 'examples',
  version: 1,
  needs: {},
  reads: 'everything',
  makes: 'examples',
  writes: ({ data }) => exampleFiles(data.test !== null, data.validation !== null),
  publishes: {},
  usesDevice: false,
  isImplied: true,
  isDecoding: true,
  pick: (experiment) => pickTables(experiment),
  async run({ params, files, output, emit, throwIfStopped }) {
    const table = await readTable({ path: files.train, ...params.train });
    const options = { ...params.data, ...(params.task === undefined ? {} : { task: params.task }) };
    const train = trainExamples(table, options);
    const left = cleaningSentence(train.cleaning, train.task.words);
    if (left !== undefined) emit({ type: 'notice', level: 'info', message: left });
    throwIfStopped();
    const validation =
      files.validation === undefined
        ? null
        : labelledAs(
            train.task,
            await readTable({ path: files.validation, ...params.validation }),
            { ...params.data, ...params.validation },
            options,
          );
    throwIfStopped();
    const test =
      files.test === undefined
        ? null
        : unlabelledExamples(await readTable({ path: files.test, ...params.test }), { ...params.data, ...params.test });
    writeExamples(output, { train, table: columnsOf(table), named: params.data, validation, test });
  },
};
