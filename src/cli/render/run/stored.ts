import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { asked, foldsOf, shownValue } from '../../../config/index.ts';
import type { StoredRun } from '../../../runner/stored/index.ts';
import { foldStories, itemsOf, modelHistories, type FoldStory, type RunHistory } from '../../../tracking/index.ts';
import type { Colors } from '../../terminal.ts';
import { foldCurves, type Curves } from './curves.ts';
import { decisionLines, notedDecisions } from './decisions.ts';
import { resultsTable } from './results.ts';
import { sections } from '../layout/sections.ts';
import { duration, minuteOf, pathFromHere, plural, printable } from '../layout/text.ts';

/** All that is known of a run, for --json. */
export function runDocument(run: StoredRun, history: RunHistory): object {
  const [files, folds] = [filesBelow(run.folder), foldStories(history)];
  return {
    ...run,
    asked: asked(run.experiment),
    decisions: notedDecisions(history),
    files,
    folds,
    ...restOf(history),
    system: taken(history),
  };
}

/** The same for a person. */
export function runText(run: StoredRun, history: RunHistory, colors: Colors): string {
  const { name, folder, status, startedAt, seconds, experiment, metrics, trainedFolds } = run;
  const all = foldsOf(experiment);
  const monitor = experiment.training.best_model.monitor;
  return sections(
    [
      {
        title: printable(name),
        lines: [
          [
            `${status}, started ${minuteOf(startedAt)}`,
            ...(seconds === null ? [] : [`took ${duration(seconds)}`]),
            ...(trainedFolds === all ? [] : [`${trainedFolds} of ${plural(all, 'fold')} trained`]),
            ...(experiment.training.seeds === null ? [] : [`${plural(experiment.training.seeds.length, 'seed')} each`]),
          ].join(', '),
          ...(status === 'failed' && typeof history.end?.error === 'string' ? [printable(history.end.error)] : []),
        ],
      },
      {
        title: 'configuration (other keys have their defaults)',
        lines: Object.entries(asked(experiment)).map(([path, value]) => `${path}: ${printable(shownValue(value))}`),
      },
      { title: 'results', lines: metrics === null ? ['not evaluated yet'] : [resultsTable(metrics, colors)] },
      {
        title: 'learning curves',
        lines: (metrics === null ? foldStories(history).map(unfinished) : modelHistories(metrics.folds))
          .flatMap((fold) => [foldCurves(fold, monitor, colors), ''])
          .slice(0, -1),
      },
      { title: 'decisions', lines: decisionLines(notedDecisions(history)) },
      { title: `files in ${printable(pathFromHere(folder))}`, lines: filesBelow(folder).map(printable) },
    ],
    colors,
  );
}

/** A fold of a run that has not been evaluated, as far as it has come. */
function unfinished({ fold, seed, state, bestEpoch, epochs }: FoldStory): Curves {
  const best = epochs.find(({ epoch }) => epoch === bestEpoch)?.metrics ?? {};
  const stopped = state === 'done' ? 'done' : 'not finished';
  return { fold, ...(seed === undefined ? {} : { seed }), best_epoch: bestEpoch, epochs, best, stopped };
}

/** What a run took of the machine; null where nobody looked. */
function taken({ looks }: RunHistory): { readonly peakMemoryBytes: number; readonly meanCpuPercent: number } | null {
  if (looks.length === 0) return null;
  const all = itemsOf(looks);
  return {
    peakMemoryBytes: all.reduce((most, { memoryBytes }) => Math.max(most, memoryBytes), 0),
    meanCpuPercent: all.reduce((sum, { cpuPercent }) => sum + cpuPercent, 0) / all.length,
  };
}

/** What else the journal holds: the environment of the last start, notices, and the hashes of its files. */
function restOf({ started, notices, files }: RunHistory): object {
  return {
    environment: started?.environment ?? null,
    notices: [...new Set(itemsOf(notices))],
    artifacts: [...files].map(([path, file]) => ({ path, ...file })),
  };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
