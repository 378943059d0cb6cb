/**
 * The safetensors format (github.com/huggingface/safetensors): 8 bytes little-endian header length, a JSON header that maps
 * each name to dtype, shape and byte range, then the tensors' bytes without a gap. Pure: files are opened by the caller.
 */
import { OrtrainError } from '../../../core/errors.ts';
import { elementsOf } from './tensor-bytes.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesPerElement, parseHeader, type SafetensorsDtype, type TensorEntry } from './safetensors-header.ts';

/**
 * A file, or several that belong together, whose headers have been checked. Tensors are read one at a time, so a checkpoint is never in
 * memory twice.
 */
export interface Safetensors {
  /** For error messages: the file's name, or that of the index of several. */
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Sentences about what the file holds besides tensors. */
  readonly notices?: readonly string[];
}

/** A tensor to be written. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Reads and checks the header. Throws OrtrainError `data` with the file's and the tensor's name on anything that is not sound. */
export function openSafetensors(source: ByteSource): Safetensors {
  return { name: source.name, ...parseHeader(source) };
}

/** Bytes that are already in memory, as a source. */
export function byteSource(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.byteLength, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/**
 * A float64, float32, float16 or bfloat16 tensor as float32, written into `into` when that is given (its length must fit).
 * Without `into` the result may be a view of the source's bytes.
 */
export function readFloats(file: Safetensors, name: string, into?: Float32Array): Float32Array {
  const entry = entryOf(file, name);
  const count = entry.shape.reduce((product, axis) => product * axis, 1);
  if (into !== undefined && into.length !== count) throw new Error(`${name}: ${into.length} floats of room for ${count}`);
  const bytes = elementsOf(name, entry);
  switch (entry.dtype) {
    case 'F32': {
      const floats = new Float32Array(...aligned(bytes, 4), count);
      if (into === undefined) return floats;
      into.set(floats);
      return into;
    }
    case 'F64': {
      const floats = into ?? new Float32Array(count);
      floats.set(new Float64Array(...aligned(bytes, 8), count));
      return floats;
    }
    case 'F16':
      return fromFloat16(new Uint16Array(...aligned(bytes, 2), count), into ?? new Float32Array(count));
    case 'BF16':
      return fromBfloat16(new Uint16Array(...aligned(bytes, 2), count), into ?? new Float32Array(count));
    default:
      throw new OrtrainError('data', `${entry.source.name}: tensor ${name} is ${entry.dtype}; ${READABLE.join(', ')} can be read`, {
        subject: entry.source.name,
        remedy: 'Save the model in one of these, unquantized.',
      });
  }
}

/** The types that `readFloats` reads. */
const READABLE: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16', 'F64'];

export function isFloats({ dtype }: TensorEntry): boolean {
  return READABLE.includes(dtype);
}

/** An int64, int32 or uint8 tensor. */
export function readIntegers(file: Safetensors, name: string): BigInt64Array | Int32Array | Uint8Array {
  const entry = entryOf(file, name);
  const bytes = elementsOf(name, entry);
  switch (entry.dtype) {
    case 'I64':
      return new BigInt64Array(...aligned(bytes, 8), bytes.byteLength / 8);
    case 'I32':
      return new Int32Array(...aligned(bytes, 4), bytes.byteLength / 4);
    case 'U8':
    case 'BOOL':
      return bytes;
    default:
      throw new OrtrainError('data', `${file.name}: tensor ${name} is ${entry.dtype}, not an integer type`, { subject: file.name });
  }
}

/**
 * A file of float32 tensors, in pieces to be written one after the other; all but the first are views of the tensors' own
 * memory. Names are sorted, the data begins at a multiple of 8, and the metadata is what PyTorch's loaders ask for.
 */
export function encodeSafetensors(tensors: readonly NamedTensor[]): readonly Uint8Array[] {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, shape, data } of sorted) {
    const count = shape.reduce((product, axis) => product * axis, 1);
    if (count !== data.length) throw new Error(`${name}: shape [${shape.join(', ')}] holds ${count} numbers, not ${data.length}`);
  }
  const header = safetensorsHeader(sorted.map(({ name, shape }) => ({ name, dtype: 'F32', shape })));
  return [header, ...sorted.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/** The beginning of a file, up to the data of its first tensor; the others follow without a gap. */
export function safetensorsHeader(
  tensors: readonly (Pick<TensorEntry, 'dtype' | 'shape'> & { readonly name: string })[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    if (name in header) throw new Error(`two tensors are called ${name}`);
    const end = offset + shape.reduce((product, axis) => product * axis, bytesPerElement[dtype]);
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const start = Buffer.alloc(Math.ceil((8 + json.length) / 8) * 8, ' ');
  start.writeBigUInt64LE(BigInt(start.length - 8));
  json.copy(start, 8);
  return start;
}

function entryOf(file: Safetensors, name: string): TensorEntry {
  const entry = file.entries.get(name);
  if (entry === undefined) throw new OrtrainError('data', `${file.name} has no tensor ${name}`, { subject: file.name });
  return entry;
}

/** Buffer and offset for a typed array over `bytes`: typed arrays must start at a multiple of their element's size. */
function aligned(bytes: Uint8Array, size: number): [ArrayBufferLike, number] {
  const whole = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  return [whole.buffer, whole.byteOffset];
}

/** Values of float16 bit patterns. */
export function fromFloat16(halves: Uint16Array, floats: Float32Array): Float32Array {
  const table = float16Table();
  for (let i = 0; i < halves.length; i++) floats[i] = table[halves[i] as number] as number;
  return floats;
}

/** A bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array, floats: Float32Array): Float32Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return floats;
}

let float16: Float32Array | undefined;

/** The float32 value of each of the 65,536 float16 bit patterns (IEEE 754 binary16), made on first use. */
function float16Table(): Float32Array {
  float16 ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits >> 15 === 0 ? 1 : -1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
  });
  return float16;
}
