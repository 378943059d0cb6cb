import { join } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import type { Environment } from '../../core/environment.ts';
import type { RunEvent } from '../../core/events.ts';
import type { Pace } from '../../core/measures.ts';
import { journalEntries, type JournalEntry } from '../../tracking/journal.ts';
import { circumstancesOf } from '../../tracking/run-progress.ts';
import { listRuns } from '../runs.ts';
import type { Cost, Speeds } from './speeds.ts';

/** What decides how fast a run is, besides its texts. */
export type Circumstances = Pick<Environment, 'machine' | 'device' | 'threads' | 'versions'>;

/** Older runs than so many alike ones have nothing to add, and their journals are long. */
const MOST_RUNS = 20;

/**
 * The speeds of the newest runs in the artifacts folder that had the same model on the same machine, and batches made in the same way,
 * so that the mix of their lengths is alike. Each speed is that of the newest run that has it: one may have found the features of its
 * encoder in the cache. Over a frozen encoder a run with another head will do where there is none with the same; it has encoded as fast,
 * and its steps cost next to nothing either. Undefined where there is no such run.
 */
export function earlierSpeeds(artifacts: string, experiment: Experiment, circumstances: Circumstances): Speeds | undefined {
  const here = circumstancesOf(circumstances);
  const runs = listRuns(artifacts)
    .flatMap(({ status, name, folder, experiment: own, progress }) =>
      status === 'damaged' || own === null || progress === null ? [] : [{ name, folder, experiment: own, progress }],
    )
    .filter(({ progress }) => progress.isTimed && progress.circumstances.includes(here))
    .toReversed();
  const alike = runs.filter((run) => whatCounts(run.experiment, true) === whatCounts(experiment, true));
  const ofOtherHeads = experiment.model.freeze_encoder ? runs.filter((run) => !alike.includes(run) && whatCounts(run.experiment, false) === whatCounts(experiment, false)) : [];
  let found: Omit<Speeds, 'source'> = { open: undefined, step: undefined, evaluate: undefined, encode: undefined };
  const sources: string[] = [];
  for (const run of [...alike, ...ofOtherHeads].slice(0, MOST_RUNS)) {
    const entries = startsLike(journalEntries(join(run.folder, 'journal.jsonl')), here);
    const speeds = { ...trainingSpeeds(entries), encode: encodingSpeed(entries) };
    const hasStep = found.step === undefined && speeds.step !== undefined;
    const hasEncode = found.encode === undefined && speeds.encode !== undefined;
    if (hasStep || hasEncode) sources.push(alike.includes(run) ? run.name : `${run.name}, which had another head`);
    // What belongs to training comes from one run.
    found = { ...(hasStep ? speeds : found), encode: found.encode ?? speeds.encode };
    if (found.step !== undefined && (found.encode !== undefined || !experiment.model.freeze_encoder)) break;
  }
  return sources.length === 0 ? undefined : { source: `from the run ${sources.join(', and from ')}`, ...found };
}

function whatCounts({ model, training }: Experiment, withHead: boolean): string {
  const { base, revision, freeze_encoder, max_seq_length, head } = model;
  const { batch_size, eval_batch_size, padding, batching, precision = 'float32', optimizer } = training;
  return JSON.stringify([base, revision, freeze_encoder, max_seq_length, ...(withHead ? [head.dense] : []), batch_size, eval_batch_size, padding, batching, precision, optimizer.name]);
}

/** What tells of speeds, of those starts of a run that happened under the same circumstances. */
function startsLike(entries: Iterable<JournalEntry>, here: string): readonly JournalEntry[] {
  const kept: JournalEntry[] = [];
  let alike = false;
  for (const entry of entries) {
    if (entry.type === 'run-started') alike = circumstancesOf(entry.environment) === here;
    const tells = entry.type === 'task-started' || entry.type === 'task-finished' || (entry.type === 'task-event' && ['epoch', 'progress'].includes(entry.event.type));
    if (alike && tells) kept.push(entry);
  }
  return kept;
}

function trainingSpeeds(entries: readonly JournalEntry[]): Pick<Speeds, 'open' | 'step' | 'evaluate'> {
  const epochs = entries.flatMap((entry) => {
    if (entry.type !== 'task-event' || entry.event.type !== 'epoch' || entry.event.work === undefined) return [];
    return [{ task: entry.task, seconds: entry.event.seconds, work: entry.event.work }];
  });
  const ends = entries.filter((entry): entry is Finished => entry.type === 'task-finished' && entry.stage === 'train');
  const around = ends.map(({ task, seconds }) => seconds - epochs.filter((epoch) => epoch.task === task).reduce((total, epoch) => total + epoch.seconds, 0));
  // Where no fold came to its end, what lies before the first epoch.
  const before = firstEpochs(entries).map(({ start, epoch, seconds }) => (epoch - start) / 1000 - seconds);
  return {
    open: meanOf(around.length > 0 ? around : before.filter((seconds) => seconds >= 0)), // less than nothing where the clock was put back
    step: proportional(epochs.map(({ work }) => work.training)),
    evaluate: proportional(epochs.map(({ work }) => work.validation)),
  };
}

/** When each start of a task was, and when its first epoch ended, which took so many seconds. */
function firstEpochs(entries: readonly JournalEntry[]): readonly { readonly start: number; readonly epoch: number; readonly seconds: number }[] {
  const started = new Map<string, number>();
  return entries.flatMap((entry) => {
    if (entry.type === 'task-started') started.set(entry.task, entry.t);
    if (entry.type !== 'task-event' || entry.event.type !== 'epoch') return [];
    const start = started.get(entry.task);
    started.delete(entry.task);
    return start === undefined ? [] : [{ start, epoch: entry.t, seconds: entry.event.seconds }];
  });
}

/** Undefined where there are none. Clocks that are read one after the other may make it less than nothing. */
function meanOf(seconds: readonly number[]): number | undefined {
  return seconds.length === 0 ? undefined : Math.max(0, seconds.reduce((total, each) => total + each, 0) / seconds.length);
}

type Finished = JournalEntry & Extract<RunEvent, { type: 'task-finished' }>;

/** From the reports between two batches of the same task. */
function encodingSpeed(entries: readonly JournalEntry[]): Cost | undefined {
  const reports = entries.flatMap((entry) =>
    entry.type === 'task-event' && entry.stage === 'encode' && entry.event.type === 'progress' && entry.event.positions !== undefined ? [{ seconds: entry.t / 1000, positions: entry.event.positions }] : [],
  );
  const between = reports.slice(1).map(({ seconds, positions }, i) => ({ tokens: 0, seconds: seconds - (reports[i]?.seconds ?? NaN), positions: positions - (reports[i]?.positions ?? NaN) }));
  return proportional(between.filter(({ positions, seconds }) => positions > 0 && seconds >= 0));
}

/** By tokens with padding; undefined where there were none. */
function proportional(paces: readonly Pace[]): Cost | undefined {
  const [seconds, positions] = [paces.reduce((total, pace) => total + pace.seconds, 0), paces.reduce((total, pace) => total + pace.positions, 0)];
  return positions === 0 ? undefined : ({ rows, width }) => (rows.length * width * seconds) / positions;
}
