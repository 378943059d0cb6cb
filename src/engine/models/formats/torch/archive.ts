/**
 * The zip archive that `torch.save` writes since PyTorch 1.6: stored entries, aligned, with 64-bit sizes (APPNOTE.TXT of PKWARE, 4.3 and
 * 4.5.3). Only its directory is read; what the entries hold is read from the file when it is asked for.
 */
import { bytes, shortened } from '../../../../core/text.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Refuse } from './problems.ts';

/** Where an entry's bytes are. */
export interface Part {
  readonly begin: number;
  readonly end: number;
  /** Its CRC-32; 0 where whoever wrote it left that out. */
  readonly crc: number;
}

export interface Archive {
  readonly names: readonly string[];
  /** Throws where the entry is packed, or does not lie where the directory says; undefined where there is none of that name. */
  part(name: string): Part | undefined;
}

interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
}

/** What the directory of a hundred thousand tensors takes. */
const MOST_DIRECTORY_BYTES = 2 ** 24;

export function openArchive(source: ByteSource, refuse: Refuse): Archive {
  const directory = directoryOf(source, refuse);
  const entries = entriesOf(source, directory, refuse);
  return {
    names: [...entries.keys()],
    part(name) {
      const entry = entries.get(name);
      return entry === undefined ? undefined : partOf(source, name, entry, directory.begin, refuse);
    },
  };
}

interface Directory {
  readonly begin: number;
  readonly size: number;
  readonly count: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

function viewAt(source: ByteSource, offset: number, length: number): DataView {
  const read = source.read(offset, length);
  return new DataView(read.buffer, read.byteOffset, length);
}

/** The end record stands last, before a comment of at most 65,535 bytes; that of 64 bits, where there is one, is named just before it. */
function directoryOf(source: ByteSource, refuse: Refuse): Directory {
  const length = Math.min(source.size, 22 + 0xffff);
  const tail = viewAt(source, source.size - length, length);
  let at = length - 22;
  while (at >= 0 && !(tail.getUint32(at, true) === END && at + 22 + tail.getUint16(at + 20, true) === length)) at -= 1;
  if (at < 0) throw refuse('it begins as a zip archive, and the directory at its end is missing; the file is cut off');
  const end = source.size - length + at;
  const found = directory64(source, end, refuse) ?? {
    begin: tail.getUint32(at + 16, true),
    size: tail.getUint32(at + 12, true),
    count: tail.getUint16(at + 10, true),
  };
  if (found.begin + found.size > end) throw refuse('the directory of its archive does not lie where its end says');
  if (found.size > MOST_DIRECTORY_BYTES) throw refuse(`the directory of its archive has ${bytes(found.size)}, more than any model's`);
  return found;
}

function directory64(source: ByteSource, end: number, refuse: Refuse): Directory | undefined {
  if (end < 20) return undefined;
  const locator = viewAt(source, end - 20, 20);
  if (locator.getUint32(0, true) !== LOCATOR_64) return undefined;
  const at = small(locator.getBigUint64(8, true));
  if (at + 56 > end - 20) throw refuse('the directory of its archive does not lie where its end says');
  const record = viewAt(source, at, 56);
  if (record.getUint32(0, true) !== END_64) throw refuse('the directory of its archive does not lie where its end says');
  return {
    begin: small(record.getBigUint64(48, true)),
    size: small(record.getBigUint64(40, true)),
    count: small(record.getBigUint64(32, true)),
  };
}

/** Numbers beyond what any file has stay beyond it. */
function small(value: bigint): number {
  return Number(value);
}

function entriesOf(source: ByteSource, { begin, size, count }: Directory, refuse: Refuse): ReadonlyMap<string, Entry> {
  const view = viewAt(source, begin, size);
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let left = count; left > 0; left -= 1) {
    if (at + 46 > size || view.getUint32(at, true) !== ENTRY) throw refuse('the directory of its archive is damaged');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > size) throw refuse('the directory of its archive is damaged');
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength));
    const [whole, packed, offset] = longNumbers(
      view,
      [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      at + 46 + nameLength,
      extraLength,
    ) as [number, number, number];
    if (entries.has(name)) throw refuse(`its archive holds ${shortened(name)} twice`);
    entries.set(name, {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: packed,
      size: whole,
      offset,
    });
    at = next;
  }
  return entries;
}

/** A number of all ones stands in 64 bits in the extra field of kind 1, in this order. */
function longNumbers(view: DataView, numbers: readonly number[], extra: number, length: number): readonly number[] {
  const end = extra + length;
  for (let at = extra; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    return numbers.map((number) => {
      if (number !== 0xffffffff || from + 8 > end) return number;
      from += 8;
      return small(view.getBigUint64(from - 8, true));
    });
  }
  return numbers;
}

const STORED = 0;
const ENCRYPTED = 1;

function partOf(source: ByteSource, name: string, entry: Entry, mostEnd: number, refuse: Refuse): Part {
  const { flags, method, crc, packedSize, size, offset } = entry;
  if ((flags & ENCRYPTED) !== 0) throw refuse(`${shortened(name)} in its archive is encrypted`);
  if (method !== STORED || packedSize !== size)
    throw refuse(
      `${shortened(name)} in its archive is compressed, and torch.save does not compress`,
      'Save the model again with save_pretrained().',
    );
  if (offset + 30 > mostEnd) throw refuse(`${shortened(name)} does not lie where the directory of its archive says`);
  const local = viewAt(source, offset, 30);
  const begin = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (local.getUint32(0, true) !== LOCAL || begin + size > mostEnd)
    throw refuse(`${shortened(name)} does not lie where the directory of its archive says`);
  return { begin, end: begin + size, crc };
}
