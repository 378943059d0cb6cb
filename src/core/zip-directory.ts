/** The directory of a zip archive (APPNOTE.TXT of PKWARE, 4.3 and 4.5.3): what lies where. Of the rest of the file nothing is read. */

/** The bytes of an archive: exactly `length` of them from `offset` on. */
export interface ZipBytes {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** A file of an archive, as its directory has it. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0: as it is, 8: deflate. */
  readonly method: number;
  /** Its CRC-32; 0 where whoever wrote it left that out. */
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its local header stands. */
  readonly offset: number;
}

export interface ZipDirectory {
  readonly begin: number;
  readonly entries: readonly ZipEntry[];
}

/** Why there is no directory: its end is missing, it does not lie where that says, has more than `most` bytes, or is damaged. */
export type ZipFault =
  | { readonly fault: 'missing' | 'misplaced' | 'damaged' }
  | { readonly fault: 'too large'; readonly size: number };

/** Reads the directory of an archive, which may have at most `most` bytes. */
export function readZipDirectory(archive: ZipBytes, most: number): ZipDirectory | ZipFault {
  const place = placeOf(archive);
  if ('fault' in place) return place;
  if (place.size > most) return { fault: 'too large', size: place.size };
  const entries = entriesOf(viewAt(archive, place.begin, place.size), place.count);
  return entries === undefined ? { fault: 'damaged' } : { begin: place.begin, entries };
}

/** Where an entry's bytes begin; undefined where its local header is not where the directory says. */
export function zipContentStart(archive: ZipBytes, { offset }: ZipEntry): number | undefined {
  if (offset + LOCAL_BYTES > archive.size) return undefined;
  const local = viewAt(archive, offset, LOCAL_BYTES);
  if (local.getUint32(0, true) !== LOCAL) return undefined;
  return offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

interface Place {
  readonly begin: number;
  readonly size: number;
  readonly count: number;
}

function viewAt(archive: ZipBytes, offset: number, length: number): DataView {
  const read = archive.read(offset, length);
  return new DataView(read.buffer, read.byteOffset, length);
}

/** The end record stands last, before a comment of at most 65,535 bytes; that of 64 bits, where there is one, is named just before it. */
function placeOf(archive: ZipBytes): Place | ZipFault {
  const length = Math.min(archive.size, 22 + 0xffff);
  const tail = viewAt(archive, archive.size - length, length);
  let at = length - 22;
  while (at >= 0 && !(tail.getUint32(at, true) === END && at + 22 + tail.getUint16(at + 20, true) === length)) at -= 1;
  if (at < 0) return { fault: 'missing' };
  const end = archive.size - length + at;
  const place = place64(archive, end) ?? {
    begin: tail.getUint32(at + 16, true),
    size: tail.getUint32(at + 12, true),
    count: tail.getUint16(at + 10, true),
  };
  return 'fault' in place || place.begin + place.size <= end ? place : { fault: 'misplaced' };
}

function place64(archive: ZipBytes, end: number): Place | ZipFault | undefined {
  if (end < 20) return undefined;
  const locator = viewAt(archive, end - 20, 20);
  if (locator.getUint32(0, true) !== LOCATOR_64) return undefined;
  // Numbers beyond those that are exact stay beyond what any file has.
  const at = Number(locator.getBigUint64(8, true));
  if (at + 56 > end - 20) return { fault: 'misplaced' };
  const record = viewAt(archive, at, 56);
  if (record.getUint32(0, true) !== END_64) return { fault: 'misplaced' };
  const [begin, size, count] = [48, 40, 32].map((field) => Number(record.getBigUint64(field, true))) as [number, number, number];
  return { begin, size, count };
}

function entriesOf(view: DataView, count: number): readonly ZipEntry[] | undefined {
  const entries: ZipEntry[] = [];
  for (let left = count, at = 0; left > 0; left -= 1) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== ENTRY) return undefined;
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as Three;
    const extra = at + 46 + nameLength;
    const next = extra + extraLength + commentLength;
    if (next > view.byteLength) return undefined;
    const short = [24, 20, 42].map((field) => view.getUint32(at + field, true));
    const [size, packedSize, offset] = longNumbers(view, short, extra, extraLength) as Three;
    entries.push({
      name: new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength)),
      isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize,
      size,
      offset,
    });
    at = next;
  }
  return entries;
}

type Three = [number, number, number];

/** A number of all ones stands in 64 bits in the extra field of kind 1, in this order. */
function longNumbers(view: DataView, numbers: readonly number[], extra: number, length: number): readonly number[] {
  const end = extra + length;
  for (let at = extra; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    return numbers.map((number) => {
      if (number !== 0xffffffff || from + 8 > end) return number;
      from += 8;
      return Number(view.getBigUint64(from - 8, true));
    });
  }
  return numbers;
}
