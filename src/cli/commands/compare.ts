import { resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { readRun } from '../../runner/index.ts';
import { compareRuns } from '../../tracking/comparison/compare.ts';
import type { Verb } from '../call.ts';
import { isPrinted } from '../output.ts';
import { comparisonSections } from '../render/comparison.ts';
import { sections } from '../render/sections.ts';
import { pathFromHere } from '../render/text.ts';

export interface CompareFlags {
  readonly report?: string;
}

/** Puts runs side by side, and on one page where that is asked for. */
export const compare: Verb<CompareFlags> = async (names, { report }, call) => {
  if (report !== undefined && !/\.html?$/i.test(report)) throw new OrtrainError('usage', `--report ${report}: the report is a page, so its name ends in .html`, { subject: report, remedy: 'Name a file such as comparison.html.' });
  if (report !== undefined) isPrinted(report, '--report', call.terminal);
  const runs = names.map((name) => readRun(call.flags.artifacts, name));
  const comparison = await compareRuns(runs);
  const text = sections(comparisonSections(comparison, call.terminal.colors), call.terminal.colors);
  if (report === undefined) return { data: comparison, text };
  const { writeComparisonReport } = await import('../../tracking/report/comparison-report.ts');
  const file = resolve(report);
  await writeComparisonReport(file, comparison, runs);
  return { data: { ...comparison, report: file }, text: `${text}\n\nthe page is ${pathFromHere(file)}` };
};
