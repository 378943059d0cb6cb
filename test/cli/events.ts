import type { RunEvent, StageEvent } from '../../src/core/events.ts';

/** A scripted run of two folds, each event with its time in milliseconds. */
export function scriptedRun(): readonly (readonly [number, RunEvent])[] {
  const about = (stage: string, fold?: number) => ({
    run: 'demo',
    task: fold === undefined ? stage : `${stage}[${fold}]`,
    stage,
    ...(fold === undefined ? {} : { fold }),
  });
  const train = (fold: number, event: StageEvent): RunEvent => ({ type: 'task-event', ...about('train', fold), event });
  const step = (epoch: number, n: number, loss: number): StageEvent => ({
    type: 'step',
    epoch,
    epochs: 2,
    step: n,
    steps: 200,
    loss,
    lr: 1e-4,
    stepsPerSecond: 8.25,
  });
  const epoch = (n: number, f1: number): StageEvent => ({
    type: 'epoch',
    epoch: n,
    step: n * 100,
    lr: 1e-4,
    metrics: { 'train/loss': 0.5 / n, 'val/loss': 0.6 / n, 'val/accuracy': f1 + 0.01, 'val/f1_macro': f1, 'val/roc_auc': 0.9 },
    seconds: 12.5,
  });
  return [
    [0, { type: 'download', run: 'demo', file: 'model.safetensors', done: 4e6, total: 4e8 }],
    [11_000, { type: 'download', run: 'demo', file: 'model.safetensors', done: 2e8, total: 4e8 }],
    [12_000, { type: 'download', run: 'demo', file: 'model.safetensors', done: 4e8, total: 4e8 }],
    [
      13_000,
      {
        type: 'run-started',
        run: 'demo',
        folder: `${process.cwd()}/artifacts/runs/demo`,
        owner: { pid: 1, started: '', host: 'here' },
        experiment: {
          name: 'demo',
          data: {},
          training: { best_model: { monitor: 'val/f1_macro', mode: 'max' } },
          tracking: { mlflow: null },
        },
        environment: {
          versions: {},
          machine: { platform: 'linux', cpu: 'some', cores: 2, memoryBytes: 8e9 },
          user: null,
          device: 'cpu',
          threads: 2,
          git: null,
          commandLine: [],
          data: {},
          entries: {},
        },
        tasks: [
          { id: 'tokenize', stage: 'tokenize' },
          { id: 'train[0]', stage: 'train', fold: 0 },
          { id: 'train[1]', stage: 'train', fold: 1 },
          { id: 'evaluate', stage: 'evaluate' },
        ],
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

/** A scripted stage of four folds, of which two run at a time. */
export function foldsSideBySide(): readonly (readonly [number, RunEvent])[] {
  const about = (fold: number) => ({ run: 'demo', task: `train[${fold}]`, stage: 'train', fold });
  const started = (fold: number): RunEvent => ({ type: 'task-started', ...about(fold), threads: 1, lanes: 2 });
  const step = (fold: number, n: number): RunEvent => ({
    type: 'task-event',
    ...about(fold),
    event: { type: 'step', epoch: 1, epochs: 1, step: n, steps: 100, loss: 0.5, lr: 1e-4, stepsPerSecond: 5 },
  });
  const [begin] = scriptedRun().flatMap(([, event]) => (event.type === 'run-started' ? [event] : []));
  return [
    [0, { ...begin!, tasks: [0, 1, 2, 3].map((fold) => ({ id: `train[${fold}]`, stage: 'train', fold })) }],
    [0, started(0)],
    [0, started(1)],
    [10_000, step(0, 50)],
    [10_000, step(1, 40)],
    [20_000, { type: 'task-finished', ...about(0), seconds: 20 }],
    [20_000, started(2)],
    [20_000, step(1, 80)],
    [25_000, { type: 'task-finished', ...about(1), seconds: 25 }],
    [25_000, started(3)],
    [47_000, { type: 'task-finished', ...about(3), seconds: 22 }],
    [48_000, { type: 'task-finished', ...about(2), seconds: 28 }],
    [48_000, { type: 'run-finished', run: 'demo', seconds: 48, summary: {} }],
  ];
}
