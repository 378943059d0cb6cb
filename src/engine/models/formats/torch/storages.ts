import { shortened } from '../../../../core/text.ts';
import type { ByteSource } from '../byte-source.ts';
import { bytesPerElement, type TensorEntry } from '../safetensors-header.ts';
import type { Part } from './archive.ts';
import { storageDtype } from './globals.ts';
import type { Refuse } from './problems.ts';
import { called, isSequence, type Pickled, type Storage, type Tensor } from './values.ts';

/**
 * What `('storage', type, key, place, elements)` stands for; the container before PyTorch 1.6 adds to it the part of the storage that is
 * meant, `(key, offset, elements)`, or None.
 */
export function storageOf([word, type, key, _place, elements, part]: readonly Pickled[], refuse: Refuse): Storage {
  if (word !== 'storage')
    throw refuse(`it refers to ${typeof word === 'string' ? shortened(word) : called(word)} elsewhere in the file, not to a storage`);
  const dtype = storageDtype(type);
  if (dtype === undefined) throw refuse(`a storage in it has the type ${called(type)}`);
  if (typeof key !== 'string' && typeof key !== 'number') throw refuse(`the key of a storage in it is ${called(key)}`);
  const size = bytesOf(elements, bytesPerElement[dtype], refuse);
  const whole = { kind: 'storage', key: String(key), dtype, size, begin: 0, end: size } as const;
  if (part === undefined || part === null) return whole;
  if (!isSequence(part)) throw refuse(`a part of a storage in it is ${called(part)}`);
  const [begin, length] = part.items.slice(1).map((count) => bytesOf(count, bytesPerElement[dtype], refuse)) as [number, number];
  if (!(begin + length <= size)) throw refuse(`a part of the storage ${shortened(whole.key)} lies beyond its end`);
  return { ...whole, begin, end: begin + length };
}

function bytesOf(elements: Pickled | undefined, width: number, refuse: Refuse): number {
  const size = typeof elements === 'number' && Number.isSafeInteger(elements) && elements >= 0 ? elements * width : Infinity;
  if (!Number.isSafeInteger(size))
    throw refuse(`a storage in it has ${typeof elements === 'object' ? called(elements) : String(elements)} as its length`);
  return size;
}

/** A tensor may repeat its elements, as `expand` does; no weights repeat theirs beyond this, or beyond what the file has bytes. */
const MOST_REPEATED = 2 ** 22;

/** Where a tensor lies in the file. Throws unless all of it lies within its storage. */
export function tensorEntry(source: ByteSource, name: string, tensor: Tensor, part: Part, refuse: Refuse): TensorEntry {
  const { storage, dtype, offset, shape, strides } = tensor;
  const width = bytesPerElement[dtype];
  const count = shape.reduce((product, axis) => product * axis, 1);
  const first = part.begin + storage.begin;
  if (count === 0) return { source, dtype, shape, begin: first, end: first };
  const last = shape.reduce((sum, axis, i) => sum + (axis - 1) * (strides[i] as number), offset);
  // Sums that are no exact numbers are beyond every file.
  if (!(Number.isSafeInteger(last) && (last + 1) * width <= storage.end - storage.begin))
    throw refuse(`the tensor ${shortened(name)} lies beyond the end of its storage`);
  if (!(count <= Math.max(MOST_REPEATED, source.size)))
    throw refuse(`the tensor ${shortened(name)} has ${count} elements, more than the file has bytes`);
  const [begin, end] = [first + offset * width, first + (last + 1) * width];
  const isWhole = begin === part.begin && end === part.end && part.crc !== 0;
  return {
    source,
    dtype,
    shape,
    begin,
    end,
    ...(isRowMajor(shape, strides) ? {} : { strides }),
    ...(isWhole ? { crc: part.crc } : {}),
  };
}

/** Whether the elements lie one after the other; the stride of an axis of length 1 is never taken. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis] as number;
  }
  return true;
}
