import { both, count, flag, list, metric, nullable, number, object, oneOf, optional, primitive, record, text, type Shape } from '../core/shapes.ts';

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
export const runEnvironment: Shape = object({
  versions: record(text),
  machine: object({ platform: text, cpu: text, cores: count, memoryBytes: number }),
  user: optional(nullable(text)),
  device: text,
  threads: count,
  git: nullable(object({ commit: text, dirty: flag })),
  commandLine: list(text),
  data: record(text),
  entries: record(text),
});

/** The last moment that JavaScript knows: 100 million days after 1970. */
const LAST_TIME = 8.64e15;
const time = primitive('a time in milliseconds since 1970', (value) => Number.isFinite(value) && Math.abs(Number(value)) <= LAST_TIME);

const foldRecord = optional(object({ bestEpoch: count, epochs: list(object(epoch)) }));
const ofTask = { run: text, task: text, stage: text, fold: optional(count) };

/** What a stage tells. Losses that are not finite are null. */
const stageEvents: Readonly<Record<string, Shape>> = {
  progress: object({ done: number, total: number, unit: text }),
  step: object({ epoch: count, epochs: count, step: count, steps: count, loss: metric, lr: number, stepsPerSecond: metric }),
  epoch: object({ ...epoch, step: count, seconds: number }),
  decision: object({ epoch: count, kind: text, message: text }),
  notice: object({ level: oneOf('info', 'warning'), message: text }),
};

const runEvents: Readonly<Record<string, Shape>> = {
  download: object({ file: text, done: number, total: number }),
  'run-started': object({
    run: text,
    folder: text,
    tasks: list(object({ id: text, stage: text, fold: optional(count) })),
    owner: object({ pid: count, started: text, host: text, boot: optional(text), namespace: optional(text) }),
    experiment: record(() => undefined),
    environment: object({ versions: record(text) }),
    command: optional(object({ id: text, name: text, size: count })),
  }),
  'task-started': object(ofTask),
  'task-cached': object({ ...ofTask, record: foldRecord }),
  'task-finished': object({ ...ofTask, seconds: number, usage: optional(object({ cpuSeconds: number, peakBytes: number })), record: foldRecord }),
  'task-event': object({ ...ofTask, event: ofType(stageEvents) }),
  artifact: object({ run: text, path: text, bytes: count, sha256: text }),
  'run-finished': object({ run: text, seconds: number, summary: record(metric) }),
  'run-failed': object({ run: text, seconds: number, error: text, interrupted: flag }),
};

/** A line of the journal. Events that a later version may add are let through. */
export const journalEntry: Shape = both(object({ v: primitive('1', (value) => value === 1), t: time }), ofType(runEvents));

function ofType(events: Readonly<Record<string, Shape>>): Shape {
  return both(object({ type: text }), (value, place) => {
    const { type } = value as { readonly type: string };
    return Object.hasOwn(events, type) ? events[type]?.(value, place) : undefined;
  });
}
