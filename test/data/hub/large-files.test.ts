import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTensorFile, openWeights } from '../../../src/data/hub/index.ts';
import { readFloats } from '../../../src/engine/models/index.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { dictionary, pickle, tensor } from '../../helpers/torch-file.ts';

/** Beyond what 32 bits count. The files have holes, so that they take no room. */
const LARGE = 2 ** 32 + 2 ** 20;
const folder = temporaryFolder();

function written(name: string, size: number, pieces: readonly (readonly [at: number, bytes: Uint8Array])[]): string {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  ftruncateSync(file, size);
  for (const [at, bytes] of pieces) writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
  return path;
}

const floats = (...numbers: readonly number[]): Buffer => Buffer.from(Float32Array.from(numbers).buffer);

/** Little-endian numbers of 2, 4 and 8 bytes, one after the other. */
function record(...fields: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value]) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(value));
      return field.subarray(0, bytes);
    }),
  );
}

/** A local header and its name; sizes stand in the directory alone, as torch.save leaves them. */
const local = (name: string): Buffer =>
  Buffer.concat([record([4, 0x04034b50], [2, 0], [2, 8], [2, 0], [8, 0], [8, 0], [2, name.length], [2, 0]), Buffer.from(name)]);

/** An entry of the directory whose sizes and place have 64 bits. */
const entry = (name: string, size: number, at: number): Buffer =>
  Buffer.concat([
    record([4, 0x02014b50], [2, 0], [2, 0], [2, 8], [2, 0], [4, 0], [4, 0], [4, 0xffffffff], [4, 0xffffffff]),
    record([2, name.length], [2, 28], [2, 0], [4, 0], [4, 0], [4, 0xffffffff]),
    Buffer.from(name),
    record([2, 1], [2, 24], [8, size], [8, size], [8, at]),
  ]);

test('tensors beyond 4 GiB are read from a .bin with 64-bit sizes', () => {
  const elements = LARGE / 4;
  const description = pickle(
    dictionary({ far: tensor([2], [1], { elements, offset: elements - 2 }), last: tensor([3], [1], { elements: 3, key: '1' }) }),
  );
  const parts = [['m/data.pkl', description.length], ['m/data/0', LARGE], ['m/data/1', 12]] as const;
  let end = 0;
  const entries = parts.map(([name, size]) => {
    const [at, begin] = [end, end + 30 + name.length];
    end = begin + size;
    return { name, size, at, begin };
  });
  const directory = Buffer.concat(entries.map(({ name, size, at }) => entry(name, size, at)));
  const tail = Buffer.concat([
    record([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, 3], [8, 3], [8, directory.length], [8, end]),
    record([4, 0x07064b50], [4, 0], [8, end + directory.length], [4, 1]),
    record([4, 0x06054b50], [4, 0], [2, 3], [2, 3], [4, directory.length], [4, 0xffffffff], [2, 0]),
  ]);
  const [first, second, third] = entries as [(typeof entries)[0], (typeof entries)[0], (typeof entries)[0]];
  written('pytorch_model.bin', end + directory.length + tail.length, [
    ...entries.map(({ name, at }) => [at, local(name)] as const),
    [first.begin, description],
    [second.begin + LARGE - 8, floats(1.5, 2.5)],
    [third.begin, floats(3, 4, 5)],
    [end, directory],
    [end + directory.length, tail],
  ]);
  const file = openWeights(folder);
  expect(file.entries.get('far')?.begin).toBeGreaterThan(2 ** 32);
  expect([...readFloats(file, 'far'), ...readFloats(file, 'last')]).toEqual([1.5, 2.5, 3, 4, 5]);
});

test('tensors beyond 4 GiB are read from a safetensors file', () => {
  const header = Buffer.from(
    JSON.stringify({
      large: { dtype: 'U8', shape: [LARGE], data_offsets: [0, LARGE] },
      last: { dtype: 'F32', shape: [2], data_offsets: [LARGE, LARGE + 8] },
    }),
  );
  const start = 8 + header.length;
  const path = written('large.safetensors', start + LARGE + 8, [
    [0, Buffer.concat([record([8, header.length]), header])],
    [start + LARGE, floats(6, 7)],
  ]);
  expect([...readFloats(openTensorFile(path), 'last')]).toEqual([6, 7]);
});
