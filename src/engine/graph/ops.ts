import { attr, operand, type AttributeArguments, type AttributeSpecs, type AttributeValues } from './attributes.ts';
import {
  arithmetic,
  cast,
  comparison,
  concat,
  conditional,
  cumulative,
  elementwise,
  elementwiseFloat,
  expand,
  gather,
  gatherElements,
  gemm,
  layerNormalization,
  logical,
  matMul,
  pad,
  reduce,
  reshape,
  scatterElements,
  shapeOf,
  sizeOf,
  skew,
  slice,
  split,
  squeeze,
  transpose,
  unskew,
  unsqueeze,
} from './infer.ts';
import { dynamicQuantizeLinear, matMulInteger } from './infer-quantized.ts';
import type { TensorType, Value } from './types.ts';

type Names = readonly string[];

/**
 * One operator. Names of inputs: `c?` may be left out, `...xs` is any number. `infer` gives the outputs' types or throws.
 * (Methods, not properties of function type: a row can so be read as an operator of any attributes.)
 */
export interface Operator<I extends Names = Names, A extends AttributeSpecs = AttributeSpecs, O extends Names = Names> {
  readonly inputs: I;
  readonly attrs: A;
  readonly outputs: O;
  readonly domain: '' | 'com.microsoft';
  infer(inputs: InputValues<I>, attrs: AttributeValues<A>): TensorType | readonly TensorType[];
}

/** A node's inputs, as shape and gradient rules see them. */
type InputValues<I extends Names> = I extends readonly [infer Name, ...infer Rest extends Names]
  ? Name extends `...${string}` ? readonly Value[] : readonly [Name extends `${string}?` ? Value | null : Value, ...InputValues<Rest>]
  : I extends readonly [] ? readonly [] : readonly Value[];

/**
 * The operators: ONNX opset 17 with com.microsoft's FusedMatMul and Gelu, float32 arithmetic on the way. A new operator is a row
 * here, a rule in autodiff and a case in the gradient tests; without them the project does not compile.
 */
export const operators = {
  // arithmetic, with broadcasting
  Add: op(['a', 'b'], {}, arithmetic),
  Sub: op(['a', 'b'], {}, arithmetic),
  Mul: op(['a', 'b'], {}, arithmetic),
  Div: op(['a', 'b'], {}, arithmetic),
  Pow: op(['x', 'exponent'], {}, arithmetic),
  Max: op(['a', 'b'], {}, arithmetic),
  Min: op(['a', 'b'], {}, arithmetic),

  // one element at a time
  Identity: op(['x'], {}, elementwise),
  Neg: op(['x'], {}, elementwise),
  Abs: op(['x'], {}, elementwise),
  Reciprocal: op(['x'], {}, elementwiseFloat),
  Sqrt: op(['x'], {}, elementwiseFloat),
  Exp: op(['x'], {}, elementwiseFloat),
  Log: op(['x'], {}, elementwiseFloat),
  Erf: op(['x'], {}, elementwiseFloat),
  Tanh: op(['x'], {}, elementwiseFloat),
  Sigmoid: op(['x'], {}, elementwiseFloat),
  Softplus: op(['x'], {}, elementwiseFloat),
  Relu: op(['x'], {}, elementwiseFloat),
  /** x Φ(x), the erf form. */
  Gelu: microsoft(op(['x'], {}, elementwiseFloat)),
  Clip: op(['x'], { min: operand('float', -Infinity), max: operand('float', Infinity) }, elementwiseFloat),
  Cast: op(['x'], { to: attr('dtype') }, cast),

  // products of matrices; operands have at least two axes
  MatMul: op(['a', 'b'], {}, matMul),
  /** alpha a b, the last two axes of an operand swapped where asked. */
  FusedMatMul: microsoft(op(['a', 'b'], { alpha: attr('float', 1), transA: attr('int', 0), transB: attr('int', 0) }, matMul)),
  /** alpha a b + beta c of matrices. */
  Gemm: op(['a', 'b', 'c?'], { alpha: attr('float', 1), beta: attr('float', 1), transA: attr('int', 0), transB: attr('int', 0) }, gemm),

  // along axes
  ReduceSum: op(['x'], { axes: operand('axes', []), keepdims: attr('int', 1) }, reduce),
  ReduceMean: op(['x'], { axes: attr('axes', []), keepdims: attr('int', 1) }, reduce),
  ReduceMax: op(['x'], { axes: attr('axes', []), keepdims: attr('int', 1) }, reduce),
  /** Running sums: without the element itself where exclusive, from the end where reverse. */
  CumSum: op(['x'], { axis: operand('axis'), exclusive: attr('int', 0), reverse: attr('int', 0) }, cumulative),
  Softmax: op(['x'], { axis: attr('axis', -1) }, elementwiseFloat),
  LogSoftmax: op(['x'], { axis: attr('axis', -1) }, elementwiseFloat),
  /** Over the last axis only; mean and invStd, [..., 1], are there for the backward pass. */
  LayerNormalization: many(
    ['x', 'gamma', 'beta?'],
    ['y', 'mean', 'invStd'],
    { axis: attr('axis', -1), epsilon: attr('float', 1e-5) },
    layerNormalization,
  ),

  // the same elements in another arrangement
  Reshape: op(['x'], { shape: operand('dims') }, reshape),
  Expand: op(['x'], { shape: operand('dims') }, expand),
  Transpose: op(['x'], { perm: attr('ints') }, transpose),
  Unsqueeze: op(['x'], { axes: operand('new-axes') }, unsqueeze),
  Squeeze: op(['x'], { axes: operand('axes') }, squeeze),
  Concat: op(['...xs'], { axis: attr('axis') }, concat),
  Split: many(['x'], ['...parts'], { split: operand('ints'), axis: attr('axis') }, split),
  /** Lists of equal length; ends past the axis mean its end, steps are positive. */
  Slice: op(['x'], { starts: operand('ints'), ends: operand('ints'), axes: operand('axes'), steps: operand('ints', []) }, slice),
  /** x [..., S, 2S] with row i moved left by S - i, and of that the first S columns: y[i, j] = x[i, S - i + j]. */
  Skew: op(['x'], {}, skew),
  /** x [..., S, S] where `Skew` takes it from, among zeros: [..., S, 2S]. */
  Unskew: op(['x'], {}, unskew),
  /** pads: the number of elements before each axis, then after each. */
  Pad: op(['x'], { pads: operand('ints'), value: operand('float', 0) }, pad),

  // by index; negative indices count from the end
  Gather: op(['x', 'indices'], { axis: attr('axis', 0) }, gather),
  GatherElements: op(['x', 'indices'], { axis: attr('axis', 0) }, gatherElements),
  ScatterElements: op(['x', 'indices', 'updates'], { axis: attr('axis', 0), reduction: attr('text', 'add') }, scatterElements),

  // choices
  Where: op(['condition', 'a', 'b'], {}, conditional),
  Equal: op(['a', 'b'], {}, comparison),
  Greater: op(['a', 'b'], {}, comparison),
  Less: op(['a', 'b'], {}, comparison),
  And: op(['a', 'b'], {}, logical),
  Not: op(['x'], {}, logical),

  // quantized, for models that are only run
  /** x ≈ scale (y - zeroPoint), with scale and zeroPoint from the smallest and the largest element. */
  DynamicQuantizeLinear: many(['x'], ['y', 'scale', 'zeroPoint'], {}, dynamicQuantizeLinear),
  /** (a - aZero) b of uint8 and int8, in int32. */
  MatMulInteger: op(['a', 'b', 'aZero?'], {}, matMulInteger),

  // lengths, as int64
  Shape: op(['x'], {}, shapeOf),
  Size: op(['x'], {}, sizeOf),
};

export type OpName = keyof typeof operators;
export type InputsOf<O extends OpName> = InputValues<(typeof operators)[O]['inputs']>;
export type AttributesOf<O extends OpName> = AttributeValues<(typeof operators)[O]['attrs']>;

/** `['y']` → Value, `['y', 'mean']` → [Value, Value], `['...parts']` → Value[]. */
export type OutputsOf<O extends OpName> = OutputValues<(typeof operators)[O]['outputs']>;

/** A builder's method for the operator: inputs, then attributes; trailing optional inputs and defaults may be left out. */
export type Arguments<O extends OpName> = [
  ...InputArguments<(typeof operators)[O]['inputs']>,
  ...AttributeArgument<(typeof operators)[O]['attrs']>,
];
export type Result<O extends OpName> = OutputsOf<O> extends readonly [Value] ? Value : OutputsOf<O>;

/** The row of a name that a node carries. */
export function operatorOf(name: string): Operator | undefined {
  return Object.hasOwn(operators, name) ? operators[name as OpName] : undefined;
}

type OutputValues<O extends Names> = O extends readonly [`...${string}`] ? readonly Value[] : { readonly [K in keyof O]: Value };

type InputArguments<I extends Names> = I extends readonly [infer Name, ...infer Rest extends Names]
  ? Name extends `...${string}` ? Value[]
  : Name extends `${string}?` ? [] | [Value | null, ...InputArguments<Rest>]
  : [Value, ...InputArguments<Rest>]
  : [];

type AttributeArgument<A extends AttributeSpecs> = keyof A extends never ? []
  : Record<never, never> extends AttributeArguments<A> ? [attrs?: AttributeArguments<A>]
  : [attrs: AttributeArguments<A>];

type Infer<I extends Names, A extends AttributeSpecs> = Operator<I, A>['infer'];

function op<const I extends Names, A extends AttributeSpecs>(inputs: I, attrs: A, infer: Infer<I, A>): Operator<I, A, readonly ['y']> {
  return many(inputs, ['y'], attrs, infer);
}

function many<const I extends Names, const O extends Names, A extends AttributeSpecs>(
  inputs: I,
  outputs: O,
  attrs: A,
  infer: Infer<I, A>,
): Operator<I, A, O> {
  return { inputs, outputs, attrs, domain: '', infer };
}

function microsoft<Row extends { readonly domain: '' | 'com.microsoft' }>(row: Row): Row {
  return { ...row, domain: 'com.microsoft' };
}
