import { resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { oneOrMore } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { text } from '../options.ts';

/** Puts runs side by side, and on one page where that is asked for. */
export const compare = defineCommand({
  name: 'compare',
  summary: 'compare runs: parameters that differ, results, and whether the difference is more than noise',
  arguments: { run: oneOrMore('names or folders of the runs', 'run') },
  options: { report: text('file', 'also write the comparison as an HTML page', { completion: 'file' }) },
  examples: [
    { line: 'pipeline compare bert-1dense bert-3dense', purpose: 'Say which of two runs is better, and how sure that is.' },
    { line: 'pipeline compare a b c --report comparison.html', purpose: 'Write a page with figures as well.' },
  ],
  async run({ run: names, report }, { artifacts, terminal }) {
    const { isPrinted } = await import('../output.ts');
    if (report !== undefined && !/\.html?$/i.test(report)) {
      throw new OrtrainError('usage', `--report ${report}: the report is an HTML page, so its name must end in .html`, {
        subject: report,
        remedy: 'Name a file such as comparison.html.',
      });
    }
    if (report !== undefined) isPrinted(report, '--report', terminal);
    const { readRun } = await import('../../runner/stored/index.ts');
    const { compareRuns } = await import('../../tracking/comparison/index.ts');
    const { comparisonSections } = await import('../render/comparison.ts');
    const { sections } = await import('../render/layout/sections.ts');
    const { pathFromHere } = await import('../render/layout/text.ts');
    const runs = names.map((name) => readRun(artifacts, name));
    const comparison = await compareRuns(runs);
    const shown = sections(comparisonSections(comparison, terminal.colors), terminal.colors);
    if (report === undefined) return { data: comparison, text: shown };
    const { writeComparisonReport } = await import('../../tracking/report/index.ts');
    const file = resolve(report);
    await writeComparisonReport(file, comparison, runs);
    return { data: { ...comparison, report: file }, text: `${shown}\n\nwrote ${pathFromHere(file)}` };
  },
});
