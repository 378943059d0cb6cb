import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateOf } from '../../src/cli/progress/state.ts';
import { notedDecisions } from '../../src/cli/render/run/decisions.ts';
import type { RunEvent } from '../../src/core/events.ts';
import { foldStories } from '../../src/tracking/fold-stories.ts';
import { growing, itemsOf, lastOf, withItem } from '../../src/tracking/growing.ts';
import { advance, historyOf, nothingYet, readHistory, type RunHistory, type Timed } from '../../src/tracking/history.ts';
import { journalStory } from '../../src/tracking/report/run/journal-story.ts';
import { progressOf, statusOf } from '../../src/tracking/run-progress.ts';
import { scriptedRun } from '../cli/events.ts';

/** A run of two folds that begins twice, with the same decisions again, and sees the machine now and then. */
const look: RunEvent = { type: 'system', run: 'demo', cpuPercent: 100, memoryBytes: 1, freeBytes: 2 };
const half = scriptedRun().slice(0, 15);
const entries: readonly Timed[] = [...half, [62_000, look] as const, ...scriptedRun(), [110_000, look] as const].map(([t, event]) => ({
  ...event,
  t,
}));

/** Everything that is shown. */
function views(history: RunHistory): object {
  return {
    story: journalStory(history),
    folds: foldStories(history),
    decisions: notedDecisions(history),
    progress: progressOf(history),
    state: stateOf(history),
    files: history.files,
    notices: itemsOf(history.notices),
  };
}

test('what is told while a run is followed is what its whole journal tells, at each entry', () => {
  let followed = nothingYet;
  for (const [i, entry] of entries.entries()) {
    followed = advance(followed, entry);
    expect(views(followed)).toEqual(views(historyOf(entries.slice(0, i + 1))));
  }
});

test('an earlier value can be gone back to, as where a part could not be sent', () => {
  const before = historyOf(entries.slice(0, 20));
  const seen = views(before);
  const first = views(entries.slice(20).reduce(advance, before));
  expect(views(before)).toEqual(seen);
  expect(views(entries.slice(20).reduce(advance, before))).toEqual(first);
  expect(views(entries.slice(20, 24).reduce(advance, before))).toEqual(views(historyOf(entries.slice(0, 24))));
});

test('a list that grows shares its items with its versions, and goes its own way where one has grown already', () => {
  const one = withItem(growing<number>(), 1);
  const two = withItem(one, 2);
  const other = withItem(one, 3);
  expect([one, two, other].map(itemsOf)).toEqual([[1], [1, 2], [1, 3]]);
  expect([lastOf(growing()), lastOf(one), lastOf(other)]).toEqual([undefined, 1, 3]);
  expect(two.items).toBe(one.items);
});

test('of very many steps every rate is told while they are few, and every second one of more, the last always', () => {
  const { rates } = steps(4096);
  expect(rates).toHaveLength(4096);
  const more = steps(4097).rates;
  expect(more).toHaveLength(2049);
  expect([more[0], more[1], more.at(-1)]).toEqual([rate(1), rate(3), rate(4097)]);
  expect(steps(100_000).rates.length).toBeLessThanOrEqual(4096);
  expect(steps(100_000).rates.at(-1)).toEqual({ epoch: 1, lr: 0.1 });

  function rate(step: number): object {
    return { epoch: step / 4097, lr: 0.1 };
  }
});

function steps(count: number): { readonly rates: readonly object[] } {
  const of = { run: 'r', task: 'train[0]', stage: 'train', fold: 0 };
  const event = (step: number): Timed => ({
    type: 'task-event',
    ...of,
    t: step,
    event: { type: 'step', epoch: 1, epochs: 1, step, steps: count, loss: 0.5, lr: 0.1, stepsPerSecond: 1 },
  });
  return journalStory(historyOf(Array.from({ length: count }, (_, i) => event(i + 1)))).jobs[0]!;
}

test('a journal of the first version, whose ends tell no process and whose folds have no record, is read', () => {
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
  const of = { run: 'r', task: 'train[0]', stage: 'train', fold: 0 };
  const old = [
    {
      type: 'run-started',
      run: 'r',
      folder: '/r',
      tasks: [{ id: 'train[0]', stage: 'train', fold: 0 }],
      owner: { pid: 2 ** 30, started: '', host: 'h' },
      experiment: {},
      environment,
    },
    { type: 'task-started', ...of },
    {
      type: 'task-event',
      ...of,
      event: { type: 'epoch', epoch: 1, step: 5, lr: 0.1, metrics: { 'val/f1': 0.5, 'val/roc_auc': null }, seconds: 3 },
    },
    { type: 'task-event', ...of, event: { type: 'decision', epoch: 1, kind: 'best-model', message: 'm' } },
    { type: 'task-finished', ...of, seconds: 4 },
    { type: 'artifact', run: 'r', path: 'models/fold-0/config.json', bytes: 1, sha256: 'x' },
    { type: 'run-finished', run: 'r', seconds: 5, summary: { 'oof/f1': 0.5 } },
  ];
  const folder = mkdtempSync(join(tmpdir(), 'history-'));
  const path = join(folder, 'journal.jsonl');
  writeFileSync(path, old.map((event, i) => `${JSON.stringify({ v: 1, t: 1000 * i, ...event })}\n`).join(''));
  const history = readHistory(path);
  expect(statusOf(progressOf(history), folder)).toBe('done');
  expect(foldStories(history)).toEqual([
    { fold: 0, state: 'unfinished', bestEpoch: 1, epochs: [{ epoch: 1, lr: 0.1, metrics: { 'val/f1': 0.5, 'val/roc_auc': null } }] },
  ]);
  expect(journalStory(history).jobs).toMatchObject([{ id: 'train[0]', seconds: 4, cpuSeconds: null, peakBytes: null }]);
  expect([...history.files.keys()]).toEqual(['models/fold-0/config.json']);
  expect(progressOf(history)).toMatchObject({ startedAt: 0, open: [], seconds: 5, isTimed: false });
});
