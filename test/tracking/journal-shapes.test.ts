import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateOf } from '../../src/cli/progress/state.ts';
import { notedDecisions } from '../../src/cli/render/run/decisions.ts';
import { loadExperiment } from '../../src/config/index.ts';
import { OrtrainError } from '../../src/core/errors.ts';
import type { RunEvent, StageEvent } from '../../src/core/events.ts';
import { thisProcess } from '../../src/core/owner.ts';
import { advance, historyOf, nothingYet } from '../../src/tracking/history.ts';
import { foldStories } from '../../src/tracking/fold-stories.ts';
import { journalEntries, soundEntries, type JournalEntry } from '../../src/tracking/journal.ts';
import { contentOf } from '../../src/tracking/mlflow/content.ts';
import { operations } from '../../src/tracking/mlflow/projection.ts';
import { systemFigure } from '../../src/tracking/report/figures/system.ts';
import { journalStory } from '../../src/tracking/report/run/journal-story.ts';
import { progressOf, statusOf } from '../../src/tracking/run-progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'ortrain-test-'));
const path = join(folder, 'journal.jsonl');
const pace = { tokens: 1, positions: 2, seconds: 0.5 };
const who = { run: 'r', task: 'train[0]', stage: 'train', fold: 0, seed: 7 };
const record = { bestEpoch: 1, epochs: [{ epoch: 1, lr: 0.1, metrics: { 'val/f1': 0.5 } }] };
const machine = { platform: 'p', cpu: 'c', cores: 2, memoryBytes: 8e9 };

/** One of each, with every member that it may have. A new type does not compile before it is here. */
const stageEvents: { readonly [K in StageEvent['type']]: Required<Extract<StageEvent, { type: K }>> } = {
  progress: { type: 'progress', done: 1, total: 2, unit: 'texts', positions: 3 },
  step: { type: 'step', epoch: 1, epochs: 2, step: 3, steps: 4, loss: 0.5, lr: 0.1, stepsPerSecond: 7 },
  epoch: { type: 'epoch', epoch: 1, step: 2, lr: 0.1, metrics: { 'val/f1': 0.5 }, seconds: 3, work: { training: pace, validation: pace } },
  decision: { type: 'decision', epoch: 1, kind: 'stopped', message: 'm' },
  notice: { type: 'notice', level: 'warning', message: 'm' },
};
const runEvents: { readonly [K in RunEvent['type']]: Required<Extract<RunEvent, { type: K }>> } = {
  download: { type: 'download', run: 'r', file: 'f', done: 1, total: 2 },
  'run-started': {
    type: 'run-started',
    run: 'r',
    folder: '/r',
    tasks: [{ id: 'train[0]', stage: 'train', fold: 0, seed: 7 }],
    owner: thisProcess(),
    experiment: loadExperiment('configs/quickstart.yaml').experiment,
    environment: {
      versions: { node: '20' },
      machine,
      user: 'u',
      device: 'cpu',
      deviceChoice: { asked: 'auto', adapter: 'a', passedOver: { cuda: 'none' } },
      precision: 'float32',
      threads: 2,
      git: { commit: 'c', dirty: true },
      commandLine: ['pipeline'],
      data: { 'a.csv': 'x' },
      entries: { train: 'train/x' },
    },
    command: { id: 'i', name: 'n', size: 2 },
  },
  notice: { type: 'notice', run: 'r', level: 'info', message: 'm' },
  'task-started': { type: 'task-started', ...who, threads: 2, lanes: 1 },
  'task-cached': { type: 'task-cached', ...who, record },
  'task-finished': { type: 'task-finished', ...who, seconds: 1, usage: { cpuSeconds: 1, peakBytes: 2 }, record },
  'task-event': { type: 'task-event', ...who, event: stageEvents.step },
  system: { type: 'system', run: 'r', cpuPercent: 1, memoryBytes: 2, freeBytes: 3, gpus: [{ percent: 1, usedBytes: 2, totalBytes: 3 }] },
  artifact: { type: 'artifact', ...who, path: 'models/fold-0/a', bytes: 1, sha256: 'x' },
  'run-finished': { type: 'run-finished', run: 'r', seconds: 1, summary: { 'oof/f1': 0.5 }, owner: thisProcess() },
  'run-failed': { type: 'run-failed', run: 'r', seconds: 1, error: 'e', interrupted: false, owner: thisProcess() },
};
const events: readonly RunEvent[] = [
  ...Object.values(runEvents),
  ...Object.values(stageEvents).map((event): RunEvent => ({ type: 'task-event', ...who, event })),
];

function write(...lines: readonly unknown[]): void {
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** All who read journals. */
function tell(entries: readonly JournalEntry[]): void {
  const history = historyOf(entries);
  journalStory(history).looks.map((look) => systemFigure([look, look], machine));
  notedDecisions(history);
  foldStories(history);
  statusOf(progressOf(history), folder);
  stateOf(history);
  let state = nothingYet;
  for (const entry of entries) {
    for (const operation of operations(state, entry)) contentOf(operation);
    state = advance(state, entry);
  }
}

/** Each place of a value, with the whole in which it is another. */
function* changed(value: unknown, other: unknown): Generator<unknown> {
  yield other;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const { [key]: member, ...rest } = value as Record<string, unknown>;
    const put = (instead: unknown): unknown =>
      Array.isArray(value) ? value.map((item: unknown, i) => (String(i) === key ? instead : item)) : { ...rest, [key]: instead };
    for (const instead of changed(member, other)) yield put(instead);
    if (!Array.isArray(value)) yield rest;
  }
}

test.each(events.map((event) => ['event' in event ? `${event.type} ${event.event.type}` : event.type, event] as const))(
  '%s is read whole, and in any other form refused or read',
  (_, event) => {
    const entry = { v: 1, t: 5, ...event };
    write(entry);
    expect([...journalEntries(path)]).toEqual([entry]);
    const start = { v: 1, t: 4, ...runEvents['run-started'] } as const;
    const others = [null, 5, 0, -1, 0.5, 'text', '../up', true, [], [5], {}, { a: 5 }].flatMap((other) => [...changed(entry, other)]);
    write(...others);
    const sound = [...soundEntries(path)];
    expect(others.length - sound.length).toBeGreaterThan(20);
    for (const each of sound) tell([start, each]);
    tell([start, ...sound]);
  },
);

/** Each member of a value, with the value in which it is of another kind. Of a configuration only what readers need has a form. */
function* wrong(value: unknown, place: string): Generator<readonly [place: string, whole: unknown]> {
  yield [place, typeof value === 'string' || (typeof value === 'object' && value !== null) ? 5 : 'wrong'];
  if (typeof value !== 'object' || value === null || place === 'experiment') return;
  for (const [key, member] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${place}[${key}]` : place === '' ? key : `${place}.${key}`;
    for (const [where, instead] of wrong(member, at))
      yield [
        where,
        Array.isArray(value) ? value.map((item: unknown, i) => (String(i) === key ? instead : item)) : { ...value, [key]: instead },
      ];
  }
}

test.each(events.map((event) => ['event' in event ? `${event.type} ${event.event.type}` : event.type, event] as const))(
  'a wrong member of %s is told with file, line and place',
  (_, event) => {
    const places = [...wrong({ v: 1, t: 5, ...event }, '')].filter(([place]) => place !== '');
    expect(places.length).toBeGreaterThan(5);
    for (const [place, whole] of places) {
      write({ v: 1, t: 1, ...runEvents.notice }, whole);
      const { problems } = caught(() => [...journalEntries(path)]);
      expect(problems, place).toEqual([
        expect.objectContaining({ file: path, line: 2, message: expect.stringContaining(`this line is no event: ${place} is `) }),
      ]);
    }
  },
);

test.each(Object.values(runEvents))('$type tells whose it is', (event) => {
  const { run, ...ownerless } = { v: 1, t: 1, ...event };
  expect(run).toBe('r');
  write(ownerless);
  expect(caught(() => [...journalEntries(path)]).problems).toEqual([
    expect.objectContaining({ message: 'this line is no event: run is missing, not a text' }),
  ]);
});

test('the documentation names every event, its keys, and every kind of decision', () => {
  const docs = readFileSync('docs/journal.md', 'utf8');
  const kinds: Readonly<Record<(typeof stageEvents)['decision']['kind'], true>> = {
    'best-model': true,
    patience: true,
    'rate-reduced': true,
    'rate-reset': true,
    stopped: true,
    diverged: true,
    'one-class': true,
    'step-skipped': true,
  };
  const isTold = (text: string, name: string): boolean => text.includes(`\`${name}\``);
  // Downloads are shown and not kept.
  const { download: _, ...kept } = runEvents;
  const missing = [...Object.values(kept), ...Object.values(stageEvents)].flatMap(({ type, ...members }) => {
    const rows = docs.split('\n').filter((line) => line.startsWith(`| \`${type}\` |`)).join('\n');
    const inProse = 'task' in members && type !== 'artifact' ? ['run', 'task', 'stage', 'fold', 'seed'] : [];
    return [type, ...Object.keys(members)]
      .filter((name) => !inProse.includes(name) && !isTold(rows, name))
      .map((name) => `${type}: ${name}`);
  });
  expect([...missing, ...Object.keys(kinds).filter((kind) => !isTold(docs, kind))]).toEqual([]);
  const environment = docs.split('\n').find((line) => line.startsWith('`environment` is')) ?? '';
  expect(Object.keys(runEvents['run-started'].environment).filter((key) => !environment.includes(key))).toEqual([]);
});

test('what a configuration must have for those who show the run is told with its place', () => {
  for (const [experiment, place] of [
    [{ data: 5 }, 'data'],
    [{ training: { best_model: { monitor: 5, mode: 'max' } } }, 'training.best_model.monitor'],
    [{ tracking: { mlflow: { log_models: 5 } } }, 'tracking.mlflow.log_models'],
  ] as const) {
    write({ v: 1, t: 1, ...runEvents['run-started'], experiment });
    expect(caught(() => [...journalEntries(path)]).problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining(`experiment.${place} is 5, not`) }),
    ]);
  }
});

test('GPUs that are no list are no event', () => {
  write({ v: 1, t: 2, ...runEvents.system, gpus: 5 });
  expect(caught(() => [...journalEntries(path)])).toMatchObject({
    code: 'data',
    message: `${path} is damaged in line 1`,
    problems: [{ message: 'this line is no event: gpus is 5, not a list' }],
  });
});

test('events that none of our versions knows are passed over', () => {
  const later = [{ v: 1, t: 1, type: 'later', gpus: 5 }, { v: 1, t: 1, ...runEvents['task-event'], event: { type: 'later', epoch: 'x' } }];
  write(...later);
  expect([...journalEntries(path)]).toEqual(later);
  tell([{ v: 1, t: 0, ...runEvents['run-started'] }, ...journalEntries(path)]);
});

function caught(action: () => unknown): OrtrainError {
  try {
    action();
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test.each(['/etc/passwd', '../config.yaml', 'figures/../../a', 'C:\\a', ''])(
  'an artifact is in the folder of its run, not at %s',
  (outside) => {
    write({ v: 1, t: 1, ...runEvents.artifact, path: outside });
    expect([...soundEntries(path)]).toEqual([]);
  },
);
