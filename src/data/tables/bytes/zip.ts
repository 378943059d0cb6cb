import { crc32, inflateRawSync } from 'node:zlib';
import { readZipDirectory, zipContentStart, type ZipBytes, type ZipEntry } from '../../../core/zip-directory.ts';
import { quoted, quotedList } from '../../problems.ts';
import { FETCH_AGAIN, tooLarge, type NotUnpacked } from './not-unpacked.ts';

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
      wrong:
        `${quoted(entry.name)} in the archive is packed with ` +
        `${METHODS[entry.method] ?? `method ${entry.method}`}, which is not supported`,
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

/** The files of an archive; undefined where there is no directory that can be read. */
export function zipEntries(bytes: Uint8Array): readonly ZipEntry[] | undefined {
  const directory = readZipDirectory(asZip(bytes), bytes.length);
  return 'fault' in directory ? undefined : directory.entries;
}

const asZip = (bytes: Uint8Array): ZipBytes => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

function contentOf(bytes: Uint8Array, entry: ZipEntry, most: number): Uint8Array | NotUnpacked {
  const { name, method, crc, packedSize, size } = entry;
  const damaged = (what: string): NotUnpacked => ({ wrong: `${quoted(name)} in the archive is damaged: ${what}`, remedy: FETCH_AGAIN });
  const start = zipContentStart(asZip(bytes), entry);
  if (start === undefined) return damaged('it does not begin where the archive says');
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
