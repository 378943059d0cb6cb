import { crc32 } from 'node:zlib';
import { OrtrainError } from '../../../core/errors.ts';
import { shortened } from '../../../core/text.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesPerElement, type TensorEntry } from './safetensors-header.ts';

/** A tensor's elements one after the other in row-major order. Throws OrtrainError `data` where the file's own sum of them is another. */
export function elementsOf(name: string, entry: TensorEntry): Uint8Array {
  const { source, begin, end, strides, crc, dtype, shape } = entry;
  const bytes = source.read(begin, end - begin);
  if (crc !== undefined && checksum(bytes) !== crc) throw damaged(source, name);
  return strides === undefined ? bytes : gathered(bytes, shape, strides, bytesPerElement[dtype]);
}

/** The error for a part of a file whose checksum is not the one that the file has for it. */
export function damaged({ name: file }: ByteSource, part: string): OrtrainError {
  return new OrtrainError('data', `${file} is damaged: the contents of ${shortened(part)} do not match their checksum`, {
    subject: file,
    remedy: 'Fetch or save the file again.',
  });
}

/** CRC-32, in pieces: zlib counts a piece's bytes in 32 bits. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += PIECE) sum = crc32(bytes.subarray(at, at + PIECE), sum);
  return sum;
}

const PIECE = 2 ** 30;

/** Elements of `width` bytes in row-major order, from where their strides say. */
function gathered(bytes: Uint8Array, shape: readonly number[], strides: readonly number[], width: number): Uint8Array {
  const count = shape.reduce((product, axis) => product * axis, 1);
  const gather = (from: Elements, to: Elements): void => {
    let at = 0;
    const walk = (axis: number, start: number): void => {
      const [length, stride] = [shape[axis] as number, strides[axis] as number];
      if (axis === shape.length - 1) {
        for (let i = 0; i < length; i += 1) to[at + i] = from[start + i * stride] as number & bigint;
        at += length;
        return;
      }
      for (let i = 0; i < length; i += 1) walk(axis + 1, start + i * stride);
    };
    walk(0, 0);
  };
  const whole = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  const result = new Uint8Array(count * width);
  gather(elements(whole, width), elements(result, width));
  return result;
}

type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

function elements({ buffer, byteOffset, byteLength }: Uint8Array, width: number): Elements {
  const length = byteLength / width;
  switch (width) {
    case 8:
      return new BigUint64Array(buffer, byteOffset, length);
    case 4:
      return new Uint32Array(buffer, byteOffset, length);
    case 2:
      return new Uint16Array(buffer, byteOffset, length);
    default:
      return new Uint8Array(buffer, byteOffset, length);
  }
}
