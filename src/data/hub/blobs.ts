import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { OrtrainError } from '../../core/errors.ts';
import { readInput } from '../../core/inputs.ts';

/**
 * Throws a `data` error that names a file of the hub's cache which is no longer what was fetched: a blob is called after the SHA-256 of
 * its content, or after its SHA-1, as Git has it. Files elsewhere are what they are.
 */
export async function throwIfBlobChanged(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const blob = realpathSync(path);
    if (basename(dirname(blob)) !== 'blobs' || (await isAsNamed(blob))) continue;
    throw new OrtrainError('data', `${path} was changed after it was fetched: its content does not match its name in the hub's cache`, {
      subject: path,
      remedy: `Remove ${blob} and ${path}; the next start fetches it again.`,
    });
  }
}

/** Git reads a file as a whole, and large ones have the other name. */
const MOST_GIT_BYTES = 2 ** 26;

async function isAsNamed(blob: string): Promise<boolean> {
  const name = basename(blob);
  if (/^[0-9a-f]{64}$/.test(name)) return (await contentHash(blob)) === name;
  if (!/^[0-9a-f]{40}$/.test(name) || statSync(blob).size > MOST_GIT_BYTES) return true;
  const content = readInput(blob, MOST_GIT_BYTES);
  // Other servers than the hub itself leave Git's header out.
  return gitHash(content) === name || createHash('sha1').update(content).digest('hex') === name;
}

/** By which Git, and so the hub, names the content of a file that is not large. */
export function gitHash(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex');
}
