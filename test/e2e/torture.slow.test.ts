import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { torture } from './killing.ts';

const folder = temporaryFolder();

/** `npm run torture` does the same 200 times. */
test('25 kills at random moments change no byte of what a run leaves', { timeout: 300_000 }, async () => {
  const { kills, withCheckpoint, different } = await torture(join(folder, 'torture'), 25, 1, 2, () => {});
  expect(different).toEqual([]);
  expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBe(25);
  expect(withCheckpoint).toBeGreaterThan(5);
});
