import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readExperiment, type Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { RunMetrics } from '../stages/index.ts';
import { readJournal } from '../tracking/journal.ts';

/** A run as its folder tells it. */
export interface StoredRun {
  readonly name: string;
  readonly folder: string;
  readonly status: 'done' | 'running' | 'failed' | 'interrupted';
  /** ISO 8601. */
  readonly startedAt: string;
  /** Null while it runs, and where it was killed. */
  readonly seconds: number | null;
  readonly experiment: Experiment;
  /** Null where it has not been evaluated. */
  readonly metrics: RunMetrics | null;
}

/** All runs of an artifacts folder, the newest last. */
export function listRuns(artifacts: string): readonly StoredRun[] {
  return runNames(artifacts)
    .map((name) => readRun(artifacts, name))
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
  const metricsFile = join(folder, 'metrics.json');
  return {
    name: folder.split(/[\\/]/).at(-1) ?? name,
    folder,
    ...progressOf(folder),
    experiment: readExperiment(join(folder, 'config.yaml')),
    metrics: existsSync(metricsFile) ? (JSON.parse(readFileSync(metricsFile, 'utf8')) as RunMetrics) : null,
  };
}

const runsFolder = (artifacts: string): string => resolve(artifacts, 'runs');

function runNames(artifacts: string): readonly string[] {
  const folder = runsFolder(artifacts);
  return existsSync(folder) ? readdirSync(folder).filter((name) => isRun(join(folder, name))) : [];
}

const isRun = (folder: string): boolean => existsSync(join(folder, 'config.yaml')) && existsSync(join(folder, 'journal.jsonl'));

/** The last start in the journal and what became of it; without an end it runs, or its process was killed. */
function progressOf(folder: string): Pick<StoredRun, 'status' | 'startedAt' | 'seconds'> {
  const entries = readJournal(join(folder, 'journal.jsonl'));
  const start = entries.findLast((entry) => entry.type === 'run-started');
  const end = entries.findLast((entry) => entry.type === 'run-finished' || entry.type === 'run-failed');
  const startedAt = new Date(start?.t ?? 0).toISOString();
  if (end === undefined || end.t < (start?.t ?? 0)) {
    const alive = start !== undefined && start.type === 'run-started' && isAlive(start.pid);
    return { status: alive ? 'running' : 'interrupted', startedAt, seconds: null };
  }
  if (end.type === 'run-failed') return { status: end.interrupted ? 'interrupted' : 'failed', startedAt, seconds: end.seconds };
  return { status: 'done', startedAt, seconds: end.type === 'run-finished' ? end.seconds : null };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
