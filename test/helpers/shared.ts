import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/** Reference data of the repository, and what is too large for it, kept beside the checkout. */
const places = ['../fixtures', '../../../shared'].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/** The path of a file or folder of reference data, or undefined where it is absent. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  return places.map((place) => join(place, ...parts)).find(existsSync);
}

/** A reference file's JSON. */
export function sharedJson<T>(...parts: readonly string[]): T {
  return JSON.parse(readFileSync(sharedPath(...parts) ?? join(...parts), 'utf8')) as T;
}

/** `describe` for tests against reference data beside the checkout; where that is absent they are skipped, with the reason printed. */
export function describeShared(name: string, parts: readonly string[], body: () => void): void {
  if (sharedPath(...parts) !== undefined) return void describe(name, body);
  console.warn(`skipped: ${name} (needs ../shared/${parts.join('/')}, which is not part of the repository)`);
  // Not the body: vitest would run it to collect its tests, and it reads the files.
  describe.skip(name, () => it('needs reference data', () => {}));
}
