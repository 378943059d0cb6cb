import { closeSync, existsSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/**
 * Puts bytes where a reader that wants a path finds them. The file is written over in place: emptying it first makes some file
 * systems bring it to the disk, which takes milliseconds.
 */
export function written(path: string, bytes: Uint8Array): string {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w');
  try {
    writeSync(file, bytes, 0, bytes.byteLength, 0);
    ftruncateSync(file, bytes.byteLength);
  } finally {
    closeSync(file);
  }
  return path;
}
