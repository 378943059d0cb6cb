import { statSync } from 'node:fs';
import { hashFile } from './hash.ts';

interface Known {
  readonly size: bigint;
  readonly changed: bigint;
  readonly written: bigint;
  readonly sha256: string;
}

/** By device and inode, so that links to one file are read once. */
const known = new Map<string, Known>();

/**
 * SHA-256 in hex of what a file holds now. This process reads a file once, as long as the system says that nobody has changed it
 * since; what an earlier process found is not believed, because bytes also change on disks. Throws as `hashFile` does.
 */
export async function contentHash(path: string): Promise<string> {
  const { dev, ino, size, ctimeNs: changed, mtimeNs: written } = statSync(path, { bigint: true });
  const name = `${dev}:${ino}`;
  const before = known.get(name);
  if (before?.size === size && before.changed === changed && before.written === written) return before.sha256;
  const sha256 = await hashFile(path);
  if (isSettled(changed)) known.set(name, { size, changed, written, sha256 });
  return sha256;
}

/** Clocks of file systems tick every few milliseconds: a second change within a tick would not show. */
const TICK_NS = 100_000_000n;

function isSettled(changed: bigint): boolean {
  const now = BigInt(Date.now()) * 1_000_000n;
  return changed < now - TICK_NS || changed > now + TICK_NS;
}
