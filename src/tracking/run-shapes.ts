import type { Command, Environment, FoldRecord, GpuFigures, Pace, RunEvent, StageEvent, Usage } from '../core/events.ts';
import { staysInside } from '../core/inside.ts';
import type { Owner } from '../core/owner.ts';
import {
  both, count, flag, list, metric, nullable, number, object, objectLike, objectOf, ofType, oneOf, optional, primitive, record, text, word,
  type Shape, type ShapeOf,
} from '../core/shapes.ts';
/** Shapes of the files of a run's folder. */

const epoch = { epoch: count, lr: number, metrics: record(metric) };

/** `metrics.json` */
export const runMetrics: Shape = object({
  classes: list(text),
  folds: list(
    object({
      fold: count,
      best_epoch: count,
      stopped: text,
      epochs: list(object({ ...epoch, seconds: number })),
      best: record(metric),
    }),
  ),
  cv: record(object({ mean: metric, sd: metric })),
  oof: record(metric),
});

/** `environment.json` */
export const runEnvironment = objectOf<Environment>({
  versions: record(text),
  machine: objectOf<Environment['machine']>({ platform: text, cpu: text, cores: count, memoryBytes: number }),
  user: optional(nullable(text)),
  device: text,
  deviceChoice: optional(objectOf<NonNullable<Environment['deviceChoice']>>({ asked: text, adapter: nullable(text), passedOver: record(text) })),
  threads: count,
  git: nullable(objectOf<NonNullable<Environment['git']>>({ commit: text, dirty: flag })),
  commandLine: list(text),
  data: record(text),
  entries: record(text),
});

/** The last moment that JavaScript knows: 100 million days after 1970. */
const LAST_TIME = 8.64e15;
const time = primitive<number>('a time in milliseconds since 1970', (value) => Number.isFinite(value) && Math.abs(Number(value)) <= LAST_TIME);

/** A path below the run's folder. */
const path: ShapeOf<string> = primitive('a path in the folder of the run', (value) => typeof value === 'string' && staysInside(value));

const metrics = record(metric);
const pace = objectOf<Pace>({ tokens: number, positions: number, seconds: number });
const owner = objectOf<Owner>({ pid: count, started: text, host: text, boot: optional(text), namespace: optional(text) });
const usage = objectOf<Usage>({ cpuSeconds: number, peakBytes: number });
const gpu = objectOf<GpuFigures>({ percent: nullable(number), usedBytes: nullable(number), totalBytes: nullable(number) });
const foldRecord = objectOf<FoldRecord>({
  bestEpoch: count,
  epochs: list(objectOf<FoldRecord['epochs'][number]>({ epoch: count, lr: number, metrics })),
});
/** Of the configuration as the run's version knew it, what is read by whoever shows the run. */
const experiment = objectLike({
  name: optional(text),
  data: optional(object({})),
  training: optional(object({ best_model: optional(object({ monitor: text, mode: text })) })),
  tracking: optional(object({ mlflow: optional(nullable(object({ experiment: optional(nullable(text)), log_models: optional(flag) }))) })),
});

const ofTask = { run: text, task: text, stage: text, fold: optional(count) };

/** What a stage tells. Losses that are not finite are null. */
const stageEvent = ofType<StageEvent>({
  progress: { done: number, total: number, unit: text, positions: optional(number) },
  step: { epoch: count, epochs: count, step: count, steps: count, loss: metric, lr: number, stepsPerSecond: metric },
  epoch: {
    epoch: count,
    step: count,
    lr: number,
    metrics,
    seconds: number,
    work: optional(objectOf<{ readonly training: Pace; readonly validation: Pace }>({ training: pace, validation: pace })),
  },
  decision: { epoch: count, kind: word(), message: text },
  notice: { level: oneOf('info', 'warning'), message: text },
});

/** Each event of a journal, with each of its members: one that is added to the types and not here does not compile. */
const runEvent = ofType<RunEvent>({
  download: { file: text, done: number, total: number },
  'run-started': {
    run: text,
    folder: text,
    tasks: list(objectOf<{ readonly id: string; readonly stage: string; readonly fold?: number }>({ id: text, stage: text, fold: optional(count) })),
    owner,
    experiment,
    environment: runEnvironment,
    command: optional(objectOf<Command>({ id: text, name: text, size: count })),
  },
  notice: { run: text, level: oneOf('info', 'warning'), message: text },
  'task-started': { ...ofTask, threads: optional(count), lanes: optional(count) },
  'task-cached': { ...ofTask, record: optional(foldRecord) },
  'task-finished': { ...ofTask, seconds: number, usage: optional(usage), record: optional(foldRecord) },
  'task-event': { ...ofTask, event: stageEvent },
  system: { run: text, cpuPercent: number, memoryBytes: number, freeBytes: number, gpus: optional(list(gpu)) },
  artifact: { run: text, path, bytes: count, sha256: text },
  'run-finished': { run: text, seconds: number, summary: metrics, owner: optional(owner) },
  'run-failed': { run: text, seconds: number, error: text, interrupted: flag, owner: optional(owner) },
});

/** A line of the journal. Events that a later version may add are let through. */
export const journalEntry: Shape = both(object({ v: primitive('1', (value) => value === 1), t: time }), runEvent);
