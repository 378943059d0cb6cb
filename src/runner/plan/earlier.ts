import { join } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import type { Pace } from '../../core/measures.ts';
import {
  attemptsOf,
  setupKey,
  itemsOf,
  readHistory,
  type Attempt,
  type ExecutionSetup,
  type RunHistory,
} from '../../tracking/index.ts';
import { listRuns } from '../stored/runs.ts';
import type { Cost, Speeds } from './speeds.ts';

/** Older runs than so many alike ones have nothing to add, and their journals are long. */
const MOST_RUNS = 20;

/**
 * The speeds of the newest runs in the artifacts folder that had the same model on the same machine, and batches made in the same way,
 * so that the mix of their lengths is alike. Each speed is that of the newest run that has it: one may have found the features of its
 * encoder in the cache. Over a frozen encoder a run with another head will do where there is none with the same; it has encoded as fast,
 * and its steps cost next to nothing either. Undefined where there is no such run.
 */
export function earlierSpeeds(artifacts: string, experiment: Experiment, setup: ExecutionSetup): Speeds | undefined {
  const here = setupKey(setup);
  const runs = listRuns(artifacts)
    .flatMap(({ status, name, folder, experiment: own, progress }) =>
      status === 'damaged' || own === null || progress === null ? [] : [{ name, folder, experiment: own, progress }],
    )
    .filter(({ progress }) => progress.isTimed && progress.circumstances.includes(here))
    .toReversed();
  const alike = runs.filter((run) => whatCounts(run.experiment, true) === whatCounts(experiment, true));
  const ofOtherHeads = experiment.model.freeze_encoder
    ? runs.filter((run) => !alike.includes(run) && whatCounts(run.experiment, false) === whatCounts(experiment, false))
    : [];
  let found: Omit<Speeds, 'source'> = { open: undefined, step: undefined, evaluate: undefined, encode: undefined };
  const sources: string[] = [];
  for (const run of [...alike, ...ofOtherHeads].slice(0, MOST_RUNS)) {
    const attempts = attemptsLike(readHistory(join(run.folder, 'journal.jsonl')), here);
    const speeds = { ...trainingSpeeds(attempts), encode: encodingSpeed(attempts) };
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
  const { base, revision, freeze_encoder, max_seq_length, head, pooling = 'default', freeze } = model;
  const { batch_size, eval_batch_size, padding, batching, precision = 'float32', optimizer } = training;
  const { micro_batch: micro = null, ema = null } = training;
  return JSON.stringify([
    base,
    revision,
    freeze_encoder,
    max_seq_length,
    ...(pooling === 'default' ? [] : [{ pooling }]),
    // Runs of before had none.
    ...(freeze === undefined || (freeze.layers === 0 && freeze.embeddings !== true) ? [] : [{ freeze }]),
    ...(withHead ? [head.dense] : []),
    batch_size,
    ...(micro === null ? [] : [{ micro }]),
    ...(ema === null ? [] : ['ema']),
    eval_batch_size,
    padding,
    batching,
    precision,
    optimizer.name,
  ]);
}

/** What was tried in those starts of a run that happened with the same setup. */
function attemptsLike({ starts, jobs }: RunHistory, here: string): readonly StageAttempt[] {
  const all = [...jobs.values()].flatMap((job) =>
    attemptsOf(job).map((attempt) => ({ ...attempt, stage: job.stage, epochs: itemsOf(attempt.epochs) })),
  );
  return all.filter(({ start }) => starts[start]?.setup === here);
}

type StageAttempt = Omit<Attempt, 'epochs'> & { readonly stage: string; readonly epochs: Attempt['epochs']['items'] };

function trainingSpeeds(attempts: readonly StageAttempt[]): Pick<Speeds, 'open' | 'step' | 'evaluate'> {
  const work = attempts.flatMap(({ epochs }) => epochs.flatMap((epoch) => epoch.work ?? []));
  const around = attempts.flatMap(({ stage, finished, epochs }) =>
    stage !== 'train' || finished === undefined ? [] : [finished.seconds - epochs.reduce((total, { seconds }) => total + seconds, 0)],
  );
  // Where no fold came to its end, what lies before the first epoch.
  const before = attempts.flatMap(({ startedAt, epochs: [first] }) =>
    first === undefined ? [] : [(first.t - startedAt) / 1000 - first.seconds],
  );
  return {
    open: meanOf(around.length > 0 ? around : before.filter((seconds) => seconds >= 0)), // less than nothing where the clock was put back
    step: proportional(work.map(({ training }) => training)),
    evaluate: proportional(work.map(({ validation }) => validation)),
  };
}

/** Undefined where there are none. Clocks that are read one after the other may make it less than nothing. */
function meanOf(seconds: readonly number[]): number | undefined {
  return seconds.length === 0 ? undefined : Math.max(0, seconds.reduce((total, each) => total + each, 0) / seconds.length);
}

/** From the reports between two batches of the same job. */
function encodingSpeed(attempts: readonly StageAttempt[]): Cost | undefined {
  return proportional(attempts.flatMap(({ stage, passes }) => (stage === 'encode' && passes !== undefined ? [passes] : [])));
}

/** By tokens with padding; undefined where there were none. */
function proportional(paces: readonly Pick<Pace, 'seconds' | 'positions'>[]): Cost | undefined {
  const [seconds, positions] = [
    paces.reduce((total, pace) => total + pace.seconds, 0),
    paces.reduce((total, pace) => total + pace.positions, 0),
  ];
  return positions === 0 ? undefined : ({ rows, width }) => (rows.length * width * seconds) / positions;
}
