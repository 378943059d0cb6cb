import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { byteSource, encodeSafetensors, openSafetensors, readFloats, readIntegers } from '../../../src/engine/models/index.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';

function open(bytes: Uint8Array): ReturnType<typeof openSafetensors> {
  return openSafetensors(byteSource('model.safetensors', bytes));
}

/** A file with this header text and so many bytes of data. */
function file(header: string, dataBytes = 0, claimed = Buffer.byteLength(header)): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(claimed));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

/** A file with one tensor `x` of these bytes. */
function oneTensor(dtype: string, shape: readonly number[], data: Uint8Array, padding = ''): Buffer {
  const header = `${JSON.stringify({ x: { dtype, shape, data_offsets: [0, data.byteLength] } })}${padding}`;
  return Buffer.concat([file(header), data]);
}

function bytesOf(array: Uint16Array | Float32Array | BigInt64Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

describe('writing', () => {
  const tensors = [
    { name: 'b.weight', shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 1e-30, 3e38, -0) },
    { name: 'a', shape: [], data: Float32Array.of(7) },
    { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
  ];

  test('gives back the same tensors', () => {
    const read = open(Buffer.concat(encodeSafetensors(tensors)));
    expect(read.metadata).toEqual({ format: 'pt' });
    expect([...read.entries.keys()]).toEqual(['a', 'b.weight', 'empty']);
    for (const { name, shape, data } of tensors) {
      expect(read.entries.get(name)?.shape).toEqual(shape);
      expect(readFloats(read, name)).toEqual(data);
    }
  });

  test('copies no data, and aligns it to 8 bytes', () => {
    const [header, ...data] = encodeSafetensors(tensors);
    expect((header?.length ?? 1) % 8).toBe(0);
    expect(data.map((piece) => piece.buffer)).toEqual([tensors[1]?.data.buffer, tensors[0]?.data.buffer, tensors[2]?.data.buffer]);
  });

  test('refuses a shape that does not fit, and a repeated name', () => {
    expect(() => encodeSafetensors([{ name: 'x', shape: [3], data: new Float32Array(2) }])).toThrow('x');
    const x = { name: 'x', shape: [1], data: new Float32Array(1) };
    expect(() => encodeSafetensors([x, x])).toThrow('x');
  });
});

describe('reading', () => {
  test('float16: every kind of number', () => {
    const bits = Uint16Array.of(0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
    const floats = readFloats(open(oneTensor('F16', [12], bytesOf(bits))), 'x');
    const expected = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 0.333251953125, 65504, Infinity, -Infinity, NaN];
    expect([...floats]).toEqual(expected);
  });

  test('bfloat16 is the upper half of a float32', () => {
    const floats = Float32Array.of(1, -2.5, 3.140625, 1e-38, Infinity, NaN);
    const words = new Uint32Array(floats.buffer);
    const read = readFloats(open(oneTensor('BF16', [6], bytesOf(Uint16Array.from(words, (word) => word >>> 16)))), 'x');
    expect([...new Uint32Array(read.buffer)]).toEqual([...words].map((word) => (word & 0xffff0000) >>> 0));
  });

  test('data at an odd place in the file', () => {
    for (const padding of ['', ' ', '  ', '   ']) {
      expect(readFloats(open(oneTensor('F32', [2], bytesOf(Float32Array.of(1.5, -3)), padding)), 'x')).toEqual(Float32Array.of(1.5, -3));
      expect(readIntegers(open(oneTensor('I64', [1], bytesOf(BigInt64Array.of(-5n)), padding)), 'x')).toEqual(BigInt64Array.of(-5n));
      expect(readIntegers(open(oneTensor('I32', [1], bytesOf(Int32Array.of(-5)), padding)), 'x')).toEqual(Int32Array.of(-5));
    }
    expect([...readIntegers(open(oneTensor('U8', [3], Uint8Array.of(1, 2, 255))), 'x')]).toEqual([1, 2, 255]);
  });

  test('into memory of the caller, without writing to the file', () => {
    const bytes = oneTensor('F32', [2], bytesOf(Float32Array.of(1, 2)));
    const before = Buffer.from(bytes);
    const into = new Float32Array(4).subarray(1, 3);
    expect(readFloats(open(bytes), 'x', into)).toBe(into);
    expect([...into]).toEqual([1, 2]);
    expect(bytes.equals(before)).toBe(true);
  });

  test('a type that cannot be trained, and a tensor that is not there, are errors of the data', () => {
    expect(() => readFloats(open(oneTensor('I8', [1], Uint8Array.of(1))), 'x')).toThrow(/model\.safetensors: tensor x is I8/);
    expect(() => readIntegers(open(oneTensor('F16', [1], Uint8Array.of(1, 2))), 'x')).toThrow(/tensor x is F16/);
    expect(() => readFloats(open(file('{}')), 'x')).toThrow(/model\.safetensors has no tensor x/);
  });
});

describe('a file that is not sound is refused, and the message names what is wrong', () => {
  const entry = (dtype: string, shape: readonly number[], begin: number, end: number): string =>
    `{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${begin},${end}]}`;
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['too short', Buffer.from('abc'), /3 bytes/],
    ['a header past the end', file('{}', 0, 1000), /claims 1000 bytes, and 2 follow/],
    ['a header of 2⁶⁴ - 1 bytes', Buffer.concat([Buffer.alloc(8, 255), Buffer.from('{}')]), /claims 18446744073709551615 bytes/],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'), /it is a Git LFS pointer;/],
    ['a file of PyTorch', Buffer.from('PK\x03\x04\0\0\x08\x08\0\0'), /it is a zip archive, as PyTorch writes/],
    ['a web page', Buffer.from('<!DOCTYPE html>'), /it is a web page, not weights/],
    ['nothing', Buffer.alloc(0), /it is empty/],
    ['not JSON', file('{"x":'), /not JSON/],
    ['not UTF-8', Buffer.concat([file('', 0, 4), Buffer.from([0x22, 0xff, 0xfe, 0x22])]), /UTF-8/],
    ['not an object', file('[]'), /not a JSON object/],
    ['a tensor that is a number', file('{"x":1}'), /tensor x is not described/],
    ['an unknown dtype', file(`{"x":${entry('F128', [1], 0, 4)}}`, 4), /tensor x has the unknown dtype "F128"/],
    ['a dtype from the prototype', file(`{"x":${entry('toString', [1], 0, 4)}}`, 4), /tensor x has the unknown dtype/],
    ['a negative axis', file(`{"x":${entry('F32', [-1], 0, 4)}}`, 4), /tensor x has the shape \[-1\]/],
    ['a shape that is no list', file('{"x":{"dtype":"F32","shape":"2","data_offsets":[0,4]}}', 4), /tensor x has the shape/],
    ['three offsets', file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 8), /tensor x has the data_offsets/],
    ['a wrong size', file(`{"x":${entry('F32', [2], 0, 4)}}`, 4), /tensor x takes 8 bytes as F32 \[2\], but its data_offsets are \[0, 4\]/],
    ['sizes that overflow', file(`{"x":${entry('F32', [4294967296, 4294967296, 4294967296], 0, 0)}}`), /tensor x takes/],
    ['offsets in reverse', file(`{"x":${entry('F32', [1], 4, 0)}}`, 4), /tensor x takes 4 bytes/],
    ['a tensor past the end', file(`{"x":${entry('F32', [2], 0, 8)}}`, 4), /tensor x ends at byte .* cut off/],
    ['an overlap', file(`{"x":${entry('F32', [2], 0, 8)},"y":${entry('F32', [2], 4, 12)}}`, 12), /tensor y overlaps/],
    ['a hole', file(`{"x":${entry('F32', [1], 0, 4)},"y":${entry('F32', [1], 8, 12)}}`, 12), /4 bytes before tensor y belong to no tensor/],
    ['a hole at the beginning', file(`{"x":${entry('F32', [1], 4, 8)}}`, 8), /4 bytes before tensor x/],
    ['bytes at the end', file(`{"x":${entry('F32', [1], 0, 4)}}`, 6), /2 bytes at its end/],
    ['a repeated name', file(`{"x":${entry('F32', [1], 0, 4)},"x":${entry('F32', [1], 0, 4)}}`, 4), /names x twice/],
    ['a name repeated in disguise', file(`{"x":${entry('F32', [1], 0, 4)},"\\u0078":${entry('F32', [1], 0, 4)}}`, 4), /names x twice/],
    ['metadata that is no object of texts', file('{"__metadata__":{"format":1}}'), /__metadata__/],
  ];
  test.each(cases)('%s', (_, bytes, message) => {
    let thrown: unknown;
    try {
      open(bytes);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(OrtrainError);
    expect((thrown as OrtrainError).code).toBe('data');
    expect((thrown as OrtrainError).message).toMatch(message);
    expect((thrown as OrtrainError).message).toMatch(/^model\.safetensors/);
  });

  test('names that JavaScript objects have of their own are names like any other', () => {
    const names = ['__proto__', 'constructor', '{', '"', 'é\\n'];
    const header = `{${names.map((name, i) => `${JSON.stringify(name)}:${entry('U8', [1], i, i + 1)}`).join(',')}}`;
    expect([...open(file(header, names.length)).entries.keys()].sort()).toEqual([...names].sort());
  });

  test('a name of 5 MB is read', () => {
    const name = 'x'.repeat(5_000_000);
    expect(open(file(`{"${name}":${entry('U8', [1], 0, 1)}}`, 1)).entries.size).toBe(1);
  });
});

describeShared('a file that PyTorch wrote', ['oracles', 'tiny', 'bert', 'model.safetensors'], () => {
  test('is written again byte for byte', () => {
    const bytes = readFileSync(sharedPath('oracles', 'tiny', 'bert', 'model.safetensors') as string);
    const read = open(bytes);
    const tensors = [...read.entries].map(([name, { shape }]) => ({ name, shape, data: readFloats(read, name) }));
    expect(Buffer.concat(encodeSafetensors(tensors)).equals(bytes)).toBe(true);
  });
});
