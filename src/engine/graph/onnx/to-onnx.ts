import { create } from '@bufbuild/protobuf';
import { TensorProto_DataLocation, TensorProtoSchema, type TensorProto } from 'onnx-buf';
import { DTYPES } from './tensors.ts';
import { lengthsName, modelBytes, openWire, valueInfo, writeNodes, type Wire } from './wire.ts';
import type { Graph, Shape, Value } from '../types.ts';

/**
 * The bytes of an ONNX model: ir_version 10, opset 17 and, where the graph uses it, com.microsoft 1. Outputs carry the names that
 * the graph gives them; further outputs of a node that nothing reads are left out, because runtimes fuse only nodes without them.
 * What this table keeps as attributes and ONNX takes as inputs becomes constants; a symbolic target shape becomes a tensor that
 * is assembled at run time from the shapes of graph inputs.
 */
export function toOnnx(graph: Graph): Uint8Array {
  return write(graph, openWire(graph));
}

/** A model that takes symbolic target shapes as int64 inputs [n], by name, so that no node has to measure and join lengths. */
export interface ShapeFedModel {
  readonly bytes: Uint8Array;
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** As `toOnnx`, for runtimes that would compute shapes elsewhere than where they compute everything else. */
export function toShapeFedOnnx(graph: Graph): ShapeFedModel {
  const shapes = new Map<string, Shape>();
  const wire = openWire(graph);
  const lengths = (dims: Shape): string => {
    if (dims.every((dim) => typeof dim === 'number')) return wire.ints(dims);
    const name = lengthsName(dims);
    shapes.set(name, dims);
    return name;
  };
  return { bytes: write(graph, { ...wire, lengths }, { shapes }), shapes };
}

/** As `toOnnx`, with the inputs of these names as constants, each in a file of its own name: all of its bytes, and nothing else. */
export function toOnnxWithFiles(graph: Graph, constants: ReadonlySet<string>): Uint8Array {
  return write(graph, openWire(graph), { constants });
}

interface Differences {
  readonly shapes?: ReadonlyMap<string, Shape>;
  readonly constants?: ReadonlySet<string>;
}

function write(graph: Graph, wire: Wire, { shapes = new Map(), constants = new Set() }: Differences = {}): Uint8Array {
  writeNodes(graph, wire);
  const fed = graph.inputs.filter(({ name }) => !constants.has(name));
  const stored = graph.inputs.filter(({ name }) => constants.has(name));
  return modelBytes(
    {
      name: graph.name,
      input: [
        ...fed.map((x) => valueInfo(x.name, x)),
        ...[...shapes].map(([name, dims]) => valueInfo(name, { dtype: 'int64', shape: [dims.length] })),
      ],
      output: [...graph.outputs].map(([name, value]) => valueInfo(name, value)),
      initializer: [...wire.initializers.values(), ...stored.map(fileOf)],
      node: [...wire.nodes],
    },
    graph.nodes,
  );
}

function fileOf({ name, dtype, shape }: Value): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: DTYPES[dtype],
    dims: shape.map(BigInt),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [{ key: 'location', value: name }],
  });
}
