import { OrtrainError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { choice, names, repeatable, required, text } from '../options.ts';

/** Measures the models of a run on a labelled table. */
export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'measure the models of a run on a labelled table, with 95 % intervals',
  description:
    'Predictions are the mean over the models that prediction.models of the run names, by default those of all folds; intervals are ' +
    'percentiles of a bootstrap over the rows. The loss is the one of training.loss. On rows that the run was trained on, the figures ' +
    'are better than on new texts.',
  arguments: {},
  options: {
    run: required('run', 'name or folder of the run', { completion: 'run' }),
    input: required(
      'file',
      "a table with the run's text and target columns (csv, tsv, jsonl, json, parquet; also compressed), or - for stdin",
      { completion: 'file' },
    ),
    by: repeatable('column', 'also measure the rows by the values of a column, or by length: that of the texts'),
    target: names('columns', 'the columns with the target, separated by commas'),
    format: choice('format', ['csv', 'tsv', 'jsonl'], 'format of stdin', { otherwise: 'what its beginning looks like' }),
    columns: names('names', 'names of the columns of a table without a header, separated by commas'),
    encoding: text('label', 'encoding of the input, such as latin1 or utf-16', { otherwise: 'utf-8' }),
    report: text('file', 'also write the evaluation as an HTML page', { completion: 'file' }),
  },
  examples: [
    { line: 'pipeline evaluate --run quickstart --input new.csv', purpose: 'Measure a run on texts that it has not seen.' },
    { line: 'pipeline evaluate --run tweets --input new.csv --by length', purpose: 'Also say how it does on short and on long texts.' },
    { line: 'pipeline evaluate --run a --input new.csv --report a.html', purpose: 'Write a page with figures as well.' },
  ],
  async run({ run: name, input, by, format, report, ...given }, context) {
    const { isPrinted } = await import('../output.ts');
    const { device, terminal } = context;
    if (report !== undefined) isPrinted(report, '--report', terminal);
    if (format !== undefined && input !== '-') {
      throw new OrtrainError('usage', '--format says what stdin is; that of a file is its ending', { remedy: 'Leave out --format.' });
    }
    const { resolve } = await import('node:path');
    const { evaluate: evaluateRun } = await import('../../index.ts');
    const { stageProgress, stopSignal } = await import('../progress/stage-progress.ts');
    const { evaluationText } = await import('../render/evaluation.ts');
    const { pathFromHere } = await import('../render/layout/text.ts');
    const { stdinStream } = await import('../stdin.ts');
    const { surroundings } = await import('../surroundings.ts');
    const file = report === undefined ? undefined : resolve(report);
    // Ctrl-C ends a command that waits for stdin at once.
    const stopping = new AbortController();
    const takeInterrupts = (): void => stopSignal(context).addEventListener('abort', () => stopping.abort());
    if (input !== '-') takeInterrupts();
    const evaluation = await evaluateRun(name, input === '-' ? stdinStream(takeInterrupts) : input, {
      ...surroundings(context),
      ...given,
      ...(by === undefined ? {} : { by }),
      ...(format === undefined ? {} : { format }),
      ...(file === undefined ? {} : { report: file }),
      device,
      signal: stopping.signal,
      onEvent: stageProgress(terminal.log),
    });
    const shown = evaluationText(evaluation, terminal.colors);
    return { data: evaluation, text: file === undefined ? shown : `${shown}\n\nwrote ${pathFromHere(file)}` };
  },
});
