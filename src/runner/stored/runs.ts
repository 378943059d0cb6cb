import { lstatSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { readExperiment, type Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { fileInside, folderInside } from '../../core/inside.ts';
import { nearest } from '../../core/nearest.ts';
import { isRefusal } from '../../core/system-errors.ts';
import {
  progressOf,
  readHistory,
  readMetrics,
  statusOf,
  type RunHistory,
  type RunMetrics,
  type RunProgress,
} from '../../tracking/index.ts';
import { openRunIndex, unlessDamaged, type RunDigest, type RunResults } from './run-index.ts';
import { trainedFoldsOf } from './trained-folds.ts';

/** A run as its folder describes it. */
export interface StoredRun {
  readonly name: string;
  readonly folder: string;
  /** `damaged`: the journal cannot be read, or, in a list of runs, the metrics or the configuration. */
  readonly status: 'done' | 'running' | 'failed' | 'interrupted' | 'damaged';
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of all its starts that ended, together; null where none has. */
  readonly seconds: number | null;
  readonly experiment: Experiment;
  /** Null where it has not been evaluated. */
  readonly metrics: RunMetrics | null;
  /** Folds that have a trained model; `split.only`, `--until` and interruptions leave fewer than `split.folds`. */
  readonly trainedFolds: number;
}

/** A run in a list, where one bad folder does not hide the others. */
export interface ListedRun extends Omit<StoredRun, 'experiment'> {
  /** Null where its file cannot be read. */
  readonly experiment: Experiment | null;
  /** The metrics in short, known without reading them; null where it has none that can be read. */
  readonly results: RunResults | null;
  /** What decides which runs show how fast others will be; null where the journal cannot be read. */
  readonly progress: RunProgress | null;
}

/** All runs of an artifacts folder, the newest last. Of those that have not changed since the last time, nothing is read again. */
export function listRuns(artifacts: string): readonly ListedRun[] {
  const index = openRunIndex(artifacts);
  const runs = runNames(artifacts).map((name) => listed(runsFolder(artifacts), name, (folder) => index.of(folder, name)));
  index.save();
  return runs.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

/** One run, by its name or by the path of its folder. Throws a usage error that names the nearest run where there is none. */
export function readRun(artifacts: string, name: string): StoredRun {
  return readRunAndHistory(artifacts, name).run;
}

/** `readRun`, and the history in its journal, undefined where that is damaged. */
export function readRunAndHistory(artifacts: string, name: string): { readonly run: StoredRun; readonly history: RunHistory | undefined } {
  const names = runNames(artifacts);
  const folder = names.includes(name) ? folderInside(runsFolder(artifacts), name) : resolve(name);
  if (!isRun(folder)) {
    const near = nearest(name, names);
    throw new OrtrainError('usage', `there is no run ${name} in ${runsFolder(artifacts)}`, {
      subject: name,
      remedy:
        near !== undefined
          ? `Did you mean ${near}?`
          : names.length > 0
            ? `The runs are ${names.join(', ')}.`
            : 'Start one with: pipeline run <config>',
    });
  }
  if (dirname(folder) === runsFolder(artifacts)) folderInside(dirname(folder), basename(folder));
  const history = unlessDamaged(() => readHistory(join(folder, 'journal.jsonl')));
  const metrics = readMetrics(folder);
  const experiment = readExperiment(fileInside(folder, 'config.yaml'));
  const progress = history === undefined ? undefined : progressOf(history);
  return {
    run: { ...summed(folder, progress), experiment, metrics, trainedFolds: trainedFoldsOf(folder, metrics?.folds.length) },
    history,
  };
}

/** The threads that a run was configured for; all of the machine's where that was left to it. */
export function threadsOf({ experiment }: StoredRun): number {
  const { threads } = experiment.resources;
  return threads === 'auto' ? availableParallelism() : threads;
}

function listed(runs: string, name: string, digestOf: (folder: string) => RunDigest): ListedRun {
  const folder = join(runs, name);
  // Nothing behind a link belongs to these runs.
  const { progress, experiment, results }: RunDigest = unlessDamaged(() => digestOf(folderInside(runs, name))) ?? {};
  const run = summed(folder, progress);
  const isDamaged = experiment === undefined || results === undefined;
  return {
    ...run,
    ...(isDamaged ? { status: 'damaged' } : {}),
    experiment: experiment ?? null,
    results: results ?? null,
    progress: progress ?? null,
    trainedFolds: results === undefined ? 0 : trainedFoldsOf(folder, results?.folds.length),
    get metrics() {
      return results === undefined || results === null ? null : (unlessDamaged(() => readMetrics(folder)) ?? null);
    },
  };
}

const runsFolder = (artifacts: string): string => resolve(artifacts, 'runs');

/** Names of the runs of an artifacts folder. */
export function runNames(artifacts: string): readonly string[] {
  const folder = runsFolder(artifacts);
  return namesIn(folder).filter((name) => isRun(join(folder, name)));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isRefusal(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Whatever stands under the names of these files: a run that was tampered with is still one. */
function isRun(folder: string): boolean {
  return ['config.yaml', 'journal.jsonl'].every((name) => {
    try {
      return lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
    } catch {
      return false;
    }
  });
}

/** The last start and what became of it, and the seconds of all starts together. */
function summed(folder: string, progress: RunProgress | undefined): Omit<StoredRun, 'experiment' | 'metrics' | 'trainedFolds'> {
  const name = basename(folder);
  // A journal that does not say when the run started is damaged: that is its first line.
  if (progress === undefined || progress.startedAt === null)
    return { name, folder, status: 'damaged', startedAt: lstatSync(join(folder, 'journal.jsonl')).mtime.toISOString(), seconds: null };
  return {
    name,
    folder,
    status: statusOf(progress, folder),
    startedAt: new Date(progress.startedAt).toISOString(),
    seconds: progress.seconds,
  };
}
