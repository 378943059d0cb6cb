import { expect, it } from 'vitest';
import { historyOf } from '../../../src/tracking/history.ts';
import { artifact, operations, type Operation } from '../../../src/tracking/mlflow/projection.ts';
import type { JournalEntry } from '../../../src/tracking/journal.ts';
import { thisProcess } from '../../../src/core/owner.ts';

const environment = {
  versions: {},
  machine: { platform: 'p', cpu: 'c', cores: 1, memoryBytes: 1 },
  device: 'cpu',
  threads: 1,
  git: null,
  commandLine: [],
  data: {},
  entries: {},
};
const begun: JournalEntry = {
  v: 1, t: 1, type: 'run-started', run: 'r', folder: '/r', tasks: [], owner: thisProcess(), experiment: { seed: 42 } as object, environment,
};
const about = { v: 1, run: 'r', task: 'train[2, seed 7]', stage: 'train', fold: 2, seed: 7 } as const;
const record = { bestEpoch: 1, epochs: [{ epoch: 1, lr: 0.1, metrics: { 'val/f1': 0.5 } }] };

function sent(...entries: readonly JournalEntry[]): readonly Operation[] {
  return entries.flatMap((entry, i) => operations(historyOf([begun, ...entries.slice(0, i)]), entry));
}

it('each seed of a fold has a run of its own', () => {
  const all = sent(
    { t: 2, type: 'task-started', ...about },
    { t: 3, type: 'task-finished', ...about, seconds: 1, record },
    { t: 4, type: 'task-cached', ...about, task: 'train[2, seed 8]', seed: 8, record },
  );
  expect(all.map(({ target, type }) => `${target} ${type}`)).toEqual([
    'fold-2-seed-7 open', 'fold-2-seed-7 metrics', 'fold-2-seed-7 close',
    'fold-2-seed-8 open', 'fold-2-seed-8 metrics', 'fold-2-seed-8 close',
  ]);
  expect(all[0]).toMatchObject({ name: 'fold 2 · seed 7 · r', params: { fold: 2, seed: 7 } });
});

it('the model of all rows has a run of its own, also where nothing is recorded of it', () => {
  const refit = { v: 1, run: 'r', task: 'refit', stage: 'refit' } as const;
  const epoch = { type: 'epoch', epoch: 1, step: 3, lr: 0.1, seconds: 1, metrics: { 'train/loss': 0.5 }, work: undefined } as never;
  const all = sent(
    { t: 2, type: 'task-started', ...refit },
    { t: 3, type: 'task-event', ...refit, event: epoch },
    { t: 4, type: 'task-finished', ...refit, seconds: 1, record: { bestEpoch: 1, epochs: [{ epoch: 1, lr: 0.1, metrics: { 'train/loss': 0.5 } }] } },
    { t: 5, type: 'task-cached', ...refit, task: 'refit[seed 8]', seed: 8 },
  );
  expect(all.map(({ target, type }) => `${target} ${type}`)).toEqual([
    'all open', 'all metrics', 'all metrics', 'all close', 'all-seed-8 open', 'all-seed-8 metrics', 'all-seed-8 close',
  ]);
  expect(all[0]).toMatchObject({ name: 'all rows · r', params: { fold: 'all' }, tags: { 'ortrain.level': 'model' } });
});

it('each table that is trained on, validated and predicted is a data set', () => {
  const data = { train: 'a/train.csv', validation: { path: 'a/val.csv' }, test: 'a/test.csv' };
  const started = { ...begun, experiment: { seed: 42, data } as object, environment: { ...environment, data: { 'a/val.csv': 'b'.repeat(64) } } };
  const found = operations(historyOf([]), started as JournalEntry).filter(({ type }) => type === 'dataset');
  expect(found).toEqual([
    { target: 'experiment', type: 'dataset', name: 'train.csv (training)', path: 'a/train.csv', sha256: null, context: 'training' },
    { target: 'experiment', type: 'dataset', name: 'val.csv (validation)', path: 'a/val.csv', sha256: 'b'.repeat(64), context: 'validation' },
    { target: 'experiment', type: 'dataset', name: 'test.csv (test)', path: 'a/test.csv', sha256: null, context: 'test' },
  ]);
});

it.each([
  ['models/fold-2/a.json', 'fold-2', 'model/a.json'],
  ['models/fold-2-seed-7/a.json', 'fold-2-seed-7', 'model/a.json'],
  ['models/all/a.json', 'all', 'model/a.json'],
  ['models/all-seed-7/a.json', 'all-seed-7', 'model/a.json'],
  ['models/other/a.json', 'experiment', 'models/other/a.json'],
])('%s belongs to the run %s', (file, target, path) => {
  const tracking = { log_every: 1, mlflow: { uri: 'env', experiment: null, log_models: true } };
  expect(artifact({ tracking } as never, file)).toEqual([{ target, type: 'artifact', file, path }]);
});
