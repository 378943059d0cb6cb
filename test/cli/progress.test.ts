import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveProgress } from '../../src/cli/progress/live.ts';
import { noticesOf } from '../../src/cli/progress/notices.ts';
import { plainProgress } from '../../src/cli/progress/plain.ts';
import { foldsSecondsLeft, stateOf, jobSecondsLeft, type RunState } from '../../src/cli/progress/state.ts';
import type { RunEvent } from '../../src/core/events.ts';
import { historyOf } from '../../src/tracking/history.ts';
import { foldsSideBySide, scriptedRun } from './events.ts';

type Script = ReturnType<typeof scriptedRun>;

function stateAfter(script: Script): RunState {
  return stateOf(historyOf(script.map(([t, event]) => ({ ...event, t }))));
}

function before(until: number, script = scriptedRun()): Script {
  return script.filter(([at]) => at <= until);
}

function stateAt(until: number, script = scriptedRun()): RunState {
  return stateAfter(before(until, script));
}

function plainLines(script: ReturnType<typeof scriptedRun>): readonly string[] {
  const lines: string[] = [];
  let now = 0;
  const listen = plainProgress((line) => lines.push(line), () => now);
  for (const [at, event] of script) {
    now = at;
    listen(event);
  }
  return lines;
}

test('plain progress is a line for each task, epoch and decision, and now and then one in between', () => {
  const lines = plainLines(scriptedRun());
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "downloading model.safetensors: 200 MB of 400 MB
    downloading model.safetensors: 400 MB of 400 MB
    demo: 4 jobs, into artifacts/runs/demo
    demo  computes on the cpu
    demo  tokenize  from the cache
    demo  train[0]  warning: pooler.dense is not in the checkpoint
    demo  train[0]  epoch 1/2 · step 50/200 · 8.3 steps/s · 38 s left · loss 0.6123
    demo  train[0]  epoch 1/2  train/loss 0.5000  val/loss 0.6000  val/accuracy 0.7200  val/f1_macro 0.7100  rate 0.0001  13 s
    demo  train[0]  epoch 2/2  train/loss 0.2500  val/loss 0.3000  val/accuracy 0.7100  val/f1_macro 0.7000  rate 0.0001  13 s
    demo  train[0]  val/accuracy has not improved for 1 epochs
    demo  train[0]  done in 48 s
    demo  train[1]  epoch 1/2 · step 50/200 · 8.3 steps/s · 18 s left · loss 0.5000
    demo  train[1]  done in 48 s
    demo  evaluate  done in 0.1 s"
  `);
  expect(lines.join('\n')).not.toContain('\u001b');
});

test('a display that redraws itself leaves notices about the run, and warnings, to what is told besides', () => {
  const told: string[] = [];
  const listen = noticesOf(({ level, message }) => told.push(`${level}: ${message}`));
  for (const [, event] of scriptedRun()) listen(event);
  expect(told).toEqual(['info: demo  computes on the cpu', 'warning: demo  train[0]  pooler.dense is not in the checkpoint']);
});

test('time left follows from the pace between reports', () => {
  const state = stateAt(25_000);
  const fold = state.jobs.get('train[0]')!;
  // 40 steps in 10 s: 150 more take 37.5 s, of which some go by before the next report.
  expect(jobSecondsLeft(fold, 25_000)).toBeCloseTo(37.5, 9);
  expect(jobSecondsLeft(fold, 27_000)).toBeCloseTo(35.5, 9);
  expect(jobSecondsLeft(state.jobs.get('train[1]')!, 25_000)).toBeUndefined();
});

test('time left knows nothing of the seconds in which a session opens, nor of steps that a checkpoint holds', () => {
  const about = { run: 'demo', task: 'train[0]', stage: 'train', fold: 0 } as const;
  const step = (done: number): RunEvent => ({
    type: 'task-event',
    ...about,
    event: { type: 'step', epoch: 1, epochs: 1, step: done, steps: 400, loss: 0.5, lr: 1e-4, stepsPerSecond: 2 },
  });
  const after = (...events: readonly (readonly [number, RunEvent])[]): number | undefined => {
    const state = stateAfter([...before(13_000), [0, { type: 'task-started', ...about }], ...events]);
    return jobSecondsLeft(state.jobs.get('train[0]')!, events.at(-1)?.[0] ?? 0);
  };
  // A minute to open, then two steps a second: 399 more are 200 s, not 399 minutes.
  expect(after([60_000, step(1)])).toBeCloseTo(199.5, 9);
  expect(after([60_000, step(1)], [70_000, step(21)])).toBeCloseTo(189.5, 9);
  // The checkpoint had 300 steps.
  expect(after([2_000, step(301)], [7_000, step(311)])).toBeCloseTo(44.5, 9);
});

test('time left of another count begins with that count', () => {
  const about = { run: 'demo', task: 'tokenize', stage: 'tokenize' } as const;
  const texts = (done: number, total: number): RunEvent => ({
    type: 'task-event',
    ...about,
    event: { type: 'progress', done, total, unit: 'texts' },
  });
  const script: Script = [
    ...before(13_000),
    [0, { type: 'task-started', ...about }],
    [1_000, texts(100, 1_000)],
    [2_000, texts(900, 1_000)],
    [3_000, texts(10, 500)],
  ];
  expect(jobSecondsLeft(stateAfter(script).jobs.get('tokenize')!, 3_000)).toBeUndefined();
  expect(jobSecondsLeft(stateAfter([...script, [4_000, texts(20, 500)]]).jobs.get('tokenize')!, 4_000)).toBeCloseTo(48, 9);
});

test('time left of all folds counts those that wait at the pace of those that are known', () => {
  const folds = (state: RunState) => [...state.jobs.values()].filter(({ stage }) => stage === 'train');
  // 37.5 s of this fold, and 12 s more for the other at the same pace.
  expect(foldsSecondsLeft(folds(stateAt(25_000)), 25_000)).toBeCloseTo(87, 9);
  // The last fold: 150 steps at the 8.25 a second of its only report.
  expect(foldsSecondsLeft(folds(stateAt(73_000)), 73_000)).toBeCloseTo(150 / 8.25, 9);
  expect(foldsSecondsLeft(folds(stateAt(13_000)), 13_000)).toBeUndefined();
});

test('time left of folds side by side is that of the lane that ends last', () => {
  const left = (at: number) => foldsSecondsLeft([...stateAt(at, foldsSideBySide()).jobs.values()], at);
  // 10 s of fold 0 and 12 of fold 1 are left, and each lane takes one more at their mean of 21 s.
  expect(left(10_000)).toBeCloseTo(33, 9);
  // 5 s of fold 1; the fold that has just begun takes 20 s, as the one that is done, and so does the last one.
  expect(left(20_000)).toBeCloseTo(25, 9);
});

test('plain progress has no line for an epoch that cost patience', () => {
  const patience: RunEvent = {
    type: 'task-event',
    run: 'demo',
    task: 'train[1]',
    stage: 'train',
    fold: 1,
    event: { type: 'decision', epoch: 1, kind: 'patience', message: 'val/accuracy has not improved for 1 of 3 epochs' },
  };
  expect(plainLines([...scriptedRun(), [109_200, patience]])).toEqual(plainLines(scriptedRun()));
});

test('plain progress tells of each of the folds that run side by side', () => {
  expect(plainLines(foldsSideBySide()).slice(1, 3)).toEqual([
    'demo  train[0]  epoch 1/1 · step 50/100 · 5.0 steps/s · 10 s left · loss 0.5000',
    'demo  train[1]  epoch 1/1 · step 40/100 · 5.0 steps/s · 12 s left · loss 0.5000',
  ]);
});

test('an event about a task that was never announced changes nothing', () => {
  expect(stateAfter([...before(13_000), [0, { type: 'task-finished', run: 'demo', task: 'sweep', stage: 'sweep', seconds: 1 }]])).toEqual(
    stateAt(13_000),
  );
});

/** listr2 draws only where stdout is a terminal. */
const isTerminal = process.stdout.isTTY;
beforeAll(() => void (process.stdout.isTTY = true));
afterAll(() => void (process.stdout.isTTY = isTerminal));

/** What a terminal of 120 columns shows at the end, after the events up to a time. */
async function lastFrame(until: number, script = scriptedRun()): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 120, rows: 50 }) as unknown as NodeJS.WriteStream;
  let written = '';
  stream.on('data', (chunk: Buffer) => (written += chunk.toString('utf8')));
  let now = 0;
  const display = liveProgress('demo', new AbortController().signal, stream, () => now);
  for (const [at, event] of script) {
    if (at > until) break;
    now = at;
    display.listen(event);
    await setImmediate();
  }
  await display.end();
  const lines = stripVTControlCharacters(written).split('\n');
  return lines.slice(lines.findLastIndex((line) => /^\S+ demo/.test(line))).join('\n').trimEnd();
}

test('the live display ends with every stage and fold', async () => {
  expect(await lastFrame(Infinity)).toMatchInlineSnapshot(`
    "✔ demo · artifacts/runs/demo
      ✔ tokenize · from the cache
      ✔ train · 1 min 36 s
        ✔ fold 0 · epoch 2  val/loss 0.3000  val/f1_macro 0.7000 · 48 s
        ✔ fold 1 · 48 s
      ✔ evaluate · 0.1 s"
  `);
});

test('the live display of a run that breaks off says where', async () => {
  const frame = await lastFrame(73_000);
  expect(frame).toMatch(/train · 1 of 2 folds/);
  expect(frame).toMatch(/✔ fold 0 .*\n\s+✖ fold 1\n\s+◼ evaluate/);
});

test('the live display has a row at work for each of the folds that run side by side, and their stage takes as long as they do together', async () => {
  const frame = await lastFrame(10_000, foldsSideBySide());
  expect(frame).toMatch(/train · 0 of 4 folds/);
  expect(frame).toMatch(/✖ fold 0\n\s+✖ fold 1\n\s+◼ fold 2\n\s+◼ fold 3/);
  expect(await lastFrame(Infinity, foldsSideBySide())).toContain('train · 48 s');
});
