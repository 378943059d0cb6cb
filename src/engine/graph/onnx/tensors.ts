import { TensorProto_DataLocation, TensorProto_DataType, type TensorProto } from 'onnx-buf';
import { OrtrainError } from '../../../core/errors.ts';
import type { ConstantData, DType } from '../types.ts';

/** A tensor that a file holds. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: ConstantData;
}

/** ONNX's numbers for the dtypes. */
export const DTYPES: Readonly<Record<DType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int8: TensorProto_DataType.INT8,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  uint32: TensorProto_DataType.UINT32,
  bool: TensorProto_DataType.BOOL,
};

/** The dtype of ONNX's number; throws OrtrainError `data` for one that is not supported, float64 first of all. */
export function dtypeOf(type: number, what: string): DType {
  const found = (Object.keys(DTYPES) as DType[]).find((dtype) => Number(DTYPES[dtype]) === type);
  if (found !== undefined) return found;
  throw new OrtrainError(
    'data',
    `${what} is of type ${TensorProto_DataType[type] ?? type}; supported are ${Object.keys(DTYPES).join(', ')}`,
  );
}

/** Throws OrtrainError `data` where the tensor's bytes are not in the file, or are not as many as its shape says. */
export function readTensor(tensor: TensorProto): StoredTensor {
  const what = `the tensor ${tensor.name}`;
  const dtype = dtypeOf(tensor.dataType, what);
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw new OrtrainError('data', `${what} is kept in another file; save the model as one file`);
  const shape = tensor.dims.map(Number);
  const { bytes, list } = layouts[dtype];
  const whole = tensor.rawData.length % bytes.BYTES_PER_ELEMENT === 0;
  if (!whole) throw new OrtrainError('data', `${what} ends in the middle of an element`);
  // Copied: a Buffer's slice() would not.
  const data = tensor.rawData.length > 0 ? new bytes(new Uint8Array(tensor.rawData).buffer) : list(tensor);
  const elements = shape.reduce((product, length) => product * length, 1);
  if (data.length !== elements) throw new OrtrainError('data', `${what} has ${data.length} elements for the shape [${shape.join(', ')}]`);
  return { dtype, shape, data };
}

/** How a tensor of the dtype is kept: as bytes, little-endian, or in one of the lists that older exporters write. */
interface Layout {
  readonly bytes: { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): ConstantData };
  readonly list: (tensor: TensorProto) => ConstantData;
}

const layouts: Readonly<Record<DType, Layout>> = {
  float32: { bytes: Float32Array, list: ({ floatData }) => Float32Array.from(floatData) },
  float16: { bytes: Uint16Array, list: ({ int32Data }) => Uint16Array.from(int32Data) },
  bfloat16: { bytes: Uint16Array, list: ({ int32Data }) => Uint16Array.from(int32Data) },
  int8: { bytes: Int8Array, list: ({ int32Data }) => Int8Array.from(int32Data) },
  int32: { bytes: Int32Array, list: ({ int32Data }) => Int32Array.from(int32Data) },
  int64: { bytes: BigInt64Array, list: ({ int64Data }) => BigInt64Array.from(int64Data) },
  uint8: { bytes: Uint8Array, list: ({ int32Data }) => Uint8Array.from(int32Data) },
  uint32: { bytes: Uint32Array, list: ({ uint64Data }) => Uint32Array.from(uint64Data, Number) },
  bool: { bytes: Uint8Array, list: ({ int32Data }) => Uint8Array.from(int32Data) },
};
