import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunOutcome, RunResult } from '../../../runner/index.ts';
import { compareRuns, type Comparison } from '../../../tracking/comparison/index.ts';
import { readHistory } from '../../../tracking/index.ts';
import type { Colors } from '../../terminal.ts';
import { comparisonSections } from '../comparison.ts';
import { decisionLines, notedDecisions, type NotedDecision } from './decisions.ts';
import { resultsTable } from './results.ts';
import { sections } from '../layout/sections.ts';
import { duration, pathFromHere } from '../layout/text.ts';

/** A run as a command reports it. */
export type FinishedRun = RunResult & { readonly submission: string | null; readonly decisions: readonly NotedDecision[] };

/** The result with what its folder says besides. */
export function withRecord(result: RunResult): FinishedRun {
  const submission = result.files.find((file) => file.endsWith('submission.csv')) ?? null;
  return { ...result, submission, decisions: notedDecisions(readHistory(join(result.folder, 'journal.jsonl'))) };
}

export function finishedRunText(result: FinishedRun, colors: Colors): string {
  const fromCache = result.cached === 0 ? '' : `, ${result.cached} from the cache`;
  const jobs = `${result.executed} of ${result.executed + result.cached} jobs ran${fromCache}`;
  const title = `${result.run} · done in ${duration(result.seconds)} · ${jobs}`;
  return sections(
    [
      { title, lines: result.metrics === null ? ['not evaluated'] : [resultsTable(result.metrics, colors)] },
      { title: 'decisions', lines: decisionLines(result.decisions) },
      { title: 'submission', lines: result.submission === null ? [] : [pathFromHere(result.submission)] },
      {
        title: 'files',
        lines: [
          `${pathFromHere(result.folder)}/`,
          ...(existsSync(result.folder) ? [readdirSync(result.folder).toSorted().join('  ')] : []),
        ],
      },
    ],
    colors,
  );
}

/** How several runs of one command compare; nothing for one. */
export async function comparisonText(
  outcomes: readonly RunOutcome[],
  colors: Colors,
): Promise<{ readonly comparison: Comparison | null; readonly text: string }> {
  const runs = outcomes.flatMap((outcome) => {
    if ('error' in outcome) return [];
    const { run: name, folder, metrics } = outcome.run;
    return [{ name, folder, metrics, experiment: outcome.loaded.experiment }];
  });
  if (runs.length < 2) return { comparison: null, text: '' };
  const comparison = await compareRuns(runs);
  return { comparison, text: `\n${sections(comparisonSections(comparison, colors), colors)}` };
}
