import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType, AttributeProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema,
  type AttributeProto, type TensorProto, type ValueInfoProto,
} from 'onnx-buf';
import { DTYPES } from '../../src/engine/graph/onnx/tensors.ts';
import type { DType } from '../../src/engine/graph/index.ts';

/** A number with a point is a float attribute, a bigint an integer, an array of bigints a list, a tensor a tensor. */
export type RawAttribute = number | bigint | string | readonly bigint[] | TensorProto;

/** An operator and its domain, inputs ('' is one left out), outputs, attributes. */
export interface RawNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, RawAttribute>>;
}

export interface RawModel {
  readonly opset: number;
  readonly inputs: Readonly<Record<string, ValueInfoProto>>;
  readonly outputs: Readonly<Record<string, ValueInfoProto>>;
  readonly tensors?: readonly TensorProto[];
  readonly nodes: readonly RawNode[];
}

/** The bytes of an ONNX file as other exporters write it, with nothing of ours in between. */
export function onnxFile({ opset, inputs, outputs, tensors = [], nodes }: RawModel): Uint8Array {
  const named = (values: RawModel['inputs']): ValueInfoProto[] => Object.entries(values).map(([name, info]) => ({ ...info, name }));
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: BigInt(opset) }, { domain: 'ai.onnx.ml', version: 2n }],
      graph: {
        name: 'main_graph',
        input: named(inputs),
        output: named(outputs),
        initializer: [...tensors],
        node: nodes.map(({ op, domain = '', inputs: input, outputs: output, attributes = {} }) =>
          create(NodeProtoSchema, {
            opType: op,
            domain,
            name: `/${op}/${output[0] ?? ''}`,
            input: [...input],
            output: [...output],
            attribute: Object.entries(attributes).map(([name, value]) => rawAttribute(name, value)),
          }),
        ),
      },
    }),
  );
}

/** A length, a name, or null for one that the file leaves open. */
export function tensorType(dtype: DType, ...shape: readonly (number | string | null)[]): ValueInfoProto {
  const dim = shape.map((length) => ({
    value:
      length === null
        ? { case: undefined }
        : typeof length === 'number'
          ? { case: 'dimValue' as const, value: BigInt(length) }
          : { case: 'dimParam' as const, value: length },
  }));
  return create(ValueInfoProtoSchema, { type: { value: { case: 'tensorType', value: { elemType: DTYPES[dtype], shape: { dim } } } } });
}

/** For outputs: the runtime finds the shape. */
export function unshapedType(dtype: DType): ValueInfoProto {
  return create(ValueInfoProtoSchema, { type: { value: { case: 'tensorType', value: { elemType: DTYPES[dtype] } } } });
}

export function floatTensor(name: string, dims: readonly number[], data: readonly number[]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: DTYPES.float32,
    dims: dims.map(BigInt),
    rawData: new Uint8Array(Float32Array.from(data).buffer),
  });
}

/** In the list that older exporters write, not as bytes. */
export function longTensor(name: string, dims: readonly number[], data: readonly number[]): TensorProto {
  return create(TensorProtoSchema, { name, dataType: DTYPES.int64, dims: dims.map(BigInt), int64Data: data.map(BigInt) });
}

function rawAttribute(name: string, value: RawAttribute): AttributeProto {
  const type = AttributeProto_AttributeType;
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: type.FLOAT, f: value });
  if (typeof value === 'bigint') return create(AttributeProtoSchema, { name, type: type.INT, i: value });
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: type.STRING, s: new Uint8Array(new TextEncoder().encode(value)) });
  if ('$typeName' in value) return create(AttributeProtoSchema, { name, type: type.TENSOR, t: value });
  return create(AttributeProtoSchema, { name, type: type.INTS, ints: [...value] });
}
