import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readExperiment, type Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { readJsonInput } from '../core/inputs.ts';
import { nearest } from '../core/nearest.ts';
import { isAtWork } from '../tracking/at-work.ts';
import { readJournal } from '../tracking/journal.ts';
import type { RunMetrics } from '../tracking/run-files.ts';
import { runMetrics } from '../tracking/run-shapes.ts';
import { trainedFoldsOf } from './trained-folds.ts';

/** A run as its folder tells it. */
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
}

/** All runs of an artifacts folder, the newest last. */
export function listRuns(artifacts: string): readonly ListedRun[] {
  return runNames(artifacts)
    .map((name) => listed(join(runsFolder(artifacts), name)))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

/** One run, by its name or by the path of its folder. Throws a usage error that names the nearest run where there is none. */
export function readRun(artifacts: string, name: string): StoredRun {
  const names = runNames(artifacts);
  const folder = names.includes(name) ? join(runsFolder(artifacts), name) : resolve(name);
  if (!isRun(folder)) {
    const near = nearest(name, names);
    throw new OrtrainError('usage', `there is no run ${name} in ${runsFolder(artifacts)}`, {
      subject: name,
      remedy: near !== undefined ? `Did you mean ${near}?` : names.length > 0 ? `The runs are ${names.join(', ')}.` : 'Start one with: pipeline run <config>',
    });
  }
  const metrics = metricsOf(folder);
  return { ...placeAndProgress(folder), experiment: experimentOf(folder), metrics, trainedFolds: trainedFoldsOf(folder, metrics) };
}

function listed(folder: string): ListedRun {
  const [run, experiment, metrics] = [placeAndProgress(folder), unlessDamaged(() => experimentOf(folder)), unlessDamaged(() => metricsOf(folder))];
  const isDamaged = experiment === undefined || metrics === undefined;
  return { ...run, ...(isDamaged ? { status: 'damaged' } : {}), experiment: experiment ?? null, metrics: metrics ?? null, trainedFolds: trainedFoldsOf(folder, metrics ?? null) };
}

/** Undefined for a file that holds something else than it should. */
function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof OrtrainError) return undefined;
    throw error;
  }
}

function placeAndProgress(folder: string): Omit<StoredRun, 'experiment' | 'metrics' | 'trainedFolds'> {
  return { name: basename(folder), folder, ...progressOf(folder) };
}

function experimentOf(folder: string): Experiment {
  return readExperiment(join(folder, 'config.yaml'));
}

function metricsOf(folder: string): RunMetrics | null {
  const file = join(folder, 'metrics.json');
  return existsSync(file) ? readJsonInput<RunMetrics>(file, runMetrics) : null;
}

const runsFolder = (artifacts: string): string => resolve(artifacts, 'runs');

function runNames(artifacts: string): readonly string[] {
  const folder = runsFolder(artifacts);
  return existsSync(folder) ? readdirSync(folder).filter((name) => isRun(join(folder, name))) : [];
}

const isRun = (folder: string): boolean => existsSync(join(folder, 'config.yaml')) && existsSync(join(folder, 'journal.jsonl'));

/** What the journal says: the last start and what became of it, and the seconds of all starts together. */
function progressOf(folder: string): Pick<StoredRun, 'status' | 'startedAt' | 'seconds'> {
  const path = join(folder, 'journal.jsonl');
  const entries = unlessDamaged(() => readJournal(path));
  if (entries === undefined) return { status: 'damaged', startedAt: statSync(path).mtime.toISOString(), seconds: null };
  const start = entries.findLast((entry) => entry.type === 'run-started');
  const ends = entries.filter((entry) => entry.type === 'run-finished' || entry.type === 'run-failed');
  const last = ends.at(-1);
  const seconds = ends.length === 0 ? null : ends.reduce((sum, end) => sum + end.seconds, 0);
  return { status: statusOf(folder, start, last), startedAt: new Date(start?.t ?? 0).toISOString(), seconds };
}

type Entry = ReturnType<typeof readJournal>[number];

function statusOf(folder: string, start: (Entry & { readonly type: 'run-started' }) | undefined, end: Entry | undefined): StoredRun['status'] {
  if (end === undefined || end.t < (start?.t ?? 0)) return start !== undefined && isAtWork(folder, start.owner) ? 'running' : 'interrupted';
  if (end.type !== 'run-failed') return 'done';
  return end.interrupted ? 'interrupted' : 'failed';
}
