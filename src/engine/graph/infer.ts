import { OrtrainError } from '../../core/errors.ts';
import { broadcast, product, sameShape, showShape } from './dims.ts';
import type { DType, Dim, Shape, TensorType, Value } from './types.ts';

/** An operator was given what it does not take. The builder and the checker add which node it was. */
export function refuse(message: string): never {
  throw new OrtrainError('run', message);
}

// ---- one element at a time

export function elementwise([x]: readonly [Value]): TensorType {
  return x;
}

export function elementwiseFloat([x]: readonly [Value, ...Value[]]): TensorType {
  return float(x);
}

export function cast([x]: readonly [Value], { to }: { readonly to: DType }): TensorType {
  return { dtype: to, shape: x.shape };
}

export function arithmetic([a, b]: readonly [Value, Value]): TensorType {
  if (a.dtype === 'bool') refuse('takes numbers, not bool');
  return { dtype: sameDtype(a, b), shape: broadcast(a.shape, b.shape) };
}

export function comparison([a, b]: readonly [Value, Value]): TensorType {
  sameDtype(a, b);
  return { dtype: 'bool', shape: broadcast(a.shape, b.shape) };
}

export function logical(inputs: readonly Value[]): TensorType {
  inputs.forEach(bool);
  return { dtype: 'bool', shape: broadcast(...inputs.map((x) => x.shape)) };
}

export function conditional([condition, a, b]: readonly [Value, Value, Value]): TensorType {
  bool(condition);
  return { dtype: sameDtype(a, b), shape: broadcast(condition.shape, a.shape, b.shape) };
}

// ---- products of matrices

interface Swaps {
  readonly transA?: number;
  readonly transB?: number;
}

/** [..., M, K] × [..., K, N] → [..., M, N]; leading axes broadcast. */
export function matMul([a, b]: readonly [Value, Value], { transA = 0, transB = 0 }: Swaps): TensorType {
  const [m, k] = lastTwo(a, transA);
  const [k2, n] = lastTwo(b, transB);
  if (k !== k2) refuse(`inner axes differ: ${k} and ${k2}`);
  return { dtype: sameDtype(float(a), b), shape: [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n] };
}

/** [M, K] × [K, N] + c → [M, N]; c broadcasts to the result. */
export function gemm([a, b, c]: readonly [Value, Value, Value | null], swaps: Swaps): TensorType {
  if (a.shape.length !== 2 || b.shape.length !== 2) refuse('takes matrices');
  const y = matMul([a, b], swaps);
  if (c !== null && !sameShape(broadcast(c.shape, y.shape), y.shape))
    refuse(`c ${showShape(c.shape)} does not broadcast to ${showShape(y.shape)}`);
  return y;
}

// ---- along axes

export function cumulative([x]: readonly [Value]): TensorType {
  return x.dtype === 'bool' ? refuse('takes numbers, not bool') : x;
}

export function reduce(
  [x]: readonly [Value],
  { axes, keepdims }: { readonly axes: readonly number[]; readonly keepdims: number },
): TensorType {
  const shape =
    keepdims === 1 ? x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)) : x.shape.filter((_, axis) => !axes.includes(axis));
  return { dtype: float(x).dtype, shape };
}

export function layerNormalization(
  [x, gamma, beta]: readonly [Value, Value, Value | null],
  { axis }: { readonly axis: number },
): readonly TensorType[] {
  if (axis !== x.shape.length - 1) refuse('normalizes the last axis only');
  for (const scale of beta === null ? [gamma] : [gamma, beta]) {
    if (!sameShape(scale.shape, x.shape.slice(-1))) refuse(`scale ${showShape(scale.shape)} does not fit ${showShape(x.shape)}`);
  }
  const row: TensorType = { dtype: 'float32', shape: [...x.shape.slice(0, -1), 1] };
  return [float(x), row, row];
}

// ---- the same elements in another arrangement

interface Target {
  readonly shape: Shape;
}

export function reshape([x]: readonly [Value], { shape }: Target): TensorType {
  if (product(x.shape) !== product(shape)) refuse(`${showShape(shape)} has another number of elements than ${showShape(x.shape)}`);
  return { dtype: x.dtype, shape };
}

export function expand([x]: readonly [Value], { shape }: Target): TensorType {
  if (!sameShape(broadcast(x.shape, shape), shape)) refuse(`${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
  return { dtype: x.dtype, shape };
}

export function transpose([x]: readonly [Value], { perm }: { readonly perm: readonly number[] }): TensorType {
  if (perm.length !== x.shape.length || new Set(perm).size !== perm.length)
    refuse(`perm [${perm.join(', ')}] is no order of ${x.shape.length} axes`);
  return { dtype: x.dtype, shape: perm.map((axis) => dimOf(x, axis)) };
}

interface Axes {
  readonly axes: readonly number[];
}

export function unsqueeze([x]: readonly [Value], { axes }: Axes): TensorType {
  const rest = [...x.shape];
  return {
    dtype: x.dtype,
    shape: Array.from({ length: x.shape.length + axes.length }, (_, axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? 1))),
  };
}

export function squeeze([x]: readonly [Value], { axes }: Axes): TensorType {
  if (axes.some((axis) => x.shape[axis] !== 1)) refuse(`squeezes axes that are not 1: ${showShape(x.shape)}`);
  return { dtype: x.dtype, shape: x.shape.filter((_, axis) => !axes.includes(axis)) };
}

interface Axis {
  readonly axis: number;
}

export function concat(xs: readonly Value[], { axis }: Axis): TensorType {
  const [first, ...rest] = xs;
  if (first === undefined) return refuse('takes at least one input');
  for (const x of rest) {
    sameDtype(first, x);
    if (!sameShape(withAxis(first.shape, axis, 0), withAxis(x.shape, axis, 0)))
      refuse('inputs differ beside the axis that they are joined along');
  }
  return { dtype: first.dtype, shape: withAxis(first.shape, axis, xs.reduce((total, x) => total + lengthOf(x, axis), 0)) };
}

export function split(
  [x]: readonly [Value],
  { split: lengths, axis }: Axis & { readonly split: readonly number[] },
): readonly TensorType[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== dimOf(x, axis)) refuse(`parts make ${total}, the axis is ${dimOf(x, axis)}`);
  return lengths.map((length) => ({ dtype: x.dtype, shape: withAxis(x.shape, axis, length) }));
}

interface Ranges extends Axes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
}

export function slice([x]: readonly [Value], ranges: Ranges): TensorType {
  const { starts, ends, steps, axes } = ranges;
  if (starts.length !== axes.length || ends.length !== axes.length || ![0, axes.length].includes(steps.length))
    refuse('lists differ in length');
  return {
    dtype: x.dtype,
    shape: axes.reduce<Shape>((shape, axis, i) => withAxis(shape, axis, sliceRange(shape[axis] ?? 1, ranges, i).length), x.shape),
  };
}

/**
 * The elements that the i-th range of a Slice takes: from `start` on, `length` of them. Of a symbolic axis only the whole can be
 * taken, or a number of elements known beforehand, which the axis is trusted to have; start is negative where it counts from the end.
 */
export function sliceRange(
  dim: Dim,
  { starts, ends, steps }: Ranges,
  i: number,
): { readonly start: number; readonly step: number; readonly length: Dim } {
  const [start, end, step] = [starts[i] ?? 0, ends[i] ?? 0, steps[i] ?? 1];
  if (step < 1) return refuse('takes positive steps only');
  if (typeof dim === 'string') {
    const open = end >= PAST_EVERY_END;
    if (start === 0 && open && step === 1) return { start, step, length: dim };
    const known = open ? start < 0 : start < 0 === end < 0 && start <= end; // both counted from the same side
    if (!known) refuse(`[${start}:${end}] of the symbolic axis ${dim} has no length known beforehand`);
    return { start, step, length: Math.ceil(((open ? 0 : end) - start) / step) };
  }
  const [from, to] = [start, end].map((at) => Math.min(Math.max(at < 0 ? at + dim : at, 0), dim)) as [number, number];
  return { start: from, step, length: Math.max(0, Math.ceil((to - from) / step)) };
}

/** Ends from 2³¹ - 1 on stand for "to the end", as exporters write them. */
const PAST_EVERY_END = 2 ** 31 - 1;

export function pad([x]: readonly [Value], { pads }: { readonly pads: readonly number[] }): TensorType {
  const rank = x.shape.length;
  if (pads.length !== 2 * rank || pads.some((count) => count < 0)) refuse(`takes ${2 * rank} pads from 0 on`);
  const added = x.shape.map((_, axis) => (pads[axis] ?? 0) + (pads[axis + rank] ?? 0));
  return { dtype: float(x).dtype, shape: x.shape.map((dim, axis) => (added[axis] === 0 ? dim : lengthOf(x, axis) + (added[axis] ?? 0))) };
}

/** [..., S, 2S] → [..., S, S] */
export function skew([x]: readonly [Value]): TensorType {
  const [rows, columns] = lastTwo(float(x), 0);
  if (columns !== product([2, rows])) refuse(`takes twice as many columns as rows, not ${showShape(x.shape)}`);
  return { dtype: x.dtype, shape: withAxis(x.shape, x.shape.length - 1, rows) };
}

/** [..., S, S] → [..., S, 2S] */
export function unskew([x]: readonly [Value]): TensorType {
  const [rows, columns] = lastTwo(float(x), 0);
  if (columns !== rows) refuse(`takes as many columns as rows, not ${showShape(x.shape)}`);
  return { dtype: x.dtype, shape: withAxis(x.shape, x.shape.length - 1, product([2, rows])) };
}

// ---- by index

export function gather([x, indices]: readonly [Value, Value], { axis }: Axis): TensorType {
  return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...index(indices).shape, ...x.shape.slice(axis + 1)] };
}

export function gatherElements([x, indices]: readonly [Value, Value], { axis }: Axis): TensorType {
  if (!sameShape(withAxis(x.shape, axis, 0), withAxis(index(indices).shape, axis, 0))) refuse('indices differ from x beside the axis');
  return { dtype: x.dtype, shape: indices.shape };
}

export function scatterElements(
  [x, indices, updates]: readonly [Value, Value, Value],
  { axis, reduction }: Axis & { readonly reduction: string },
): TensorType {
  if (reduction !== 'add') refuse('knows the reduction add only');
  if (!sameShape(index(indices).shape, updates.shape)) refuse('indices and updates differ in shape');
  if (!sameShape(withAxis(x.shape, axis, 0), withAxis(indices.shape, axis, 0))) refuse('indices differ from x beside the axis');
  return { dtype: sameDtype(x, updates), shape: x.shape };
}

// ---- lengths

export function shapeOf([x]: readonly [Value]): TensorType {
  return { dtype: 'int64', shape: [x.shape.length] };
}

export function sizeOf(_: readonly [Value]): TensorType {
  return { dtype: 'int64', shape: [] };
}

// ---- what inputs must be

const FLOATS: ReadonlySet<DType> = new Set(['float32', 'float16', 'bfloat16']);

function float(x: Value): Value {
  return FLOATS.has(x.dtype) ? x : refuse(`takes floats, not ${x.dtype}`);
}

function bool(x: Value): Value {
  return x.dtype === 'bool' ? x : refuse(`takes bool, not ${x.dtype}`);
}

function index(x: Value): Value {
  return x.dtype === 'int32' || x.dtype === 'int64' ? x : refuse(`takes int32 or int64 indices, not ${x.dtype}`);
}

function sameDtype(a: Value, b: Value): DType {
  return a.dtype === b.dtype ? a.dtype : refuse(`dtypes differ: ${a.dtype} and ${b.dtype}`);
}

function dimOf(x: Value, axis: number): Dim {
  return x.shape[axis] ?? refuse(`has no axis ${axis}`);
}

function lengthOf(x: Value, axis: number): number {
  const dim = dimOf(x, axis);
  return typeof dim === 'number' ? dim : refuse(`axis ${axis} must have a known length, not ${dim}`);
}

/** Rows and columns of a matrix, or of the matrices of a batch. */
export function lastTwo(x: Value, swapped: number): readonly [Dim, Dim] {
  const [rows, columns] = x.shape.slice(-2);
  if (rows === undefined || columns === undefined) return refuse('takes operands of two axes or more');
  return swapped === 1 ? [columns, rows] : [rows, columns];
}

function withAxis(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.map((old, at) => (at === axis ? dim : old));
}
