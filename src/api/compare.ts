import type { Comparison } from '../tracking/comparison/index.ts';
import { checkTexts } from './arguments.ts';
import { artifactsOf, modelIn, pathIn, within, type Surroundings } from './surroundings.ts';

export interface CompareOptions extends Surroundings {
  /** The metric to compare by, such as `oof/accuracy`; the one that the runs monitored where it is left out. */
  readonly metric?: string;
  /** Path of an HTML page to write as well. */
  readonly report?: string;
}

/** A comparison, and where its page is. */
export type ComparedRuns = Comparison & { readonly report?: string };

/**
 * Puts runs side by side: parameters that differ, results with their spread, and whether a difference is more than noise.
 *
 * @param runs names of runs, or their folders
 *
 * Throws OrtrainError `usage` where there is no such run, `data` where results are damaged.
 */
export function compare(runs: readonly string[], options: CompareOptions = {}): Promise<ComparedRuns> {
  return within(options, async () => {
    checkTexts('runs', runs);
    const { readRun } = await import('../runner/stored/index.ts');
    const { compareRuns } = await import('../tracking/comparison/index.ts');
    const { checkPage } = await import('./page.ts');
    const report = options.report === undefined ? undefined : pathIn(options.cwd, options.report);
    if (report !== undefined) checkPage(report);
    const stored = runs.map((name) => readRun(artifactsOf(options), modelIn(options, name)));
    const comparison = await compareRuns(stored, options.metric);
    if (report === undefined) return comparison;
    const { writeComparisonReport } = await import('../tracking/report/index.ts');
    await writeComparisonReport(report, comparison, stored);
    return { ...comparison, report };
  });
}
