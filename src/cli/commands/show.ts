import { join } from 'node:path';
import { one } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** Shows all that is known of a run, from its journal, so that one which is under way or was interrupted has its curves, too. */
export const show = defineCommand({
  name: 'show',
  summary: 'show a run: its configuration, results, learning curves, decisions, files',
  description: 'A run that is at work or was interrupted is shown as far as it has come.',
  arguments: { run: one('name or folder of the run', 'run') },
  options: {},
  examples: [
    { line: 'pipeline show quickstart', purpose: 'Show results and learning curves in the terminal.' },
    { line: 'pipeline show quickstart --json', purpose: 'Print everything that is known of the run as JSON.' },
  ],
  async run({ run: name }, { artifacts, terminal }) {
    const { readRunAndHistory } = await import('../../runner/stored/index.ts');
    const { runDocument, runText } = await import('../render/run/stored.ts');
    const { readHistory, throwIfResultsChanged } = await import('../../tracking/index.ts');
    const { run, history: whole } = readRunAndHistory(artifacts, name);
    await throwIfResultsChanged(run.folder, ['config.yaml', 'metrics.json'], whole?.files);
    const history = whole ?? readHistory(join(run.folder, 'journal.jsonl')); // throws with the line that is damaged
    return { data: runDocument(run, history), text: runText(run, history, terminal.colors) };
  },
});
