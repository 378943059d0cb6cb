import { expect, test } from 'vitest';
import type { Environment } from '../../../src/core/environment.ts';
import type { RunEvent, StageEvent } from '../../../src/core/events.ts';
import { thisProcess } from '../../../src/core/owner.ts';
import { historyOf, type RunHistory } from '../../../src/tracking/history.ts';
import { journalStory } from '../../../src/tracking/report/run/journal-story.ts';

const of = { run: 'r', task: 'train[1]', stage: 'train', fold: 1 };

function journal(...events: readonly (readonly [second: number, event: RunEvent])[]): RunHistory {
  return historyOf(events.map(([second, event]) => ({ t: second * 1000, ...event })));
}

const environment: Environment = {
  versions: {},
  machine: { platform: 'linux', cpu: 'a processor', cores: 2, memoryBytes: 8e9 },
  user: null,
  device: 'cpu',
  threads: 2,
  git: null,
  commandLine: [],
  data: {},
  entries: {},
};
const started: RunEvent = { type: 'run-started', run: 'r', folder: '/r', tasks: [], owner: thisProcess(), experiment: {}, environment };
const during = (event: StageEvent): RunEvent => ({ type: 'task-event', ...of, event });
const step = (number: number, lr: number): RunEvent =>
  during({ type: 'step', epoch: 1, epochs: 2, step: number, steps: 40, loss: 0.5, lr, stepsPerSecond: 1 });
const reset: RunEvent = during({ type: 'decision', epoch: 1, kind: 'rate-reset', message: 'rate 0.1' });

test('the time of a task that was interrupted is that of all its starts', () => {
  const story = journalStory(
    journal(
      [0, started],
      [1, { type: 'task-started', ...of }],
      [5, step(10, 0.1)],
      [6, reset],
      [100, started],
      [101, { type: 'task-started', ...of }],
      [103, step(10, 0.1)],
      [104, step(20, 0.2)],
      [105, reset],
      [108, { type: 'task-finished', ...of, seconds: 7, usage: { cpuSeconds: 13, peakBytes: 5e8 } }],
    ),
  );
  expect(story).toMatchObject({ starts: 2, startedAt: '1970-01-01T00:00:00.000Z' });
  expect(journalStory(journal([1, { type: 'task-started', ...of }]))).toMatchObject({ starts: 0, startedAt: null });
  expect(story.jobs).toEqual([
    {
      id: 'train[1]',
      stage: 'train',
      fold: 1,
      seconds: 5 + 7,
      cpuSeconds: 13,
      peakBytes: 5e8,
      rates: [
        { epoch: 0.5, lr: 0.1 },
        { epoch: 1, lr: 0.2 },
      ],
      decisions: [{ epoch: 1, kind: 'rate-reset', message: 'rate 0.1' }],
      notices: [],
    },
  ]);
});

test('a repeated job counts once, and one from the cache has no time', () => {
  const finished: RunEvent = { type: 'task-finished', ...of, seconds: 3 };
  const again = journalStory(
    journal(
      [0, started],
      [1, { type: 'task-started', ...of }],
      [4, finished],
      [10, started],
      [11, { type: 'task-started', ...of }],
      [14, finished],
    ),
  );
  expect(again.jobs[0]).toMatchObject({ seconds: 3, cpuSeconds: null, peakBytes: null });
  expect(journalStory(journal([0, started], [1, { type: 'task-cached', ...of }])).jobs[0]).toMatchObject({ seconds: null, rates: [] });
});

test('looks at the machine are told by the time of work, without the pause between two starts', () => {
  const look: RunEvent = { type: 'system', run: 'r', cpuPercent: 150, memoryBytes: 1e9, freeBytes: 2e9 };
  const story = journalStory(
    journal([0, started], [1, { type: 'task-started', ...of }], [10, look], [12, step(10, 0.1)], [500, started], [505, look]),
  );
  expect(story.looks).toEqual([
    { seconds: 10, cpuPercent: 150, memoryBytes: 1e9, freeBytes: 2e9 },
    { seconds: 17, cpuPercent: 150, memoryBytes: 1e9, freeBytes: 2e9 },
  ]);
});
