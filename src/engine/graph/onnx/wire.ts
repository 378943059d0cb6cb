import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType, AttributeProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema,
  type AttributeProto, type GraphProtoSchema, type NodeProto, type TensorProto, type ValueInfoProto,
} from 'onnx-buf';
import { OrtrainError } from '../../../core/errors.ts';
import type { AttributeKind } from '../attributes.ts';
import { factors } from '../dims.ts';
import { composed } from './skew.ts';
import { DTYPES } from './tensors.ts';
import { operatorOf } from '../ops.ts';
import { nodeName } from '../scopes.ts';
import type { Attribute, ConstantData, DType, Dim, Graph, Node, Shape, TensorType, Value } from '../types.ts';

const IR_VERSION = 10n;
/** Versions by domain. */
const OPSETS = { '': 17n, 'com.microsoft': 1n } as const;

/** What an ONNX graph is written on: nodes one after the other, and the constants that they read. */
export interface Wire {
  readonly nodes: readonly NodeProto[];
  readonly initializers: ReadonlyMap<string, TensorProto>;
  node(op: string, inputs: readonly string[], outputs: readonly string[], attributes: readonly AttributeProto[], name?: string): void;
  /** The name of a constant; the same name is written once. */
  initializer(name: string, dtype: DType, shape: readonly number[], data: ConstantData): string;
  ints(list: readonly number[]): string;
  /** The name of an int64 tensor [n] that holds these lengths when the graph runs. */
  lengths(dims: Shape): string;
}

export function openWire(graph: Graph): Wire {
  const nodes: NodeProto[] = [];
  const initializers = new Map<string, TensorProto>();
  const shapes = new Set<string>();
  const sources = axesOfInputs(graph);

  const wire: Wire = {
    nodes,
    initializers,
    node(op, inputs, outputs, attribute, name = outputs[0] ?? '') {
      const last = inputs.findLastIndex((name) => name !== '');
      const domain = operatorOf(op)?.domain ?? '';
      const input = inputs.slice(0, last + 1);
      nodes.push(create(NodeProtoSchema, { opType: op, domain, name, input, output: [...outputs], attribute: [...attribute] }));
    },
    initializer(name, dtype, shape, data) {
      if (!initializers.has(name)) {
        const rawData = new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer);
        initializers.set(name, create(TensorProtoSchema, { name, dataType: DTYPES[dtype], dims: shape.map(BigInt), rawData }));
      }
      return name;
    },
    ints: (list) => wire.initializer(`ints(${list.join(',')})`, 'int64', [list.length], BigInt64Array.from(list, BigInt)),
    lengths(dims) {
      if (dims.every((dim) => typeof dim === 'number')) return wire.ints(dims);
      const name = lengthsName(dims);
      if (shapes.has(name)) return name;
      shapes.add(name);
      const [dim] = dims as readonly [Dim];
      if (dims.length > 1) wire.node('Concat', dims.map((part) => wire.lengths([part])), [name], [attribute('axis', 'int', 0)]);
      else measure(dim, name);
      return name;
    },
  };

  /** One symbolic length: read off an input's shape, or the product of lengths that are. */
  const measure = (dim: Dim, name: string): void => {
    const source = sources.get(dim);
    if (source !== undefined) {
      return wire.node('Shape', [source.input], [name], [attribute('start', 'int', source.axis), attribute('end', 'int', source.axis + 1)]);
    }
    const parts = factors(dim);
    if (parts.length === 1) throw new OrtrainError('run', `Graph ${graph.name} has no input with the axis ${dim}.`);
    const [first, ...rest] = parts.map((part) => wire.lengths([part])) as [string, ...string[]];
    rest.reduce((left, right, i) => {
      const result = i === rest.length - 1 ? name : `${left}*${right}`;
      wire.node('Mul', [left, right], [result], []);
      return result;
    }, first);
  };
  return wire;
}

/** Writes a graph's constants and nodes, its outputs under the names that the graph gives them. */
export function writeNodes(graph: Graph, wire: Wire): void {
  const renamed = new Map<Value, string>();
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const [name, value] of graph.outputs) if (made.has(value) && !renamed.has(value)) renamed.set(value, name);
  const nameOf = (x: Value | null): string => (x === null ? '' : (renamed.get(x) ?? x.name));

  for (const [x, data] of graph.constants) wire.initializer(x.name, x.dtype, x.shape as readonly number[], data);
  const read = new Set([...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.values()]);
  for (const node of graph.nodes) {
    const variadic = operatorOf(node.op)?.outputs[0]?.startsWith('...') === true; // the number of outputs has a meaning
    const outputs = variadic ? node.outputs : node.outputs.slice(0, node.outputs.findLastIndex((y) => read.has(y)) + 1);
    const name = node.scope === undefined ? undefined : nodeName(node);
    const write = composed[node.op];
    if (write !== undefined) {
      write(wire, node, nameOf(node.inputs[0] ?? null), nameOf(node.outputs[0] ?? null), name);
      continue;
    }
    wire.node(node.op, [...node.inputs.map(nameOf), ...operandsOf(node, wire)], outputs.map(nameOf), attributesOf(node), name);
  }
  for (const [name, value] of graph.outputs) if (nameOf(value) !== name) wire.node('Identity', [nameOf(value)], [name], []);
}

/** The bytes of a model with this graph; `nodes` are all that occur in it. */
export function modelBytes(graph: MessageInitShape<typeof GraphProtoSchema>, nodes: readonly Node[]): Uint8Array {
  const domains = new Set(['' as const, ...nodes.map(({ op }) => operatorOf(op)?.domain ?? '')]);
  const opsetImport = [...domains].map((domain) => ({ domain, version: OPSETS[domain] }));
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: IR_VERSION, producerName: 'ortrain', opsetImport, graph }));
}

export function lengthsName(dims: Shape): string {
  return `lengths(${dims.join(',')})`;
}

/** Where each symbol can be read: integer inputs first, because WebGPU would fetch a float tensor only to look at its shape. */
function axesOfInputs(graph: Graph): ReadonlyMap<Dim, { readonly input: string; readonly axis: number }> {
  const integersLast = [...graph.inputs].sort((a, b) => Number(a.dtype.startsWith('int')) - Number(b.dtype.startsWith('int')));
  return new Map(integersLast.flatMap((x) => x.shape.map((dim, axis) => [dim, { input: x.name, axis }] as const)));
}

/** The inputs that ONNX takes where the table has attributes; an empty list is one that is left out. */
function operandsOf(node: Node, wire: Wire): readonly string[] {
  return Object.entries(operatorOf(node.op)?.attrs ?? {})
    .filter(([, spec]) => spec.operand)
    .map(([key, { kind }]) => {
      const value = node.attrs[key] as Attribute;
      if (kind === 'dims') return wire.lengths(abbreviated(node, value as Shape));
      if (kind === 'float') return wire.initializer(`float(${String(value)})`, 'float32', [], Float32Array.of(value as number));
      const list = [value].flat() as readonly number[];
      return list.length === 0 ? '' : wire.ints(list);
    });
}

/**
 * A target shape with as few symbols as ONNX's abbreviations allow. For Expand, a 1 leaves an axis as it is; for Reshape, a 0
 * copies the input's axis at the same place and one -1 takes what is left.
 */
function abbreviated(node: Node, target: Shape): Shape {
  const source = node.inputs[0]?.shape ?? [];
  if (node.op === 'Expand') return target.map((dim, axis) => (dim === source[axis - target.length + source.length] ? 1 : dim));
  const copied = target.map((dim, axis) => (typeof dim === 'string' && dim === source[axis] ? 0 : dim));
  const unknown = copied.filter((dim) => typeof dim === 'string').length;
  return copied.map((dim) => (typeof dim === 'string' && unknown === 1 ? -1 : dim));
}

function attributesOf(node: Node): readonly AttributeProto[] {
  return Object.entries(operatorOf(node.op)?.attrs ?? {})
    .filter(([, spec]) => !spec.operand)
    .map(([key, { kind }]) => attribute(key, kind, node.attrs[key] as Attribute));
}

export function attribute(name: string, kind: AttributeKind, value: Attribute): AttributeProto {
  const type = AttributeProto_AttributeType;
  if (kind === 'float') return create(AttributeProtoSchema, { name, type: type.FLOAT, f: value as number });
  if (kind === 'text')
    return create(AttributeProtoSchema, { name, type: type.STRING, s: new Uint8Array(new TextEncoder().encode(value as string)) });
  if (kind === 'dtype') return create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(DTYPES[value as DType]) });
  if (Array.isArray(value)) return create(AttributeProtoSchema, { name, type: type.INTS, ints: value.map(BigInt) });
  return create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(value as number) });
}

export function valueInfo(name: string, { dtype, shape }: TensorType): ValueInfoProto {
  const dim = shape.map((length) => ({
    value: typeof length === 'number' ? { case: 'dimValue' as const, value: BigInt(length) } : { case: 'dimParam' as const, value: length },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DTYPES[dtype], shape: { dim } } } },
  });
}
