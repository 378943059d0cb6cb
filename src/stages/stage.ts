import type { Experiment } from '../config/index.ts';
import type { Listener, StageEvent } from '../core/events.ts';
import type { Precision } from '../engine/precision.ts';
import type { Device } from '../engine/runtime/index.ts';
import { openOutput, type Kind, type OutputOf } from './outputs.ts';

/** What the runner knows before any stage runs, besides the experiment. */
export interface ResolvedModel {
  /** The directory of the pretrained model, in Hugging Face layout. */
  readonly modelFolder: string;
  /** What the device takes products of matrices in while it trains; never `auto`. */
  readonly precision: Precision;
}

/** Paths by names. */
type Files = Readonly<Record<string, string>>;

/** The part of an experiment that a stage needs; nothing else reaches it, so its cache key cannot miss anything. */
export interface Picked<P, F = Files> {
  /** Hashed into the cache key as JSON. */
  readonly params: P;
  /** Files outside the cache; their contents, not their paths, go into the key. The table to predict is called `test`. */
  readonly files: F;
}

/**
 * How a stage uses the output of another: there must be one, there may be one, there is one for every fold, or there may be any number of
 * them. `source`: there must be one,
 * from which another input of the stage was made, so that the key of that input stands for it.
 */
export type Need = 'one' | 'source' | 'optional' | 'each-fold' | 'any';

export type Needs = { readonly [K in Kind]?: Need };

/** The outputs that a stage reads, by their kinds, as its needs say; those of all folds in the order of the folds. */
export type Inputs<N extends Needs> = { readonly [K in keyof N & Kind]: InputOf<N[K], OutputOf<K>> };

type InputOf<N, Output> = N extends 'each-fold' | 'any' ? readonly Output[] : N extends 'optional' ? Output | undefined : Output;

export interface StageContext<P, F = Files, N extends Needs = Needs> {
  readonly params: P;
  readonly files: F;
  readonly inputs: Inputs<N>;
  /** A fresh folder to write into; it is moved into the cache when `run` returns. */
  readonly output: string;
  /** Where the job keeps the state from which a later start resumes, and how often; it outlives crashes, not the end of the job. */
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
  /** Where there is more to train after this epoch, it ends with a checkpoint in `partial` and the error `paused`. */
  readonly pauseAfter?: number;
  readonly emit: Listener<StageEvent>;
  /** True once the person has asked to stop. */
  readonly stopRequested: () => boolean;
  /** Throws the `interrupted` error once the person has asked to stop; for stages that have nothing to save. */
  readonly throwIfStopped: () => void;
}

/** A stage is a value: what it needs, what it makes, which part of the experiment it sees, and how it runs. */
export interface Stage<P = unknown, F = Files, N extends Needs = Needs> {
  readonly name: string;
  /** Raised when the same inputs would give another output, so that old cache entries are not used. */
  readonly version: number;
  readonly needs: N;
  /** `training`: of its inputs it reads only what came of the training table, so that another table to predict does not run it again. */
  readonly reads: 'training' | 'everything';
  /** The kind of its output folder. */
  readonly makes: Kind;
  /** Files without which its output is not complete, by their paths in it; `has` tells whether there is an optional input, `files` are the
   * names of those that it picks. */
  writes(experiment: Experiment, has: (kind: Kind) => boolean, files: readonly string[]): readonly string[];
  /** Files or folders of its output, to their place in the run folder; `{fold}` stands for the name of the fold's model, `fold-2`, `{all}`
   * for that of a model of all rows. */
  readonly publishes: Readonly<Record<string, string>>;
  /** True where numbers come from onnxruntime; then device and runtime version are part of the key. */
  readonly usesDevice: boolean;
  /** A path of the configuration without whose value the stage has nothing to do. */
  readonly requires?: string;
  /** True where the stage runs for each of `training.seeds`, which `pick` then finds as the experiment's seed. */
  readonly isSeeded?: boolean;
  /** True where the stage runs before the first that needs its output, though a pipeline may not name it. */
  readonly isImplied?: boolean;
  /** True where the stage runs after those that make its inputs, if all of these do, though a pipeline may not name it. */
  readonly follows?: boolean;
  /** Whether it has something to do, where that depends on more than the configuration; it always has where this is left out. */
  applies?(experiment: Experiment): Promise<boolean>;
  /**
   * True where the output holds what the stage's files say and nothing of its own: stages that read it are keyed by its parameters and
   * files, as if they had read the files themselves.
   */
  readonly isDecoding?: boolean;
  pick(experiment: Experiment, resolved: ResolvedModel): Picked<P, F>;
  run(context: StageContext<P, F, N>): Promise<void>;
}

/**
 * Opens the inputs of a stage.
 *
 * @param folders by kind, those of all folds in their order
 */
export function openInputs<N extends Needs>(
  { name, needs }: Stage<unknown, Files, N>,
  folders: Readonly<Record<string, readonly string[]>>,
): Inputs<N> {
  const opened = Object.entries(needs).map(([kind, need]) => {
    const outputs = (folders[kind] ?? []).map((folder) => openOutput(kind as Kind, folder));
    if (need === 'each-fold' || need === 'any') return [kind, outputs] as const;
    const [output] = outputs;
    if (output === undefined && need !== 'optional') throw new Error(`the stage ${name} was started without ${kind}`);
    return [kind, output] as const;
  });
  return Object.fromEntries(opened) as Inputs<N>; // by kind and need, as the types say
}
