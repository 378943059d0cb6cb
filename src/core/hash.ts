import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { notAFile, unreadable } from './inputs.ts';
import { isObject } from './shapes.ts';

/** A JSON value in which object keys come in sorted order, so that equal values give equal text. `undefined` members are left out. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}

/** SHA-256 in hex of a text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 in hex of a JSON value, independent of the order of its keys. */
export function hashOf(value: unknown): string {
  return sha256(stableJson(value));
}

/** Hashed in less than a millisecond, between which signals are heard. */
const PIECE_BYTES = 2 ** 19;

/** SHA-256 in hex of a file's bytes, read as a stream. Throws OrtrainError `data` for a pipe or a device, which may have no end. */
export async function hashFile(path: string): Promise<string> {
  const kind = notAFile(path);
  if (kind !== undefined) throw unreadable(path, `it is ${kind}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: PIECE_BYTES }), hash);
  return hash.digest('hex');
}
