import { OrtrainError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { choice, flag, names, required, text } from '../options.ts';

/** Classifies new texts with the models of a run. */
export const predict = defineCommand({
  name: 'predict',
  summary: 'classify new texts with the models of a run',
  description: 'Its probabilities are the mean over the models of all folds.',
  arguments: {},
  options: {
    run: required('run', 'name or folder of the run', { completion: 'run' }),
    input: required(
      'file',
      "a table with the run's text column (csv, tsv, jsonl, json, parquet; also compressed), a .txt file with " +
        "one text per line, or - for stdin",
      { completion: 'file' },
    ),
    format: choice('format', ['lines', 'csv', 'tsv', 'jsonl'], 'format of stdin or of a file with another ending', {
      otherwise: 'what its beginning looks like',
    }),
    columns: names('names', 'names of the columns of a table without a header, separated by commas'),
    encoding: text('label', 'encoding of the input, such as latin1 or utf-16', { otherwise: 'utf-8' }),
    output: text('file', 'write the CSV to a file instead of stdout', { completion: 'file' }),
    safeCsv: flag('put an apostrophe before cells that a spreadsheet would compute, those that begin with =, +, - or @'),
  },
  examples: [
    { line: 'pipeline predict --run quickstart --input new.csv', purpose: 'Classify the rows of a table.' },
    { line: 'pipeline predict --run quickstart --input - < lines.txt', purpose: 'Classify each line of a text.' },
  ],
  async run({ run: name, input, output, safeCsv, ...given }, context) {
    const { tablesOf } = await import('../../config/index.ts');
    const { statsOf } = await import('../../core/inputs.ts');
    const { writeOutput } = await import('../../core/outputs.ts');
    const { predictionObjects, predictionsCsv, predictTexts, readTexts, textsOf } = await import('../../runner/models/index.ts');
    const { readRun } = await import('../../runner/stored/index.ts');
    const { isPrinted } = await import('../output.ts');
    const { stageProgress, stopSignal } = await import('../progress/stage-progress.ts');
    const { plural } = await import('../render/layout/text.ts');
    const { stdinBytes } = await import('../stdin.ts');
    const { artifacts, device, terminal } = context;

    const run = readRun(artifacts, name);
    const printed = output === undefined || isPrinted(output, '--output', terminal);
    const [from, to] = [statsOf(input), output === undefined ? undefined : statsOf(output)];
    if (output !== undefined && from !== undefined && from.ino === to?.ino && from.dev === to.dev) {
      throw new OrtrainError('usage', `${output} is the input and is not overwritten`, {
        subject: output,
        remedy: 'Name another file with --output.',
      });
    }
    const { train, test } = tablesOf(run.experiment.data);
    const tables = [train, ...(test === null ? [] : [test])];
    const reading = { onNotice: terminal.log, ...given };
    const { ids, texts } = input === '-' ? await textsOf(await stdinBytes(), tables, reading) : await readTexts(input, tables, reading);
    const signal = stopSignal(context);
    const predictions = await predictTexts(run, texts, { device, signal }, stageProgress(terminal.log));
    const csv = predictionsCsv(ids, predictions, safeCsv);
    if (output !== undefined && !printed) await writeOutput(output, csv, { signal, onWait: terminal.log });
    return {
      data: { run: run.name, output: output ?? null, ...predictionObjects(ids, predictions) },
      text: printed ? csv : `wrote ${plural(texts.length, 'prediction')} to ${output}`,
      verbatim: printed,
    };
  },
});
