import type { Experiment } from '../config/index.ts';
import type { Listener, StageEvent } from '../core/events.ts';
import type { Precision } from '../engine/precision.ts';
import type { Device } from '../engine/runtime/index.ts';

/** What the runner knows before any stage runs, besides the experiment. */
export interface Surroundings {
  /** The directory of the pretrained model, in Hugging Face layout. */
  readonly modelFolder: string;
  /** What the device takes products of matrices in while it trains; never `auto`. */
  readonly precision: Precision;
}

/** The part of an experiment that a stage needs; nothing else reaches it, so its cache key cannot miss anything. */
export interface Picked<P> {
  /** Hashed into the cache key as JSON. */
  readonly params: P;
  /** Files outside the cache; their contents, not their paths, go into the key. The table to predict is called `test`. */
  readonly files: Readonly<Record<string, string>>;
}

/** Output folders of the stages before. */
export interface StageInputs {
  one(kind: string): string;
  optional(kind: string): string | undefined;
  /** One folder a fold, in the order of the folds. */
  eachFold(kind: string): readonly string[];
}

export interface StageContext<P> {
  readonly params: P;
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: StageInputs;
  /** A fresh folder to write into; it is moved into the cache when `run` returns. */
  readonly output: string;
  /** Where the task keeps what a later start of it goes on from, and how often; it outlives crashes, not the task's end. */
  readonly partial: {
    readonly folder: string;
    readonly everySeconds: number;
    /** A file that is there as long as nobody else may write there; absent where nobody else knows the folder. */
    readonly claim?: string;
  };
  /** The fold, for a stage that runs once a fold; otherwise 0. */
  readonly fold: number;
  readonly device: Device;
  readonly threads: number;
  /** Training steps between two step events at most; not part of the key, because no output depends on it. */
  readonly logEvery: number;
  /** Rows a batch where nothing is learned; not part of the key, because it changes speed and memory only. */
  readonly evalBatchSize: number;
  readonly emit: Listener<StageEvent>;
  /** True once the person has asked to stop. */
  readonly stopRequested: () => boolean;
  /** Throws the `interrupted` error once the person has asked to stop; for stages that have nothing to save. */
  readonly throwIfStopped: () => void;
}

/** How a stage uses the output of another: there must be one, there may be one, or there is one for every fold. */
export type Need = 'one' | 'optional' | 'each-fold';

/** A stage is a value: what it needs, what it makes, which part of the experiment it sees, and how it runs. */
export interface Stage<P = unknown> {
  readonly name: string;
  /** Raised when the same inputs would give another output, so that old cache entries are not used. */
  readonly version: number;
  /** Kinds of inputs. */
  readonly needs: Readonly<Record<string, Need>>;
  /** `training`: of its inputs it reads only what came of the training table, so that nothing is made anew for another table to predict. */
  readonly reads: 'training' | 'everything';
  /** The kind of its output folder. */
  readonly makes: string;
  /** Files without which its output is not complete, by their paths in it; `has` tells whether there is an optional input, `files` are the
   * names of those that it picks. */
  writes(experiment: Experiment, has: (kind: string) => boolean, files: readonly string[]): readonly string[];
  /** Files or folders of its output, to their place in the run folder; `{fold}` stands for the fold's number. */
  readonly publishes: Readonly<Record<string, string>>;
  /** True where numbers come from onnxruntime; then device and runtime version are part of the key. */
  readonly usesDevice: boolean;
  pick(experiment: Experiment, surroundings: Surroundings): Picked<P>;
  run(context: StageContext<P>): Promise<void>;
}
