import { createGunzip } from 'node:zlib';
import type { Problem } from '../../../core/errors.ts';
import { dataError } from '../../problems.ts';
import { tableKind } from '../../../core/table-files.ts';
import { sniffed } from './sniff.ts';
import { FETCH_AGAIN, MOST_UNPACKED, tooLarge, type NotUnpacked } from './not-unpacked.ts';
import { unzip } from './zip.ts';

/**
 * The bytes of a packed file, and what its one member is called where it has a name. Throws a `data` error that says what is wrong with the
 * packing.
 */
export async function unpacked(
  bytes: Uint8Array,
  packing: 'gzip' | 'zip',
  file: string,
  most = MOST_UNPACKED,
): Promise<{ readonly bytes: Uint8Array; readonly name: string | null }> {
  const result = misnamed(bytes, packing, file) ?? (packing === 'zip' ? await unzip(bytes, most) : await gunzip(bytes, most));
  if (!('wrong' in result)) return result;
  throw packingError(file, result.wrong, result.remedy);
}

/** Bytes that are packed in no way, or in another than the name says. */
function misnamed(bytes: Uint8Array, packing: 'gzip' | 'zip', file: string): NotUnpacked | undefined {
  if (bytes.length === 0) return { wrong: 'the file has no bytes', remedy: 'Check that the file was written to its end.' };
  if (packing === 'gzip' ? isGzip(bytes) : isZip(bytes)) return undefined;
  const other = sniffed(bytes, 'csv', tableKind(file.replace(/\.(gz|zip)$/i, ''))?.ending ?? '', 'utf-8');
  return other === undefined ? undefined : { wrong: `its name says ${packing}, and it is ${other.is}`, remedy: other.remedy };
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

function packingError(file: string, message: string, remedy: string): Error {
  const problem: Problem = { message, file };
  return dataError(`${file} cannot be unpacked`, file, [problem], remedy);
}

async function gunzip(bytes: Uint8Array, most: number): Promise<{ readonly bytes: Uint8Array; readonly name: null } | NotUnpacked> {
  if (!isGzip(bytes))
    return { wrong: 'its name says gzip, but its bytes do not', remedy: 'If it is not packed, leave .gz out of its name.' };
  const engine = createGunzip();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    engine.end(bytes);
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) return tooLarge(most);
      chunks.push(chunk);
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const wrong =
      code === 'Z_BUF_ERROR' ? 'its gzip data end too early: it was cut short' : `its gzip data are damaged (${(error as Error).message})`;
    return { wrong, remedy: FETCH_AGAIN };
  } finally {
    engine.destroy();
  }
  const rest = bytes.subarray(engine.bytesWritten);
  if (rest.some((byte) => byte !== 0)) return { wrong: `${rest.length} bytes follow the end of its gzip data`, remedy: FETCH_AGAIN };
  return { bytes: Buffer.concat(chunks), name: null };
}
