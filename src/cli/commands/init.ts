import { dirname, join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { optional } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { choice, names, text } from '../options.ts';

/** Writes a configuration for a table, or copies an example. Never over a file that is there. */
export const init = defineCommand({
  name: 'init',
  summary: 'write a commented configuration for a table of texts and what to learn about them, or copy an example',
  description: 'It guesses the columns of the table and never overwrites a file.',
  arguments: { table: optional('the training table: csv, tsv, jsonl, json or parquet', 'file') },
  options: {
    example: choice('name', ['quickstart', 'disaster-tweets'], 'copy a shipped example into the working directory'),
    output: text('file', 'the file to write', {
      otherwise: 'configs/<name>.yaml, with the name of the table, or of its folder where the table is called train or data',
      completion: 'file',
    }),
    text: text('column', 'the column with the text', { otherwise: 'the one with the longest texts' }),
    target: text('column', 'the column with the class or the number, or several columns separated by commas', {
      otherwise: 'those of the sample submission, or the only one that can hold classes',
    }),
    base: text('model', 'the pretrained model: a name on the Hugging Face hub, or a directory', { otherwise: 'bert-base-uncased' }),
    columns: names('names', 'names of the columns of a table without a header, separated by commas'),
    encoding: text('label', 'encoding of the table, such as latin1 or utf-16', { otherwise: 'utf-8' }),
  },
  examples: [
    { line: 'pipeline init --example quickstart', purpose: 'Copy a small experiment with its data.' },
    { line: 'pipeline init data/tweets/train.csv', purpose: 'Write configs/tweets.yaml for your own table.' },
    { line: 'pipeline init reviews.csv --text review --target stars', purpose: 'Name the columns where they cannot be guessed.' },
  ],
  async run({ table: path, example, output: asked, ...options }, { terminal }) {
    const { copyExample, draftStarter, schemaFrom, starter } = await import('../../runner/starter/index.ts');
    const { copiedText, draftText } = await import('../render/starter.ts');
    if (example !== undefined && path === undefined) {
      const copied = copyExample(example);
      return { data: { example: copied.example, files: copied.files }, text: copiedText(copied) };
    }
    if (path === undefined || example !== undefined) {
      throw new OrtrainError('usage', 'init takes either a table or --example', {
        remedy: 'For your own data: pipeline init <table>. For a first look: pipeline init --example quickstart.',
      });
    }
    const { isTaken, writeOutput } = await import('../../core/outputs.ts');
    const { isPrinted } = await import('../output.ts');
    const draft = await draftStarter(path, options);
    const output = asked ?? join('configs', `${draft.name}.yaml`);
    const printed = isPrinted(output, '--output', terminal);
    if (isTaken(output)) {
      throw new OrtrainError('usage', `${output} already exists and is not overwritten`, {
        subject: output,
        remedy: 'Name another file with --output.',
      });
    }
    const content = starter({ ...draft, schema: schemaFrom(printed ? '.' : dirname(output)) });
    if (!printed) await writeOutput(output, content, { onWait: terminal.log });
    const { id, text: textColumn, otherText, isPair, targets, task, test, sample } = draft;
    const target = targets.length === 1 ? targets[0] : targets;
    return {
      data: { output, task, id, text: isPair ? [textColumn, otherText] : textColumn, target, test, sample_submission: sample },
      text: printed ? content : draftText(output, draft),
    };
  },
});
