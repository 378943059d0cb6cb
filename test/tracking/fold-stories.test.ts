import { expect, test } from 'vitest';
import type { RunEvent, StageEvent } from '../../src/core/events.ts';
import { historyOf } from '../../src/tracking/history.ts';
import { foldStories, type FoldStory } from '../../src/tracking/fold-stories.ts';

const of = { run: 'r', task: 'train[1]', stage: 'train', fold: 1 };
const event = (told: StageEvent): RunEvent => ({ type: 'task-event', ...of, event: told });
const epoch = (number: number): RunEvent =>
  event({ type: 'epoch', epoch: number, step: 10 * number, lr: 0.1, metrics: { 'val/f1': number / 10 }, seconds: 1 });
const best = (number: number): RunEvent => event({ type: 'decision', epoch: number, kind: 'best-model', message: 'best model so far' });
const stories = (...events: readonly RunEvent[]): readonly FoldStory[] => foldStories(historyOf(events.map((each, t) => ({ t, ...each }))));
const told = (number: number): FoldStory['epochs'][number] => ({ epoch: number, lr: 0.1, metrics: { 'val/f1': number / 10 } });

test('a fold under way has its epochs so far, each once though an interruption repeats some', () => {
  expect(
    stories(
      { type: 'task-started', ...of },
      epoch(1),
      best(1),
      epoch(2),
      epoch(3),
      best(3),
      { type: 'task-started', ...of },
      epoch(3),
      epoch(4),
    ),
  ).toEqual([{ fold: 1, state: 'unfinished', bestEpoch: 3, epochs: [1, 2, 3, 4].map(told) }]);
});

test('what an earlier run trained has its record, and what is done anew begins anew', () => {
  const record = { bestEpoch: 2, epochs: [told(1), told(2)] };
  expect(stories({ type: 'task-cached', ...of, record })).toEqual([{ fold: 1, state: 'done', ...record }]);
  expect(stories({ type: 'task-finished', ...of, seconds: 1, record }, { type: 'task-started', ...of }, epoch(1))).toEqual([
    { fold: 1, state: 'unfinished', bestEpoch: null, epochs: [told(1)] },
  ]);
});
