import { ok, strictEqual } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { openArchive } from '../../src/engine/models/formats/torch/archive.ts';
import { refusing } from '../../src/engine/models/formats/torch/problems.ts';
import { byteSource, openTorchFile, readFloats, readIntegers } from '../../src/engine/models/index.ts';
import { archive } from '../helpers/torch-file.ts';
import type { Reader } from './fuzz.ts';

const FILE = 'pytorch_model.bin';

/** Files of PyTorch as they are, and the descriptions of tensors within them, in archives that are sound. */
export function torchReaders(): readonly Reader[] {
  const names = ['protocol-2', 'protocol-4', 'parameters'];
  const parts = names.map((name) => partsOf(seed(name)));
  const storages = parts[0]?.storages ?? {};
  return [
    { name: 'pytorch_model.bin', syntax: 'bytes', seeds: [...names, 'training', 'legacy', 'legacy-4'].map(seed), file: FILE, read },
    {
      name: 'data.pkl',
      syntax: 'pickle',
      seeds: parts.map(({ description }) => description),
      file: FILE,
      read: (bytes) => read(archive({ 'data.pkl': bytes, ...storages })),
    },
  ];
}

function seed(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/torch/${name}.bin`, import.meta.url));
}

const READABLE: readonly string[] = ['F32', 'F16', 'BF16', 'F64', 'I64', 'I32', 'U8', 'BOOL'];

/** Whatever a file says, nothing is run, and each tensor has as many numbers as its shape says, all of the file's. */
function read(bytes: Buffer): void {
  const source = byteSource(FILE, bytes);
  const reads: [offset: number, length: number][] = [];
  const file = openTorchFile({ ...source, read: (offset, length) => (reads.push([offset, length]), source.read(offset, length)) });
  for (const [name, { dtype, shape }] of file.entries) {
    const count = shape.reduce((product, axis) => product * axis, 1);
    if (count > 2 ** 20 || !READABLE.includes(dtype)) continue;
    strictEqual((dtype.includes('F') ? readFloats(file, name) : readIntegers(file, name)).length, count);
  }
  for (const [offset, length] of reads) ok(offset >= 0 && length >= 0 && offset + length <= bytes.length, `reads ${length} at ${offset}`);
  strictEqual(existsSync('PWNED'), false);
}

interface Parts {
  readonly description: Buffer;
  readonly storages: Readonly<Record<string, Buffer>>;
}

function partsOf(bytes: Buffer): Parts {
  const directory = openArchive(byteSource(FILE, bytes), refusing(FILE));
  const contents = directory.names.map((name): readonly [string, Buffer] => {
    const { begin, end } = directory.part(name)!;
    return [name.slice(name.indexOf('/') + 1), bytes.subarray(begin, end)];
  });
  const description = contents.find(([name]) => name === 'data.pkl')?.[1] ?? Buffer.alloc(0);
  return { description, storages: Object.fromEntries(contents.filter(([name]) => name.startsWith('data/'))) };
}
