import type { RunEvent, StageEvent } from '../../src/core/events.ts';

/** A scripted run of two folds, each event with its time in milliseconds. */
export function scriptedRun(): readonly (readonly [number, RunEvent])[] {
  const about = (stage: string, fold?: number) => ({ run: 'demo', task: fold === undefined ? stage : `${stage}[${fold}]`, stage, ...(fold === undefined ? {} : { fold }) });
  const train = (fold: number, event: StageEvent): RunEvent => ({ type: 'task-event', ...about('train', fold), event });
  const step = (epoch: number, n: number, loss: number): StageEvent => ({ type: 'step', epoch, epochs: 2, step: n, steps: 200, loss, lr: 1e-4, stepsPerSecond: 8.25 });
  const epoch = (n: number, f1: number): StageEvent => ({
    type: 'epoch',
    epoch: n,
    step: n * 100,
    lr: 1e-4,
    metrics: { 'train/loss': 0.5 / n, 'val/loss': 0.6 / n, 'val/accuracy': f1 + 0.01, 'val/f1_macro': f1, 'val/roc_auc': 0.9 },
    seconds: 12.5,
  });
  return [
    [0, { type: 'download', file: 'model.safetensors', done: 4e6, total: 4e8 }],
    [11_000, { type: 'download', file: 'model.safetensors', done: 2e8, total: 4e8 }],
    [12_000, { type: 'download', file: 'model.safetensors', done: 4e8, total: 4e8 }],
    [
      13_000,
      {
        type: 'run-started',
        run: 'demo',
        folder: `${process.cwd()}/artifacts/runs/demo`,
        owner: { pid: 1, started: '', host: 'here' },
        experiment: {},
        environment: { versions: {}, machine: { platform: 'linux', cpu: 'some', cores: 2, memoryBytes: 8e9 }, user: null, device: 'cpu', threads: 2, git: null, commandLine: [], data: {}, entries: {} },
        tasks: [{ id: 'tokenize', stage: 'tokenize' }, { id: 'train[0]', stage: 'train', fold: 0 }, { id: 'train[1]', stage: 'train', fold: 1 }, { id: 'evaluate', stage: 'evaluate' }],
      },
    ],
    [13_000, { type: 'notice', run: 'demo', level: 'info', message: 'computes on the cpu' }],
    [13_000, { type: 'task-cached', ...about('tokenize') }],
    [13_000, { type: 'task-started', ...about('train', 0) }],
    [14_000, train(0, { type: 'notice', level: 'warning', message: 'pooler.dense is not in the checkpoint' })],
    [15_000, train(0, step(1, 10, 0.7))],
    [25_000, train(0, step(1, 50, 0.6123))],
    [37_000, train(0, epoch(1, 0.71))],
    [37_000, train(0, { type: 'decision', epoch: 1, kind: 'best-model', message: 'best model so far: val/f1_macro 0.7100' })],
    [61_000, train(0, epoch(2, 0.7))],
    [61_000, train(0, { type: 'decision', epoch: 2, kind: 'stopped', message: 'val/accuracy has not improved for 1 epochs' })],
    [61_000, { type: 'task-finished', ...about('train', 0), seconds: 48 }],
    [61_000, { type: 'task-started', ...about('train', 1) }],
    [73_000, train(1, step(1, 50, 0.5))],
    [109_000, { type: 'task-finished', ...about('train', 1), seconds: 48 }],
    [109_000, { type: 'task-started', ...about('evaluate') }],
    [109_100, { type: 'task-finished', ...about('evaluate'), seconds: 0.1 }],
    [109_100, { type: 'run-finished', run: 'demo', seconds: 96.1, summary: { 'oof/accuracy': 0.7 } }],
  ];
}
