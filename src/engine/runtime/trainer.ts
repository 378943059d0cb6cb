import type { LossScale, Optimizer, Rates } from '../optim/index.ts';
import type { Feeds, ForwardProgram, ParameterSpec, StepProgram } from '../program.ts';

/** Parameter name to values, row-major. */
export type Tensors = Readonly<Record<string, Float32Array>>;

/** Copies of a trainer's trained parameters; frozen ones never change and are left out. */
export type Snapshot = Tensors;

/** What an optimizer remembers: how many updates it has made, and each slot's values by parameter. */
export interface OptimizerState {
  readonly step: number;
  readonly slots: Readonly<Record<string, Tensors>>;
  /** Where the loss is scaled. */
  readonly scaling?: LossScale;
}

/** Where parameters come from: asked once for each, it writes all the values into the array that it is given. */
export type ParameterWriter = (spec: ParameterSpec, into: Float32Array) => unknown;

/** Where a model computes. */
export type Device = 'cpu' | 'cuda' | 'webgpu';

export interface ForwardOptions {
  /** The CPU where it is left out. */
  readonly device?: Device;
  readonly program: ForwardProgram;
  readonly source: ParameterWriter;
  readonly threads: number;
  /**
   * The model is kept and run often: on the CPU the runtime gets its parameters as constants, which it rearranges once instead of in every
   * run, and fuses what it can. Outputs are the same up to rounding.
   */
  readonly isKept?: boolean;
}

/** Parameters on a device and a forward pass over them. Calls that return promises are made one after the other. */
export interface ForwardModel {
  /** The program's one output, row-major. Feeds of inputs that the program does not have are ignored. */
  forward(feeds: Feeds): Promise<Float32Array>;
  /** Gives sessions and memory back. Nothing else may be called afterwards. */
  release(): Promise<void>;
}

export interface TrainerOptions {
  /** The CPU where it is left out. */
  readonly device?: Device;
  readonly step: StepProgram;
  /** Evaluation over the same parameters; it may have fewer of them. */
  readonly forward: ForwardProgram;
  readonly source: ParameterWriter;
  readonly threads: number;
  readonly optimizer: Optimizer;
  /** The largest norm of all gradients together, or null for no limit. */
  readonly clipNorm: number | null;
  /** Decides every dropout mask, together with the step's number. */
  readonly seed: number;
  /**
   * Bytes of one WebAssembly memory on the CPU, 4 GiB where it is left out. Parameters and optimizer state that take more are spread over
   * several, which changes no number.
   */
  readonly memoryLimit?: number;
}

export interface StepResult {
  /** The batch's mean loss before the update, or NaN if no update was made because loss or gradients were not finite. */
  readonly loss: number;
  /** Where no update was made because gradients were too large for float16 when the loss was multiplied by this; the scale is halved. */
  readonly skipped?: { readonly scale: number; readonly inARow: number };
  /** Row-major [B, outputs], with dropout; of all micro-batches, one after the other. */
  readonly logits: Float32Array;
  /** Of all gradients together, before clipping. */
  readonly gradientNorm: number;
}

/** Rows of a batch that go through the model at a time. */
export interface MicroBatch {
  readonly feeds: Feeds;
  /** What its loss counts in that of the batch: its share of the batch's rows, or of their weights. The shares of a batch add up to 1. */
  readonly share: number;
}

/** A batch whole, or as its micro-batches, of which loss and gradients are summed before the one update. */
export type StepFeeds = Feeds | readonly MicroBatch[];

/** `F`: whether it may be cut. */
export interface StepBatch<F extends StepFeeds = Feeds> {
  readonly feeds: F;
  readonly rates: Rates;
}

/** Parameters, optimizer state and the programs that use them. Nothing in it tells where the state lives. */
export interface Trainer extends ForwardModel {
  /**
   * A forward and backward pass over the batch, or over each of its micro-batches, and one update. A loss or gradient that is not finite
   * changes no parameter.
   */
  step(feeds: StepFeeds, rates: Rates): Promise<StepResult>;
  /** As many steps, one after the other; the first whose loss is NaN is the last, and one that is skipped may be. */
  steps(batches: readonly StepBatch<StepFeeds>[]): Promise<readonly StepResult[]>;
  /** How many batches `steps` had best be given next; on some devices a call has a cost of its own. */
  stepsPerRun(): number;
  snapshot(): Promise<Snapshot>;
  /**
   * What `snapshot` and `optimizerState` answer, without a copy where the device allows it: valid until the next step, and not to be
   * written to.
   */
  look(): Promise<{ readonly parameters: Snapshot; readonly optimizer: OptimizerState }>;
  /** Takes exactly the parameters of a snapshot. The optimizer's state stays as it is. */
  restore(snapshot: Snapshot): Promise<void>;
  optimizerState(): Promise<OptimizerState>;
  restoreOptimizerState(state: OptimizerState): Promise<void>;
}
