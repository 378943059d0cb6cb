import { join } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import type { Environment, Pace, RunEvent } from '../../core/events.ts';
import { readJournal, type JournalEntry } from '../../tracking/journal.ts';
import { listRuns } from '../runs.ts';
import type { Cost, Speeds } from './speeds.ts';

/** What decides how fast a run is, besides its texts. */
export type Circumstances = Pick<Environment, 'machine' | 'device' | 'threads' | 'versions'>;

/**
 * The speeds of the newest run in the artifacts folder that had the same model on the same machine, and batches made in the same way,
 * so that the mix of their lengths is alike. Undefined where there is none.
 */
export function earlierSpeeds(artifacts: string, experiment: Experiment, circumstances: Circumstances): Speeds | undefined {
  const alike = listRuns(artifacts).filter((run) => run.status !== 'damaged' && run.experiment !== null && whatCounts(run.experiment) === whatCounts(experiment));
  for (const { name, folder } of alike.toReversed()) {
    const entries = startsLike(readJournal(join(folder, 'journal.jsonl')), circumstances);
    const speeds = { ...trainingSpeeds(entries), encode: encodingSpeed(entries) };
    if (speeds.step !== undefined || speeds.encode !== undefined) return { source: `from the run ${name}`, ...speeds };
  }
  return undefined;
}

function whatCounts({ model, training }: Experiment): string {
  const { base, revision, freeze_encoder, max_seq_length, head } = model;
  const { batch_size, eval_batch_size, padding, batching, optimizer } = training;
  return JSON.stringify([base, revision, freeze_encoder, max_seq_length, head.dense, batch_size, eval_batch_size, padding, batching, optimizer.name]);
}

/** The entries of those starts of a run that happened under the same circumstances. */
function startsLike(entries: readonly JournalEntry[], circumstances: Circumstances): readonly JournalEntry[] {
  let alike = false;
  return entries.filter((entry) => {
    if (entry.type === 'run-started') alike = circumstancesText(entry.environment) === circumstancesText(circumstances);
    return alike;
  });
}

function circumstancesText({ machine, device, threads, versions }: Circumstances): string {
  return JSON.stringify([machine.cpu, machine.cores, device, threads, versions['onnxruntime']]);
}

function trainingSpeeds(entries: readonly JournalEntry[]): Pick<Speeds, 'open' | 'step' | 'evaluate'> {
  const epochs = entries.flatMap((entry) => (entry.type === 'task-event' && entry.event.type === 'epoch' && entry.event.work !== undefined ? [{ t: entry.t, task: entry.task, seconds: entry.event.seconds, work: entry.event.work }] : []));
  const ends = entries.filter((entry): entry is Finished => entry.type === 'task-finished' && entry.stage === 'train');
  const around = ends.map(({ task, seconds }) => seconds - epochs.filter((epoch) => epoch.task === task).reduce((total, epoch) => total + epoch.seconds, 0));
  // Where no fold came to its end, what lies before the first epoch.
  const before = entries.flatMap((entry) => {
    const first = entry.type === 'task-started' ? epochs.find(({ task, t }) => task === entry.task && t >= entry.t) : undefined;
    return first === undefined ? [] : [(first.t - entry.t) / 1000 - first.seconds];
  });
  return {
    open: meanOf(around.length > 0 ? around : before),
    step: proportional(epochs.map(({ work }) => work.training)),
    evaluate: proportional(epochs.map(({ work }) => work.validation)),
  };
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
  return proportional(between.filter(({ positions }) => positions > 0));
}

/** By tokens with padding; undefined where there were none. */
function proportional(paces: readonly Pace[]): Cost | undefined {
  const [seconds, positions] = [paces.reduce((total, pace) => total + pace.seconds, 0), paces.reduce((total, pace) => total + pace.positions, 0)];
  return positions === 0 ? undefined : ({ rows, width }) => (rows.length * width * seconds) / positions;
}
