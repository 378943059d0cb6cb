import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, it } from 'vitest';

const root = fileURLToPath(new URL('../../../shared', import.meta.url));

/** The path of a reference file kept beside the checkout, or undefined where it is absent. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = join(root, ...parts);
  return existsSync(path) ? path : undefined;
}

/** A reference file's JSON. */
export function sharedJson<T>(...parts: readonly string[]): T {
  return JSON.parse(readFileSync(join(root, ...parts), 'utf8')) as T;
}

/** `describe` for tests against reference data beside the checkout; where that is absent they are skipped, with the reason printed. */
export function describeShared(name: string, parts: readonly string[], body: () => void): void {
  if (sharedPath(...parts) !== undefined) return void describe(name, body);
  console.warn(`skipped: ${name} (needs ../shared/${parts.join('/')}, which is not part of the repository)`);
  // Not the body: vitest would run it to collect its tests, and it reads the files.
  describe.skip(name, () => it('needs reference data', () => {}));
}
