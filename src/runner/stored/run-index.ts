import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileSchemas, loadExperiment, type Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { hashOf, sha256 } from '../../core/hash.ts';
import { MOST_JSON_BYTES, readInput } from '../../core/inputs.ts';
import { fileInside } from '../../core/inside.ts';
import { packageVersion } from '../../core/package.ts';
import type { TaskDescription } from '../../tasks/index.ts';
import { progressOf, readHistory, readMetrics, readSoundHistory, taskOf, type RunMetrics, type RunProgress } from '../../tracking/index.ts';

/** What a list of runs needs of one of them. */
export interface RunDigest {
  /** Undefined where the journal is damaged. */
  readonly progress?: RunProgress;
  /** Undefined where the configuration is damaged. */
  readonly experiment?: Experiment;
  /** Null where it has not been evaluated, undefined where its metrics are damaged. */
  readonly results?: RunResults | null;
}

/** The results of a run, in short. */
export type RunResults = Pick<RunMetrics, 'oof' | 'cv'> &
  TaskDescription & {
    /** Those that were trained. */
    readonly folds: readonly number[];
  };

/** Digests of runs, remembered beside the cache for as long as the files that they were made from are the same. */
export interface RunIndex {
  of(folder: string, name: string): RunDigest;
  /** Keeps what was read now for the next command. A folder that cannot be written only costs reading it all again. */
  save(): void;
}

/** A digest, and how its files looked before it was made. */
interface Remembered {
  readonly stamp: string;
  readonly digest: RunDigest;
}

export function openRunIndex(artifacts: string): RunIndex {
  const store = join('cache', 'runs.json');
  const known = readStore(resolve(artifacts), store);
  const kept = new Map<string, Remembered>();
  let isChanged = false;
  return {
    of(folder, name) {
      const before = stampOf(folder);
      const remembered = known.get(name);
      if (remembered?.stamp === before.text) {
        kept.set(name, remembered);
        return remembered.digest;
      }
      const { digest, isOfOneFile } = digestOf(folder);
      isChanged = true;
      if (isOfOneFile && before.isSettled && stampOf(folder).text === before.text) kept.set(name, { stamp: before.text, digest });
      return digest;
    },
    save() {
      if (!isChanged && kept.size === known.size) return;
      try {
        const content = JSON.stringify(Object.fromEntries(kept));
        writeFileAtomic(fileInside(resolve(artifacts), store), `${seal(content)}\n${content}\n`);
      } catch {
        // The runs are what they are without it.
      }
    },
  };
}

/** What a read throws that is not fit to be read; undefined for a file that holds something else than it should. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof OrtrainError) return undefined;
    throw error;
  }
}

/**
 * What is remembered of a run is as good as what is read: under another version or schema, or where a byte has changed, nothing is
 * remembered.
 */
function seal(content: string): string {
  return sha256(`${hashOf({ format: 1, version: packageVersion(), schema: fileSchemas.experiment })}\n${content}`);
}

function readStore(artifacts: string, store: string): ReadonlyMap<string, Remembered> {
  try {
    const text = readInput(fileInside(artifacts, store), MOST_JSON_BYTES).toString('utf8');
    const content = text.slice(text.indexOf('\n') + 1, -1);
    return text === `${seal(content)}\n${content}\n`
      ? new Map(Object.entries(JSON.parse(content) as Record<string, Remembered>))
      : new Map();
  } catch {
    return new Map();
  }
}

/** Clocks of file systems tick every few milliseconds: a second change within a tick would not show. */
const TICK_MS = 2000;

/** How the files of a run look from outside: sizes, times and places on the disk. */
function stampOf(folder: string): { readonly text: string; readonly isSettled: boolean } {
  const now = Date.now();
  const stats = ['journal.jsonl', 'config.yaml', 'metrics.json'].map((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }));
  return {
    text: stats.map((stat) => (stat === undefined ? '-' : [stat.mode, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino].join())).join(' '),
    isSettled: stats.every((stat) => stat === undefined || Math.abs(now - stat.ctimeMs) > TICK_MS),
  };
}

/** A configuration that stands on others has to be read again with them. */
function digestOf(folder: string): { readonly digest: RunDigest; readonly isOfOneFile: boolean } {
  const journal = join(folder, 'journal.jsonl');
  const whole = unlessDamaged(() => readHistory(journal));
  const progress = whole === undefined ? undefined : progressOf(whole);
  const recorded = (whole ?? unlessDamaged(() => readSoundHistory(journal)))?.files.get('metrics.json')?.sha256;
  const loaded = unlessDamaged(() => loadExperiment(fileInside(folder, 'config.yaml')));
  const metrics = unlessDamaged(() => readMetrics(folder, recorded));
  return {
    digest: {
      ...(progress === undefined ? {} : { progress }),
      ...(loaded === undefined ? {} : { experiment: loaded.experiment }),
      ...(metrics === undefined ? {} : { results: metrics === null ? null : inShort(metrics) }),
    },
    isOfOneFile: loaded === undefined || loaded.files.length === 1,
  };
}

function inShort(metrics: RunMetrics): RunResults {
  const { oof, cv, folds } = metrics;
  return { oof, cv, ...taskOf(metrics), folds: folds.map(({ fold }) => fold) };
}
