import { crc32, inflateRawSync } from 'node:zlib';
import { quoted, quotedList } from '../../problems.ts';
import { FETCH_AGAIN, tooLarge, type NotUnpacked } from './not-unpacked.ts';

/** A file of an archive, as its central directory has it. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0: as it is, 8: deflate. */
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its local header stands. */
  readonly offset: number;
}

/** The one file of an archive; what macOS adds beside it does not count. */
export async function unzip(bytes: Uint8Array, most: number): Promise<{ readonly bytes: Uint8Array; readonly name: string } | NotUnpacked> {
  const entries = zipEntries(bytes);
  if (entries === undefined) return DAMAGED;
  const files = entries.filter(({ name }) => !name.endsWith('/') && !/(^|\/)(__MACOSX\/|\._|\.DS_Store$)/.test(name));
  const [entry, second] = files;
  if (entry === undefined) return { wrong: 'the archive holds no file', remedy: 'Pack the table again.' };
  if (second !== undefined)
    return {
      wrong: `the archive holds ${files.length} files: ${quotedList(files.map(({ name }) => name))}`,
      remedy: 'Unpack it and name the file, or pack that one alone.',
    };
  if (entry.isEncrypted)
    return { wrong: `${quoted(entry.name)} in the archive is encrypted`, remedy: 'Unpack it with its password and name the file.' };
  if (entry.method !== STORED && entry.method !== DEFLATE) {
    return {
      wrong: `${quoted(entry.name)} in the archive is packed with ${METHODS[entry.method] ?? `method ${entry.method}`}, which is not read`,
      remedy: 'Unpack it, or pack it with deflate, as zip does by default.',
    };
  }
  if (entry.size > most) return tooLarge(most);
  const content = contentOf(bytes, entry, most);
  return content instanceof Uint8Array ? { bytes: content, name: entry.name } : content;
}

const STORED = 0;
const DEFLATE = 8;
const METHODS: Readonly<Record<number, string>> = { 9: 'Deflate64', 12: 'bzip2', 14: 'LZMA', 93: 'Zstandard', 95: 'xz', 98: 'PPMd' };

const DAMAGED: NotUnpacked = {
  wrong: 'its bytes are no zip archive, or only the beginning of one',
  remedy: 'If it is not packed, leave .zip out of its name; otherwise fetch or write it again.',
};

/** The files of an archive; undefined where there is no central directory that can be read. */
export function zipEntries(bytes: Uint8Array): readonly ZipEntry[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endRecord(view);
  if (end === undefined) return undefined;
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) return undefined;
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    if (at + 46 + nameLength > end) return undefined;
    const [size, packedSize, offset] = longNumbers(
      view,
      [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      at + 46 + nameLength,
      extraLength,
    );
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: packedSize!,
      size: size!,
      offset: offset!,
    });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** Zip64: a number of all ones stands in 64 bits in the extra field of kind 1, in this order. */
function longNumbers(view: DataView, numbers: readonly number[], extra: number, length: number): readonly number[] {
  const end = Math.min(extra + length, view.byteLength);
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

/** The end record stands last, before a comment of at most 65,535 bytes. */
function endRecord(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - 0xffff; at -= 1) {
    if (view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return undefined;
}

function contentOf(bytes: Uint8Array, { name, method, crc, packedSize, size, offset }: ZipEntry, most: number): Uint8Array | NotUnpacked {
  const damaged = (what: string): NotUnpacked => ({ wrong: `${quoted(name)} in the archive is damaged: ${what}`, remedy: FETCH_AGAIN });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== 0x04034b50) return damaged('it does not begin where the archive says');
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const packed = bytes.subarray(start, start + packedSize);
  if (packed.length !== packedSize) return damaged('the archive ends before it does');
  try {
    const content = method === STORED ? packed : inflateRawSync(packed, { maxOutputLength: Math.min(most, size) || 1 });
    if (content.length !== size) return damaged(`it has ${content.length} bytes, and the archive says ${size}`);
    return crc32(content) === crc ? content : damaged('its checksum is another');
  } catch (error) {
    return damaged(
      (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'it holds more than the archive says' : (error as Error).message,
    );
  }
}
