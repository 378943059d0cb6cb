import { crc32 } from 'node:zlib';
import type { NamedTensor } from '../../src/engine/models/index.ts';

/** A zip archive of stored entries, as torch.save writes them but for the alignment. */
export function archive(entries: Readonly<Record<string, Uint8Array>>, folder = 'model/'): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const path = Buffer.from(folder + name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(path.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt32LE(crc32(content), 16);
    central.writeUInt32LE(content.length, 20);
    central.writeUInt32LE(content.length, 24);
    central.writeUInt16LE(path.length, 28);
    central.writeUInt32LE(offset, 42);
    locals.push(local, path, Buffer.from(content));
    directory.push(central, path);
    offset += local.length + path.length + content.length;
  }
  const [central, end] = [Buffer.concat(directory), Buffer.alloc(22)];
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
}

/** Instructions of a pickle, as bytes or text, between the one for protocol 2 and STOP. */
export function pickle(...instructions: readonly (string | number | Uint8Array)[]): Buffer {
  const bytes = instructions.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as string)));
  return Buffer.concat([Buffer.of(0x80, 2), ...bytes, Buffer.from('.')]);
}

/** BINUNICODE */
export function text(value: string): Buffer {
  return Buffer.concat([Buffer.from('X'), uint32(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** BININT; beyond its range LONG1 */
export function integer(value: number): Buffer {
  if (value === (value | 0)) return Buffer.concat([Buffer.from('J'), Buffer.from(Int32Array.of(value).buffer)]);
  return Buffer.concat([Buffer.of(0x8a, 8), Buffer.from(BigInt64Array.of(BigInt(value)).buffer)]);
}

export function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

/** A tuple of the values that come before it, from a mark on. */
export function tuple(...values: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat([Buffer.from('('), ...values.map((value) => Buffer.from(value as string)), Buffer.from('t')]);
}

/** A tensor of the storage `data/<key>`. */
export function tensor(
  shape: readonly number[],
  strides: readonly number[],
  { offset = 0, elements = 6, key = '0', type = 'FloatStorage' }: { offset?: number; elements?: number; key?: string; type?: string } = {},
): Buffer {
  const id = tuple(text('storage'), global('torch', type), text(key), text('cpu'), integer(elements));
  const storage = Buffer.concat([id, Buffer.from('Q')]);
  const hooks = Buffer.concat([global('collections', 'OrderedDict'), Buffer.from(')R')]);
  const args = tuple(storage, integer(offset), tuple(...shape.map(integer)), tuple(...strides.map(integer)), Buffer.of(0x89), hooks);
  return Buffer.concat([global('torch._utils', '_rebuild_tensor_v2'), args, Buffer.from('R')]);
}

/** A dictionary of these. */
export function dictionary(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const items = Object.entries(entries).flatMap(([name, value]) => [text(name), value]);
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
}

/** A file with the tensors' description and a storage 0 of the numbers 1 to 6. */
export function torchFile(description: Uint8Array, others: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  return archive({ 'data.pkl': description, 'data/0': new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer), ...others });
}

/** The tensors as torch.save writes a dictionary of them. */
export function torchFileOf(tensors: readonly NamedTensor[]): Buffer {
  const strides = (shape: readonly number[]): readonly number[] =>
    shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const described = tensors.map(({ name, shape, data }, key) => [
    name,
    tensor(shape, strides(shape), { elements: data.length, key: String(key) }),
  ]);
  const storages = tensors.map(({ data }, key) => [`data/${key}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
  return archive({ 'data.pkl': pickle(dictionary(Object.fromEntries(described))), ...Object.fromEntries(storages) });
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
