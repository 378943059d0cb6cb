import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';

/** Changes one bit in the middle of a file, and neither its size nor its time. */
export function flipBit(path: string, at = Math.floor(statSync(path).size / 2)): void {
  const { atimeMs, mtimeMs } = statSync(path);
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}
