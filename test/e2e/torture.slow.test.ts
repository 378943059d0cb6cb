import { join } from 'node:path';
import { expect, test } from 'vitest';
import { because } from '../helpers/skips.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { SCENES, tortureCommands } from './killing-commands.ts';
import { torture } from './killing.ts';

const folder = temporaryFolder();

/** `npm run torture` does the same 200 times. */
test('25 kills at random moments change no byte of what a run leaves', { timeout: 300_000 }, async () => {
  const { kills, withCheckpoint, different } = await torture(join(folder, 'torture'), 25, 1, 2, () => {});
  expect(different).toEqual([]);
  expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBe(25);
  expect(withCheckpoint).toBeGreaterThan(5);
});

test('kills during other commands, and other commands beside a run, leave nothing half done', { timeout: 600_000 }, async () => {
  const { played, skipped, wrong } = await tortureCommands(join(folder, 'commands'), 1, 1, () => {});
  for (const [scene, why] of Object.entries(skipped)) because(`${scene}: ${why}`, true);
  expect(wrong).toEqual([]);
  expect([...Object.keys(played), ...Object.keys(skipped)].sort()).toEqual([...SCENES].sort());
});
