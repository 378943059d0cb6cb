import type { AttributeProto, NodeProto } from 'onnx-buf';
import { OrtrainError } from '../../../core/errors.ts';
import type { AttributeKind } from '../attributes.ts';
import { dtypeOf, readTensor, type StoredTensor } from './tensors.ts';
import type { Attribute, Dim, Value } from '../types.ts';

/**
 * What an int64 or int32 tensor of at most one axis holds, where that follows from shapes alone: lengths, known or symbolic.
 * A scalar's list has one element.
 */
export interface Integers {
  readonly scalar: boolean;
  readonly list: readonly Dim[];
}

/** One node of an ONNX file, its inputs already in our graph. */
export interface OnnxNode {
  readonly op: string;
  /** Of the operators of standard ONNX. */
  readonly opset: number;
  readonly inputs: readonly (Value | null)[];
  /** How many outputs the file names. */
  readonly outputs: number;
  /** Undefined where the file leaves it to ONNX's default. */
  attribute(name: string, kind: AttributeKind): Attribute | undefined;
  tensor(name: string): StoredTensor | undefined;
  /** What an input holds, where that is known before the graph runs. */
  integers(input: number): Integers | undefined;
  /** The number that an input holds, where it is a constant. */
  float(input: number): number | undefined;
  /** Names of attributes that nobody has asked for. */
  unread(): readonly string[];
}

/** The values that a node's names stand for. */
export interface Scope {
  value(name: string): Value;
  readonly integers: ReadonlyMap<string, Integers>;
  readonly constants: ReadonlyMap<string, StoredTensor>;
}

export function onnxNode(proto: NodeProto, opset: number, scope: Scope): OnnxNode {
  const attributes = new Map(proto.attribute.map((attribute) => [attribute.name, attribute]));
  const read = new Set<string>();
  const take = (name: string): AttributeProto | undefined => {
    read.add(name);
    return attributes.get(name);
  };
  return {
    op: proto.opType,
    opset,
    inputs: proto.input.map((name) => (name === '' ? null : scope.value(name))),
    outputs: proto.output.length,
    attribute(name, kind) {
      const attribute = take(name);
      return attribute === undefined ? undefined : attributeValue(attribute, kind);
    },
    tensor(name) {
      const tensor = take(name)?.t;
      return tensor === undefined ? undefined : readTensor(tensor);
    },
    integers: (input) => scope.integers.get(proto.input[input] ?? ''),
    float(input) {
      const stored = scope.constants.get(proto.input[input] ?? '')?.data[0];
      return stored === undefined ? undefined : decimal(Number(stored));
    },
    unread: () => [...attributes.keys()].filter((name) => !read.has(name)),
  };
}

/** The integers that a stored tensor holds, as far as lengths and indices go. */
export function integersIn({ dtype, shape, data }: StoredTensor): Integers | undefined {
  if ((dtype !== 'int64' && dtype !== 'int32') || shape.length > 1) return undefined;
  return { scalar: shape.length === 0, list: Array.from(data as BigInt64Array | Int32Array, integer) };
}

/** Exporters write "to the end" as the largest int64; beyond 2³¹ a length has no other meaning. */
const LARGEST = 2 ** 31 - 1;

function integer(value: bigint | number): number {
  return Math.min(Math.max(Number(value), -LARGEST), LARGEST);
}

function attributeValue({ name, f, i, s, ints, refAttrName }: AttributeProto, kind: AttributeKind): Attribute {
  if (refAttrName !== '') throw new OrtrainError('data', `the attribute ${name} belongs to a function`);
  switch (kind) {
    case 'int':
    case 'axis':
      return integer(i);
    case 'float':
      return decimal(f);
    case 'text':
      return new TextDecoder().decode(s);
    case 'dtype':
      return dtypeOf(Number(i), 'the result');
    case 'ints':
    case 'axes':
    case 'new-axes':
    case 'dims':
      return ints.map(integer);
  }
}

/** Digits that tell every float32 from its neighbours. */
const FLOAT_DIGITS = 9;

/** The shortest number that is this float32: attributes are written by people, as 1e-12 and not as 9.999999960041972e-13. */
function decimal(float: number): number {
  for (let digits = 1; digits < FLOAT_DIGITS; digits += 1) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return float;
}
