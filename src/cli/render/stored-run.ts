import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { asked, shownValue } from '../../config/parameters.ts';
import type { StoredRun } from '../../runner/index.ts';
import { foldStories, type FoldStory } from '../../tracking/fold-stories.ts';
import { journalEntries, type JournalEntry } from '../../tracking/journal.ts';
import type { Colors } from '../terminal.ts';
import { foldCurves, type Curves } from './curves.ts';
import { decisionLines, notedDecisions } from './decisions.ts';
import { resultsTable } from './results.ts';
import { sections } from './sections.ts';
import { duration, minuteOf, pathFromHere, plural, printable } from './text.ts';

/** What is shown of a run besides its results. */
export interface RunRecord {
  readonly journal: readonly JournalEntry[];
  readonly system: Taken;
  readonly files: readonly string[];
  readonly folds: readonly FoldStory[];
}

export function recordOf({ folder }: StoredRun): RunRecord {
  const { journal, system } = readTold(join(folder, 'journal.jsonl'));
  return { journal, system, files: filesBelow(folder), folds: foldStories(journal) };
}

/** All that is known of a run, for --json. */
export function runDocument(run: StoredRun, { journal, system, files, folds }: RunRecord): object {
  return { ...run, asked: asked(run.experiment), decisions: notedDecisions(journal), files, folds, ...circumstances(journal), system };
}

/** The same for a person. */
export function runText(run: StoredRun, { journal, files, folds }: RunRecord, colors: Colors): string {
  const { name, folder, status, startedAt, seconds, experiment, metrics, trainedFolds } = run;
  const all = experiment.split.folds;
  const monitor = experiment.training.best_model.monitor;
  const failure = journal.findLast((entry) => entry.type === 'run-failed');
  return sections(
    [
      {
        title: printable(name),
        lines: [
          `${status}, started ${minuteOf(startedAt)}${seconds === null ? '' : `, took ${duration(seconds)}`}${trainedFolds === all ? '' : `, ${trainedFolds} of ${plural(all, 'fold')} trained`}`,
          ...(status === 'failed' && failure?.type === 'run-failed' ? [printable(failure.error)] : []),
        ],
      },
      { title: 'asked for (all else is default)', lines: Object.entries(asked(experiment)).map(([path, value]) => `${path}: ${printable(shownValue(value))}`) },
      { title: 'results', lines: metrics === null ? ['not evaluated yet'] : [resultsTable(metrics, colors)] },
      { title: 'learning curves', lines: (metrics?.folds ?? folds.map(unfinished)).flatMap((fold) => [foldCurves(fold, monitor, colors), '']).slice(0, -1) },
      { title: 'decisions', lines: decisionLines(notedDecisions(journal)) },
      { title: `files in ${printable(pathFromHere(folder))}`, lines: files.map(printable) },
    ],
    colors,
  );
}

/** A fold of a run that has not been evaluated, as far as it has come. */
function unfinished({ fold, state, bestEpoch, epochs }: FoldStory): Curves {
  const best = epochs.find(({ epoch }) => epoch === bestEpoch)?.metrics ?? {};
  return { fold, best_epoch: bestEpoch ?? 0, epochs, best, stopped: state === 'done' ? 'done' : 'not finished' };
}

/** What a run took of the machine; null where nobody looked. */
type Taken = { readonly peakMemoryBytes: number; readonly meanCpuPercent: number } | null;

/** The entries that are shown: of the single steps, which are most of a journal, only their epochs are. */
function readTold(path: string): { readonly journal: readonly JournalEntry[]; readonly system: Taken } {
  const journal: JournalEntry[] = [];
  let [looks, cpuPercent, peakMemoryBytes] = [0, 0, 0];
  for (const entry of journalEntries(path)) {
    if (entry.type === 'system') [looks, cpuPercent, peakMemoryBytes] = [looks + 1, cpuPercent + entry.cpuPercent, Math.max(peakMemoryBytes, entry.memoryBytes)];
    else if (entry.type !== 'download' && !(entry.type === 'task-event' && ['step', 'progress'].includes(entry.event.type))) journal.push(entry);
  }
  return { journal, system: looks === 0 ? null : { peakMemoryBytes, meanCpuPercent: cpuPercent / looks } };
}

/** What else the journal holds: the surroundings of the last start, notices, and its files' hashes. */
function circumstances(journal: readonly JournalEntry[]): object {
  const start = journal.findLast((entry) => entry.type === 'run-started');
  const notices = journal.flatMap((entry) => (entry.type === 'notice' ? [entry.message] : entry.type === 'task-event' && entry.event.type === 'notice' ? [entry.event.message] : []));
  const artifacts = new Map(journal.flatMap((entry) => (entry.type === 'artifact' ? [[entry.path, { path: entry.path, bytes: entry.bytes, sha256: entry.sha256 }] as const] : [])));
  return {
    environment: start?.type === 'run-started' ? start.environment : null,
    notices: [...new Set(notices)],
    artifacts: [...artifacts.values()],
  };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
