import { resolve } from 'node:path';
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
  async run({ run: names, report }, context) {
    const { isPrinted } = await import('../output.ts');
    const { terminal } = context;
    if (report !== undefined) isPrinted(report, '--report', terminal);
    const { compare: compareRuns } = await import('../../index.ts');
    const { comparisonSections } = await import('../render/comparison.ts');
    const { sections } = await import('../render/layout/sections.ts');
    const { pathFromHere } = await import('../render/layout/text.ts');
    const { surroundings } = await import('../surroundings.ts');
    const file = report === undefined ? undefined : resolve(report);
    const comparison = await compareRuns(names, { ...surroundings(context), ...(file === undefined ? {} : { report: file }) });
    const shown = sections(comparisonSections(comparison, terminal.colors), terminal.colors);
    return { data: comparison, text: file === undefined ? shown : `${shown}\n\nwrote ${pathFromHere(file)}` };
  },
});
