import { OrtrainError } from '../../../core/errors.ts';
import type { AttributeSpec } from '../attributes.ts';
import { applyOperator, type Builder } from '../builder.ts';
import { broadcast, product, quotient, showShape } from '../dims.ts';
import type { OnnxNode } from './node.ts';
import { operatorOf, operators, type OpName } from '../ops.ts';
import type { Attribute, Dim, Shape, Value } from '../types.ts';

/** Whether `addNode` knows the operator; `domain` is empty for standard ONNX. */
export function canRead(op: string, domain: string): boolean {
  const known = Object.hasOwn(translations, op) && domain === '';
  return known || operatorOf(op)?.domain === domain;
}

/** The operators that can be read, by name. */
export function readableOperators(): readonly string[] {
  return [...new Set([...Object.keys(operators), ...Object.keys(translations)])].sort();
}

/** Adds a node of an ONNX file to the graph; answers with its outputs. Throws OrtrainError where the graph cannot say the same. */
export function addNode(g: Builder, node: OnnxNode): readonly Value[] {
  const translate = Object.hasOwn(translations, node.op) ? translations[node.op] : undefined;
  const outputs = [translate === undefined ? byRow(g, node, node.op as OpName) : translate(g, node)].flat();
  const stray = node.unread().find((name) => !WITHOUT_EFFECT.includes(name));
  if (stray !== undefined) refuse(`has an attribute ${stray}, which is not supported`);
  return outputs;
}

function refuse(message: string): never {
  throw new OrtrainError('data', message);
}

/** Attributes that concern training, precision within a kernel, or versions long gone. */
const WITHOUT_EFFECT = ['stash_type', 'saturate', 'seed', 'ratio', 'is_test', 'consumed_inputs'];

// ---- operators that have a row

/** The row's inputs, and after them what the table keeps as attributes and ONNX, in this version or another, takes as inputs. */
function byRow(g: Builder, node: OnnxNode, op: OpName, given: Readonly<Record<string, Attribute>> = {}): readonly Value[] {
  const { inputs, attrs } = operators[op];
  const variadic = inputs[0]?.startsWith('...') === true;
  const specs = Object.entries<AttributeSpec>(attrs);
  const operands = specs.filter(([, spec]) => spec.operand || spec.kind === 'axes').map(([key]) => key);
  const values = variadic ? node.inputs : node.inputs.slice(0, inputs.length);
  if (!variadic && node.inputs.length > inputs.length + operands.length) refuse(`has ${node.inputs.length} inputs`);

  const entries = specs.map(([key, spec]) => {
    const place = operands.indexOf(key);
    const operand = place === -1 ? undefined : operandValue(node, inputs.length + place, spec);
    return [key, given[key] ?? node.attribute(key, spec.kind) ?? operand ?? defaults[op]?.(node)[key]] as const;
  });
  const complete = Object.fromEntries(entries.filter((entry): entry is [string, Attribute] => entry[1] !== undefined));
  return applyOperator(g, op, values, complete);
}

function operandValue(node: OnnxNode, input: number, { kind }: AttributeSpec): Attribute | undefined {
  if ((node.inputs[input] ?? null) === null) return undefined;
  if (kind === 'float') return node.float(input) ?? refuse(`takes input ${input} as a constant only`);
  const list = integerList(node, input);
  return kind === 'axis' ? list[0] : list;
}

function integerList(node: OnnxNode, input: number): readonly number[] {
  const list = lengthList(node, input);
  return list.every((dim) => typeof dim === 'number')
    ? list
    : refuse(`takes input ${input} as numbers known beforehand, not ${showShape(list)}`);
}

function lengthList(node: OnnxNode, input: number): Shape {
  return node.integers(input)?.list ?? refuse(`takes input ${input} as a constant, or as lengths of other tensors`);
}

/** What ONNX takes where a file leaves an attribute out, if that is not the table's default. */
const defaults: { readonly [O in OpName]?: (node: OnnxNode) => Readonly<Record<string, Attribute>> } = {
  Transpose: ({ inputs: [x] }) => ({ perm: [...(x?.shape.keys() ?? [])].reverse() }),
  Squeeze: ({ inputs: [x] }) => ({ axes: axesOf(x).filter((axis) => x?.shape[axis] === 1) }),
  Slice: (node) => ({ axes: [...[node.attribute('starts', 'ints') ?? lengthList(node, 1)].flat().keys()] }),
  Split: (node) => ({ axis: 0, split: equalParts(node) }),
  ScatterElements: () => ({ reduction: 'none' }),
};

function axesOf(x: Value | null | undefined): readonly number[] {
  return [...(x?.shape.keys() ?? [])];
}

/** The last part is shorter where they do not come out even. */
function equalParts(node: OnnxNode): readonly number[] {
  const axis = Number(node.attribute('axis', 'int') ?? 0);
  const total = node.inputs[0]?.shape.at(axis);
  const parts = Number(node.attribute('num_outputs', 'int') ?? node.outputs);
  if (typeof total !== 'number' || parts !== node.outputs) return refuse(`cannot part the axis ${total} in ${parts}`);
  const length = Math.ceil(total / parts);
  return Array.from({ length: parts }, (_, part) => Math.min(length, total - part * length));
}

// ---- operators that are written in others, or differ between versions

type Translation = (g: Builder, node: OnnxNode) => Value | readonly Value[];

const translations: Readonly<Record<string, Translation>> = {
  Constant: (g, node) => {
    const stored = constantOf(node) ?? refuse('holds something else than numbers');
    return g.constant(stored.data, stored.dtype, stored.shape);
  },
  ConstantOfShape: (g, node) => {
    const value = node.tensor('value');
    const one = value === undefined ? g.scalar(0) : g.constant(value.data, value.dtype, []);
    return g.expand(one, lengthList(node, 0));
  },
  Dropout: (_, node) => [first(node)], // as in evaluation
  Identity: (_, node) => first(node),
  Sum: folded('Add'),
  Max: folded('Max'),
  Min: folded('Min'),
  Pow: (g, { inputs: [x, exponent] }) => {
    if (!x || !exponent) return refuse('takes two inputs');
    return g.Pow(x, exponent.dtype === x.dtype ? exponent : g.Cast(exponent, { to: x.dtype }));
  },

  // activations; at its kink each has one of the slopes beside it, or their mean
  LeakyRelu: (g, node) => leaky(g, first(node), g.scalar(Number(node.attribute('alpha', 'float') ?? 0.01))),
  PRelu: (g, node) => leaky(g, first(node), node.inputs[1] ?? refuse('lacks its slope')),
  Elu: (g, node) => {
    const x = first(node);
    const below = g.Sub(g.Exp(g.Min(x, g.scalar(0))), g.scalar(1));
    return g.Add(g.Relu(x), g.Mul(below, g.scalar(Number(node.attribute('alpha', 'float') ?? 1))));
  },
  Gelu: (g, node) =>
    (node.attribute('approximate', 'text') ?? 'none') === 'none' ? g.Gelu(first(node)) : refuse('is supported in its erf form only'),
  Softmax: (g, node) => overRows(g, node, 'Softmax'),
  LogSoftmax: (g, node) => overRows(g, node, 'LogSoftmax'),

  // comparisons
  GreaterOrEqual: (g, { inputs: [a, b] }) => g.Not(a && b ? g.Less(a, b) : refuse('takes two inputs')),
  LessOrEqual: (g, { inputs: [a, b] }) => g.Not(a && b ? g.Greater(a, b) : refuse('takes two inputs')),
  Or: (g, { inputs: [a, b] }) => g.Not(a && b ? g.And(g.Not(a), g.Not(b)) : refuse('takes two inputs')),

  // along axes
  ReduceSum: reduction('ReduceSum'),
  ReduceMean: reduction('ReduceMean'),
  ReduceMax: reduction('ReduceMax'),

  // arrangement
  Shape: (g, node) => {
    const whole = g.Shape(first(node));
    const [start, end] = [node.attribute('start', 'int'), node.attribute('end', 'int')] as readonly (number | undefined)[];
    if (start === undefined && end === undefined) return whole;
    return g.Slice(whole, { starts: [start ?? 0], ends: [end ?? first(node).shape.length], axes: [0] });
  },
  Flatten: (g, node) => {
    const { shape } = first(node);
    const axis = Number(node.attribute('axis', 'int') ?? 1);
    return g.reshape(first(node), [product(shape.slice(0, axis)), product(axis === 0 ? shape : shape.slice(axis))]);
  },
  Reshape: (g, node) => {
    const x = first(node);
    const keepsZeros = node.attribute('allowzero', 'int') === 1;
    return g.Reshape(x, {
      shape: withUnknown(
        x.shape,
        lengthList(node, 1).map((dim, axis) => (dim === 0 && !keepsZeros ? (x.shape[axis] ?? 0) : dim)),
      ),
    });
  },
  Expand: (g, node) => g.Expand(first(node), { shape: broadcast(first(node).shape, lengthList(node, 1)) }),
  Pad: (g, node) => {
    const mode = node.attribute('mode', 'text') ?? 'constant';
    if (mode !== 'constant') refuse(`pads with a constant only, not by ${mode}`);
    return byRow(g, node, 'Pad');
  },
};

/** What a Constant node holds. */
export function constantOf(node: OnnxNode): ReturnType<OnnxNode['tensor']> {
  const tensor = node.tensor('value');
  if (tensor !== undefined) return tensor;
  const [x, n] = [node.attribute('value_float', 'float'), node.attribute('value_int', 'int')];
  if (x !== undefined) return { dtype: 'float32', shape: [], data: Float32Array.of(Number(x)) };
  if (n !== undefined) return { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(Number(n))) };
  const list = node.attribute('value_ints', 'ints') as readonly number[] | undefined;
  return list === undefined ? undefined : { dtype: 'int64', shape: [list.length], data: BigInt64Array.from(list, BigInt) };
}

function first({ inputs: [x] }: OnnxNode): Value {
  return x ?? refuse('lacks its first input');
}

/** Of any number of inputs. */
function folded(op: 'Add' | 'Max' | 'Min'): Translation {
  return (g, { inputs }) => inputs.map((x) => x ?? refuse('lacks an input')).reduce((a, b) => g[op](a, b));
}

/** max(x, 0) + slope · min(x, 0) */
function leaky(g: Builder, x: Value, slope: Value): Value {
  return g.Add(g.Relu(x), g.Mul(slope, g.Min(x, g.scalar(0))));
}

/** Before opset 13 these took all axes from one on as one row. */
function overRows(g: Builder, node: OnnxNode, op: 'Softmax' | 'LogSoftmax'): Value {
  const x = first(node);
  const axis = Number(node.attribute('axis', 'axis') ?? (node.opset < 13 ? 1 : -1));
  const at = axis < 0 ? axis + x.shape.length : axis;
  if (node.opset >= 13 || at === x.shape.length - 1) return g[op](x, { axis });
  const rows = g.reshape(x, [product(x.shape.slice(0, at)), product(x.shape.slice(at))]);
  return g.reshape(g[op](rows, { axis: 1 }), x.shape);
}

/** Without axes it reduces all of them, or none where the file says so. */
function reduction(op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax'): Translation {
  return (g, node) => {
    const keepsAll = node.attribute('noop_with_empty_axes', 'int') === 1;
    const axes = node.attribute('axes', 'axes') ?? node.integers(1)?.list ?? [];
    return keepsAll && [axes].flat().length === 0 ? first(node) : byRow(g, node, op);
  };
}

/** The target of a reshape with its -1 replaced by what is left. */
function withUnknown(source: Shape, target: Shape): Shape {
  const at = target.indexOf(-1);
  if (at === -1) return target;
  const rest = product(target.filter((_, axis) => axis !== at));
  const left: Dim =
    quotient(product(source), rest) ?? refuse(`cannot tell which length of ${showShape(source)} is -1 in ${showShape(target)}`);
  return target.map((dim, axis) => (axis === at ? left : dim));
}
