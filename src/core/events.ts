import type { Owner } from './owner.ts';

/** What a stage reports while it works. Metric names are those of the configuration: `train/loss`, `val/f1_macro`, … */
export type StageEvent =
  | {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      /** Where a model does the work: tokens that it has gone through so far, padding among them. */
      readonly positions?: number;
    }
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly epochs: number;
      /** Steps done in this fold so far, and how many its epochs hold in all. */
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly lr: number;
      readonly stepsPerSecond: number;
    }
  | {
      readonly type: 'epoch';
      /** Counts from 1. */
      readonly epoch: number;
      readonly step: number;
      readonly lr: number;
      readonly metrics: Readonly<Record<string, number>>;
      readonly seconds: number;
      readonly work?: { readonly training: Pace; readonly validation: Pace };
    }
  | {
      readonly type: 'decision';
      readonly epoch: number;
      readonly kind: 'best-model' | 'patience' | 'rate-reduced' | 'rate-reset' | 'stopped' | 'diverged' | 'one-class';
      /** A sentence for the person, without a final full stop. */
      readonly message: string;
    }
  | ({ readonly type: 'notice' } & Notice);

/** For the person who watches. A sentence or two. */
export interface Notice {
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** What went through a model, and in which time. A text that comes as the features of a frozen encoder counts as one token. */
export interface Pace {
  readonly tokens: number;
  /** Tokens with the padding. */
  readonly positions: number;
  readonly seconds: number;
}

/** Which task an event is about. */
interface OfTask {
  readonly run: string;
  /** `train[2]`: the stage and its fold. */
  readonly task: string;
  readonly stage: string;
  readonly fold?: number;
}

/** What a task has taken of the machine. */
export interface Usage {
  /** Of all threads together. */
  readonly cpuSeconds: number;
  /** The most memory that its process held while the task ran, as looked at now and then. */
  readonly peakBytes: number;
}

/** What a run takes of the machine, at one moment of its work. */
export interface SystemFigures {
  /** Processor time of the process and all that it has started, since the last look; 100 is one core at work. */
  readonly cpuPercent: number;
  /** What the same hold in memory. */
  readonly memoryBytes: number;
  /** Of the machine's memory, what nobody needs. */
  readonly freeBytes: number;
  /** As the driver lists them; absent where there is none. */
  readonly gpus?: readonly GpuFigures[];
}

/** Null is what the driver does not tell. */
export interface GpuFigures {
  readonly percent: number | null;
  readonly usedBytes: number | null;
  readonly totalBytes: number | null;
}

/** What a run was made of besides its configuration: `environment.json`. */
export interface Environment {
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: { readonly platform: string; readonly cpu: string; readonly cores: number; readonly memoryBytes: number };
  /** The login name; null where the system knows none. Older runs have none. */
  readonly user?: string | null;
  readonly device: string;
  /**
   * How it came to that: what was asked for, the GPU's name where it is known, and each device that would have been better to the
   * reason why it was not taken. Older runs have none.
   */
  readonly deviceChoice?: { readonly asked: string; readonly adapter: string | null; readonly passedOver: Readonly<Record<string, string>> };
  readonly threads: number;
  /** Null outside a git checkout. */
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly commandLine: readonly string[];
  /** Path of each file read from outside the artifacts folder, to the SHA-256 of its content. */
  readonly data: Readonly<Record<string, string>>;
  /** Task to its cache entry, `<stage>/<key>`; what a run refers to is not pruned. */
  readonly entries: Readonly<Record<string, string>>;
}

/** The command that carries several experiments out, as each of their runs knows it. */
export interface Command {
  readonly id: string;
  /** What a person calls it: the names of its experiments. */
  readonly name: string;
  /** How many experiments it has. */
  readonly size: number;
}

/** How a fold went, from its first epoch on; a part of it, or all, may have happened in an earlier run. */
export interface FoldRecord {
  readonly bestEpoch: number;
  readonly epochs: readonly { readonly epoch: number; readonly lr: number; readonly metrics: Readonly<Record<string, number>> }[];
}

/** What the runner reports; a stage's own events come wrapped in `task-event`. */
export type RunEvent =
  | { readonly type: 'download'; readonly file: string; readonly done: number; readonly total: number }
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly folder: string;
      readonly tasks: readonly { readonly id: string; readonly stage: string; readonly fold?: number }[];
      /** The process that carries it out. */
      readonly owner: Owner;
      /** The complete configuration. */
      readonly experiment: object;
      readonly environment: Environment;
      /** Where the command carries out this experiment alone there is none. */
      readonly command?: Command;
    }
  /** About the run as a whole. */
  | ({ readonly type: 'notice'; readonly run: string } & Notice)
  /** `threads`: those of the CPU that it may use; `lanes`: how many tasks of its stage run at a time. */
  | ({ readonly type: 'task-started'; readonly threads?: number; readonly lanes?: number } & OfTask)
  | ({ readonly type: 'task-cached'; readonly record?: FoldRecord } & OfTask)
  | ({ readonly type: 'task-finished'; readonly seconds: number; readonly usage?: Usage; readonly record?: FoldRecord } & OfTask)
  | ({ readonly type: 'task-event'; readonly event: StageEvent } & OfTask)
  | ({ readonly type: 'system'; readonly run: string } & SystemFigures)
  /** A file is in the run's folder; `path` is relative to it, with forward slashes. */
  | { readonly type: 'artifact'; readonly run: string; readonly path: string; readonly bytes: number; readonly sha256: string }
  /** `owner`: the process whose work ends; older runs do not tell. */
  | { readonly type: 'run-finished'; readonly run: string; readonly seconds: number; readonly summary: Readonly<Record<string, number>>; readonly owner?: Owner }
  | { readonly type: 'run-failed'; readonly run: string; readonly seconds: number; readonly error: string; readonly interrupted: boolean; readonly owner?: Owner };

export type Listener<E> = (event: E) => void;
