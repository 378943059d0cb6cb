import { count, list, metric, nullable, number, object, optional, record, type TypeOf } from './shapes.ts';

/** What events tell in numbers. A metric that is not finite is null in the journal. */

/** Metric names are those of the configuration: `train/loss`, `val/f1_macro`, … */
export const metrics = record(metric);

/** One of them: NaN where it is not finite. Throws where it is missing, which is a mistake of this program. */
export function figureOf(metrics: Readonly<Record<string, number | null>>, name: string): number {
  const value = metrics[name];
  if (value === undefined) throw new Error(`there is no metric ${name} among ${Object.keys(metrics).join(', ')}`);
  return value ?? NaN;
}

/** `figureOf`, of a metric that need not have been measured: NaN, too, where it was not. */
export function figureIfMeasured(metrics: Readonly<Record<string, number | null>>, name: string): number {
  return Object.hasOwn(metrics, name) ? figureOf(metrics, name) : NaN;
}

/** What went through a model, and in which time. A text that comes as the features of a frozen encoder counts as one token. */
export type Pace = TypeOf<typeof pace>;

export const pace = object({
  tokens: number,
  /** Tokens with the padding. */
  positions: number,
  seconds: number,
});

/** What a job has taken of the machine. */
export type Usage = TypeOf<typeof usage>;

export const usage = object({
  /** Of all threads together. */
  cpuSeconds: number,
  /** The most memory that its process held while the job ran, as looked at now and then. */
  peakBytes: number,
});

/** Null is what the driver does not tell. */
export type GpuFigures = TypeOf<typeof gpuFigures>;

const gpuFigures = object({ percent: nullable(number), usedBytes: nullable(number), totalBytes: nullable(number) });

/** What a run takes of the machine, at one moment of its work. */
export type SystemFigures = TypeOf<typeof systemFigures>;

export const systemMembers = {
  /** Processor time of the process and all that it has started, since the last look; 100 is one core at work. */
  cpuPercent: number,
  /** What the same hold in memory. */
  memoryBytes: number,
  /** Of the machine's memory, what nobody needs. */
  freeBytes: number,
  /** As the driver lists them; absent where there is none. */
  gpus: optional(list(gpuFigures)),
};

const systemFigures = object(systemMembers);

/** How a fold went, from its first epoch on; a part of it, or all, may have happened in an earlier run. */
export type FoldRecord = TypeOf<typeof foldRecord>;

/** One epoch of a fold. */
export const epochMembers = {
  /** Counts from 1. */
  epoch: count,
  /** The rate of the epoch's last step. */
  lr: number,
  metrics,
};

export const foldRecord = object({ bestEpoch: count, epochs: list(object(epochMembers)) });
