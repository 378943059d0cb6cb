import type { Graph, Shape } from './graph/index.ts';

/** How a parameter starts when no checkpoint brings it. */
export type Initializer =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'values'; readonly values: readonly number[] };

/** A trained or frozen tensor, named as in a Hugging Face checkpoint; always float32 in memory. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
}

/** A dropout mask that the step needs: a uint8 graph input of zeros and ones, kept with probability 1 - rate. */
export interface MaskSpec {
  readonly input: string;
  readonly shape: Shape;
  readonly rate: number;
}

/** Where a parameter's gradient leaves the graph. */
export interface GradientSpec {
  readonly parameter: string;
  readonly output: string;
  /**
   * For embedding tables: the int32 graph input that lists the distinct rows in use. The gradient is then [rows, width],
   * and every other row's gradient is zero.
   */
  readonly rows?: string;
}

/** A training step as a graph: what is fed, and what each output means. Pure data; any runtime can carry it out. */
export interface StepProgram {
  readonly graph: Graph;
  /** Graph inputs of these names are the model's own and never part of a batch. */
  readonly parameters: readonly ParameterSpec[];
  readonly gradients: readonly GradientSpec[];
  readonly masks: readonly MaskSpec[];
  /** Output names: the scalar mean loss of the batch, and its logits [B, outputs]. */
  readonly loss: string;
  readonly logits: string;
  /** The float32 scalar input that gradients come multiplied by, where they do; the loss is not. */
  readonly lossScale?: string;
}

/** A forward pass without dropout over the same parameters. */
export interface ForwardProgram {
  readonly graph: Graph;
  readonly parameters: readonly ParameterSpec[];
  /** Name of the one output: logits [B, outputs], or features [B, hidden]. */
  readonly output: string;
}

/** A tensor on its way into or out of a graph. Shapes are concrete. */
export interface HostTensor {
  readonly dtype: 'float32' | 'int32' | 'int64' | 'uint8' | 'uint32';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array | Uint32Array;
}

/** Graph input name to tensor. */
export type Feeds = Readonly<Record<string, HostTensor>>;
