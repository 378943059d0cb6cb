import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { thisProcess } from '../../src/core/owner.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { historyOf } from '../../src/tracking/history.ts';
import { progressOf, statusOf, workerOf } from '../../src/tracking/run-progress.ts';

const folder = join(temporaryFolder(), 'runs', 'r');
const alive = thisProcess();
const dead = { ...alive, pid: 2 ** 22 + 1, started: '' };
const killed = { ...alive, pid: 2 ** 22 + 2, started: '' };
const environment = {
  versions: {},
  machine: { platform: 'p', cpu: 'c', cores: 2, memoryBytes: 1 },
  device: 'cpu',
  threads: 2,
  git: null,
  commandLine: [],
  data: {},
  entries: {},
};
const start = (owner: typeof alive): RunEvent => ({
  type: 'run-started',
  run: 'r',
  folder: '/r',
  tasks: [],
  owner,
  experiment: {},
  environment,
});
const done = (owner?: typeof alive): RunEvent => ({
  type: 'run-finished',
  run: 'r',
  seconds: 2,
  summary: {},
  ...(owner === undefined ? {} : { owner }),
});
const failed = (interrupted: boolean): RunEvent => ({ type: 'run-failed', run: 'r', seconds: 1, error: 'e', interrupted });

/** The clock goes backwards all the time. */
const progress = (...events: readonly RunEvent[]) =>
  progressOf(historyOf(events.map((event, i) => ({ t: 1_000_000 - 1000 * i, ...event }))));

test.each([
  ['nothing', [], 'interrupted'],
  ['a start of a process that is gone', [start(dead)], 'interrupted'],
  ['a start of one that lives', [start(alive)], 'running'],
  ['an end, whatever the clock says', [start(dead), done(dead)], 'done'],
  ['an end that does not tell whose it is', [start(alive), done()], 'done'],
  ['one that was killed before', [start(killed), start(dead), done()], 'done'],
  ['an error', [start(dead), failed(false)], 'failed'],
  ['Ctrl-C', [start(dead), failed(true)], 'interrupted'],
  ['another start after the end', [start(dead), done(dead), start(dead)], 'interrupted'],
  ['the end of another process', [start(alive), start(dead), done(dead)], 'running'],
  ['the end of another that began earlier', [start(dead), start(alive), done(dead)], 'running'],
  ['two starts of one process, on two devices', [start(alive), start(alive), done(alive)], 'done'],
] as const)('after %s', (_, events, status) => {
  const after = progress(...events);
  expect(statusOf(after, folder)).toBe(status);
  expect(workerOf(after, folder)).toEqual(status === 'running' ? alive : undefined);
  expect(JSON.parse(JSON.stringify(after))).toEqual(after);
});

test('seconds of all starts that ended add up, and are none before', () => {
  expect(progress(start(dead)).seconds).toBeNull();
  expect(progress(start(dead), failed(true), start(dead), done(dead)).seconds).toBe(3);
});
