import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type GraphProto, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto } from 'onnx-buf';
import { OrtrainError, type Problem } from '../../../core/errors.ts';
import { graphBuilder, type Builder } from '../builder.ts';
import { product } from '../dims.ts';
import { computesIntegers, integersOf } from './integers.ts';
import { integersIn, onnxNode, type Integers, type Scope } from './node.ts';
import { addNode, canRead, constantOf, readableOperators } from './operators.ts';
import { dtypeOf, readTensor, type StoredTensor } from './tensors.ts';
import type { Dim, Graph, Shape, TensorType, Value } from '../types.ts';

export interface OnnxOptions {
  /**
   * Which of the file's float32 tensors become inputs of the graph, to be trained; `weights`: all that have an axis. The others
   * are constants, and so are all of them without this option.
   */
  readonly parameters?: 'weights' | ((name: string, shape: readonly number[]) => boolean);
  /** Shapes of inputs in place of the file's, to give a name or a length to axes that it leaves open. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Which values to return, by the file's names; without it, those that the file returns. What they do not need is not read. */
  readonly outputs?: readonly string[];
}

export interface OnnxModel {
  readonly graph: Graph;
  /** The values that the file has for the graph inputs which were chosen as parameters, row-major. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/**
 * Reads the bytes of an ONNX model. Where the file computes shapes at run time, as exporters do, they become the graph's symbolic
 * shapes; an axis without a name is called after its input and place, `x.0`. Throws OrtrainError `data` for bytes that are no model,
 * and for operators that cannot be read, all by name.
 */
export function fromOnnx(bytes: Uint8Array, options: OnnxOptions = {}): OnnxModel {
  const model = decode(bytes);
  const proto = model.graph ?? refuse('these bytes hold no ONNX graph');
  const opset = standardOpset(model);
  const outputs = options.outputs ?? proto.output.map(({ name }) => name);
  if (outputs.length === 0) refuse('the ONNX graph returns nothing');
  const nodes = neededNodes(proto, outputs);
  refuseUnknown(nodes, proto.name);

  const tensors = tensorsByName(proto);
  const inputs = proto.input.filter(({ name }) => !tensors.has(name)); // old files list tensors among the inputs
  const g = graphBuilder(proto.name === '' ? 'onnx' : proto.name, [...inputs.map(({ name }) => name), ...tensors.keys(), ...outputs]);
  const known = openKnown(g);
  for (const input of inputs) {
    const { dtype, shape } = inputType(input, options.shapes?.[input.name]);
    known.values.set(input.name, g.input(input.name, dtype, shape));
  }
  const parameters = new Map<string, Float32Array>();
  const read = new Set([...nodes.flatMap(({ input }) => input), ...outputs]);
  for (const [name, tensor] of tensors) {
    if (!read.has(name)) continue;
    const stored = readTensor(tensor);
    known.remember(name, stored);
    if (stored.data instanceof Float32Array && isParameter(options, name, stored.shape)) {
      parameters.set(name, stored.data);
      known.values.set(name, g.input(name, 'float32', stored.shape));
    } else {
      known.values.set(name, g.constant(stored.data, stored.dtype, stored.shape));
    }
  }
  for (const node of nodes) naming(node, () => g.scope(scopeOf(node), () => readNode(g, node, opset, known)));
  for (const name of outputs) g.output(name, known.values.get(name) ?? refuse(`the ONNX graph has no value ${name}`));
  return usedParameters(g.build(), parameters);
}

/** What is known of the file's names so far. */
interface Known extends Scope {
  readonly values: Map<string, Value>;
  readonly integers: Map<string, Integers>;
  remember(name: string, stored: StoredTensor): void;
}

function openKnown(g: Builder): Known {
  const values = new Map<string, Value>();
  const integers = new Map<string, Integers>();
  const constants = new Map<string, StoredTensor>();
  return {
    values,
    integers,
    constants,
    value(name) {
      const list = integers.get(name);
      return (
        values.get(name) ??
        (list === undefined ? undefined : constantIntegers(g, list)) ??
        refuse(`it uses ${name}, which nothing before it makes`)
      );
    },
    remember(name, stored) {
      constants.set(name, stored);
      const list = integersIn(stored);
      if (list !== undefined) integers.set(name, list);
    },
  };
}

/** Undefined where a length is known by name only. */
function constantIntegers(g: Builder, { list, scalar }: Integers): Value | undefined {
  if (list.some((dim) => typeof dim === 'string')) return undefined;
  return g.constant(BigInt64Array.from(list, BigInt), 'int64', scalar ? [] : [list.length]);
}

function readNode(g: Builder, proto: NodeProto, opset: number, known: Known): void {
  const node = onnxNode(proto, opset, known);
  const [first = ''] = proto.output;
  const integers = integersOf(node);
  if (integers !== undefined) known.integers.set(first, integers);
  if (!canRead(proto.opType, domainOf(proto))) {
    if (integers === undefined) refuse('it is supported for lengths only, known before the graph runs');
    return;
  }
  const made = addNode(g, node);
  proto.output.forEach((name, i) => made[i] !== undefined && known.values.set(name, made[i]));
  const stored = node.op === 'Constant' ? constantOf(node) : undefined;
  if (stored !== undefined) known.remember(first, stored);
}

/**
 * Where exporters put a node: `encoder/layer.0/query` of `/encoder/layer.0/query/MatMul`, and likewise with dots. A name that is
 * that of the node's output speaks of what it makes.
 */
function scopeOf({ name, output }: NodeProto): string {
  return name === output[0] ? '' : (/^\/?(.*)[/.]/.exec(name)?.[1] ?? '');
}

function refuse(message: string): never {
  throw new OrtrainError('data', message);
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new OrtrainError('data', 'these are not the bytes of an ONNX model', { cause });
  }
}

/** Older operators broadcast by other rules. */
const OLDEST_OPSET = 7;

function standardOpset({ opsetImport }: ModelProto): number {
  const version = Number(opsetImport.find((set) => domainOf(set) === '')?.version ?? 0);
  return version >= OLDEST_OPSET ? version : refuse(`the ONNX model is of opset ${version}; ${OLDEST_OPSET} and later can be read`);
}

/** Standard ONNX goes by two names. */
function domainOf({ domain }: { readonly domain: string }): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** The nodes that the outputs need, in the file's order. */
function neededNodes(proto: GraphProto, outputs: readonly string[]): readonly NodeProto[] {
  const needed = new Set(outputs);
  const found = [...proto.node].reverse().filter(({ input, output }) => {
    const isNeeded = output.some((name) => needed.has(name));
    if (isNeeded) input.forEach((name) => needed.add(name));
    return isNeeded;
  });
  return found.reverse();
}

function refuseUnknown(nodes: readonly NodeProto[], graph: string): void {
  const unknown = new Map<string, NodeProto[]>();
  for (const node of nodes) {
    const domain = domainOf(node);
    const op = domain === '' ? node.opType : `${domain}.${node.opType}`;
    if (!canRead(node.opType, domain) && !(domain === '' && computesIntegers(node.opType)))
      unknown.set(op, [...(unknown.get(op) ?? []), node]);
  }
  if (unknown.size === 0) return;
  const problems = [...unknown].map(([op, [one, ...more]]): Problem => {
    const others = more.length === 0 ? '' : ` and in ${more.length} more`;
    return { message: `there is no operator ${op}, used in the node ${one?.name || (one?.output[0] ?? '')}${others}`, field: op };
  });
  throw new OrtrainError('data', `the ONNX graph ${graph} has operators that cannot be read: ${[...unknown.keys()].join(', ')}`, {
    subject: graph,
    problems,
    remedy: `Take other operators, or ask for a value before them; these can be read: ${readableOperators().join(', ')}.`,
  });
}

function tensorsByName({ initializer, sparseInitializer }: GraphProto): ReadonlyMap<string, TensorProto> {
  if (sparseInitializer.length > 0) refuse('the ONNX graph has sparse tensors, which are not supported');
  return new Map(initializer.map((tensor) => [tensor.name, tensor]));
}

function inputType({ name, type }: ValueInfoProto, shape: Shape | undefined): TensorType {
  if (type?.value.case !== 'tensorType') return refuse(`the input ${name} is no tensor`);
  const { elemType, shape: stated } = type.value.value;
  const dtype = dtypeOf(elemType, `the input ${name}`);
  if (shape !== undefined) return { dtype, shape };
  if (stated === undefined) return refuse(`the file does not say the shape of the input ${name}; give it in \`shapes\``);
  return {
    dtype,
    shape: stated.dim.map(({ value }, axis): Dim => {
      if (value.case === 'dimValue' && value.value > 0n) return Number(value.value);
      return value.case === 'dimParam' && value.value !== '' ? product([value.value]) : `${name}.${axis}`;
    }),
  };
}

function isParameter({ parameters }: OnnxOptions, name: string, shape: readonly number[]): boolean {
  return parameters === 'weights' ? shape.length > 0 : parameters?.(name, shape) === true;
}

/** Says which node a problem is in. */
function naming(node: NodeProto, read: () => void): void {
  try {
    read();
  } catch (cause) {
    if (!(cause instanceof OrtrainError)) throw cause;
    const name = node.name || (node.output[0] ?? '');
    throw new OrtrainError('data', `the node ${name} (${node.opType}) cannot be read: ${cause.message}`, { subject: name, cause });
  }
}

/** Without those that are read as an operator's attribute alone, such as the bounds of Clip. */
function usedParameters(graph: Graph, parameters: ReadonlyMap<string, Float32Array>): OnnxModel {
  const used = new Set<Value | null>([...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.values()]);
  const inputs = graph.inputs.filter((x) => used.has(x) || !parameters.has(x.name));
  const kept = new Set(inputs.map(({ name }) => name));
  return { graph: { ...graph, inputs }, parameters: new Map([...parameters].filter(([name]) => kept.has(name))) };
}
