import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readRun, type StoredRun } from '../../runner/index.ts';
import { readJournal, type JournalEntry } from '../../tracking/journal.ts';
import type { Verb } from '../call.ts';
import { foldCurves } from '../render/curves.ts';
import { decisionLines, notedDecisions } from '../render/decisions.ts';
import { asked, shownValue } from '../../config/parameters.ts';
import { resultsTable } from '../render/results.ts';
import { sections } from '../render/sections.ts';
import { duration, minuteOf, pathFromHere, printable } from '../render/text.ts';
import type { Colors } from '../terminal.ts';

/** Shows all that is known of a run. */
export const show: Verb<object> = async ([name = ''], _flags, call) => {
  const run = readRun(call.flags.artifacts, name);
  const journal = readJournal(join(run.folder, 'journal.jsonl'));
  const files = filesBelow(run.folder);
  return {
    data: { ...run, asked: asked(run.experiment), decisions: notedDecisions(journal), files },
    text: showText(run, journal, files, call.terminal.colors),
  };
};

function showText(run: StoredRun, journal: readonly JournalEntry[], files: readonly string[], colors: Colors): string {
  const { name, folder, status, startedAt, seconds, experiment, metrics } = run;
  const failure = journal.findLast((entry) => entry.type === 'run-failed');
  return sections(
    [
      {
        title: printable(name),
        lines: [
          `${status}, started ${minuteOf(startedAt)}${seconds === null ? '' : `, took ${duration(seconds)}`}`,
          ...(status === 'failed' && failure?.type === 'run-failed' ? [printable(failure.error)] : []),
        ],
      },
      { title: 'asked for (all else is default)', lines: Object.entries(asked(experiment)).map(([path, value]) => `${path}: ${printable(shownValue(value))}`) },
      { title: 'results', lines: metrics === null ? ['not evaluated yet'] : [resultsTable(metrics, colors)] },
      { title: 'learning curves', lines: (metrics?.folds ?? []).flatMap((fold) => [foldCurves(fold, experiment.training.best_model.monitor, colors), '']).slice(0, -1) },
      { title: 'decisions', lines: decisionLines(notedDecisions(journal)) },
      { title: `files in ${printable(pathFromHere(folder))}`, lines: files.map(printable) },
    ],
    colors,
  );
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
