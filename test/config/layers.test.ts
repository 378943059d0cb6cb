import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asSettings, loadExperiment } from '../../src/config/index.ts';
import { placeOf, problemsOf, workspace } from './workspace.ts';

const MINIMAL = 'data: { train: a.csv, text: text, target: target }\nmodel: { base: some-model }\n';

const load = (files: Readonly<Record<string, string>>, main = 'x.yaml', set: readonly string[] = []) =>
  loadExperiment(join(workspace(files), main), { set });

describe('defaults', () => {
  test('four keys make an experiment, named after its file', () => {
    const { experiment, sources } = load({ 'my-tweets.yaml': MINIMAL }, 'my-tweets.yaml');
    expect(experiment).toEqual({
      name: 'my-tweets',
      pipeline: 'text-classification',
      seed: 42,
      task: { name: 'classification' },
      data: {
        train: 'a.csv',
        validation: null,
        weight: null,
        test: null,
        sample_submission: null,
        id: null,
        text: 'text',
        target: 'target',
        label_separator: null,
        missing: [],
        encoding: 'utf-8',
        columns: null,
        conflicts: 'keep',
        duplicates: 'keep',
      },
      model: {
        base: 'some-model',
        revision: 'main',
        weights: 'pretrained',
        max_seq_length: 128,
        truncation: 'longest_first',
        pooling: 'default',
        freeze: { embeddings: null, layers: 0, store: 'float16' },
        freeze_encoder: false,
        resize_embeddings: false,
        head: { dense: [], dropout: 0.1, activation: 'none' },
      },
      split: {
        strategy: 'stratified-kfold',
        folds: 5,
        repeats: null,
        size: null,
        column: null,
        order: null,
        gap: null,
        shuffle: true,
        group_by: null,
        seed: null,
        bins: null,
        only: null,
      },
      training: {
        loss: { name: 'auto', label_smoothing: 0, class_weights: null, pos_weight: null },
        epochs: 10,
        batch_size: 32,
        micro_batch: null,
        eval_batch_size: 64,
        padding: 'longest',
        batching: 'length-buckets',
        precision: 'float32',
        optimizer: { name: 'adam', lr: 5e-5, weight_decay: 0, betas: [0.9, 0.999], eps: 1e-8, no_decay: [] },
        layer_decay: 1,
        head_lr: null,
        ema: null,
        seeds: null,
        refit: false,
        clip_norm: null,
        schedule: { name: 'constant' },
        best_model: { monitor: 'val/f1_macro', mode: 'max' },
        early_stopping: null,
        lr_resets: null,
      },
      baseline: true,
      prediction: { models: 'folds' },
      resources: { device: 'auto', parallel_folds: 'auto', threads: 'auto', checkpoint_seconds: 120 },
      tracking: { log_every: 10, mlflow: null },
    });
    expect(sources['data.train']).toMatchObject({ line: 1, column: 16, width: 5 });
    expect(sources['training.epochs']).toBe('default');
  });

  test('nothing of it can be changed', () => {
    const { experiment } = load({ 'x.yaml': MINIMAL });
    expect(() => Object.assign(experiment.training.optimizer.no_decay, ['bias'])).toThrow(TypeError);
    expect(() => Object.assign(experiment.data, { train: 'b.csv' })).toThrow(TypeError);
  });

  test('what has no default is asked for, all at once, at the place where it belongs', () => {
    const folder = workspace({ 'x.yaml': 'seed: 1\ndata: { train: a.csv }\n' });
    expect(problemsOf(join(folder, 'x.yaml')).map(({ field, line }) => [field, line])).toEqual([
      ['model.base', undefined],
      ['data.text', 2],
      ['data.target', 2],
    ]);
  });

  test('a file name that cannot name a folder asks for a name', () => {
    const folder = workspace({ '..x.yaml': MINIMAL });
    expect(problemsOf(join(folder, '..x.yaml')).map(({ field }) => field)).toEqual(['name']);
  });
});

describe('layers', () => {
  test('later layers override earlier ones, the file overrides all, objects merge and lists replace', () => {
    const { experiment, files } = load({
      'one.yaml': `${MINIMAL}seed: 1\nmodel: { head: { dense: [1, 2, 3], dropout: 0.3 } }\n`
        .replace('model: { base: some-model }\n', '')
        .replace('model: {', 'model: { base: some-model,'),
      'two.yaml': 'seed: 2\nmodel: { head: { dense: [4] } }\n',
      'x.yaml': 'extends: [one.yaml, two.yaml]\nmodel: { max_seq_length: 64 }\n',
    });
    expect(experiment.seed).toBe(2);
    expect(experiment.model).toMatchObject({ base: 'some-model', max_seq_length: 64, head: { dense: [4], dropout: 0.3 } });
    expect(files.map((file) => file.split('/').at(-1))).toEqual(['x.yaml', 'one.yaml', 'two.yaml']);
  });

  test('paths of extends are relative to the file that names them, and two ways may lead to one file', () => {
    const { experiment } = load({
      'a/b/root.yaml': MINIMAL,
      'a/left.yaml': 'extends: b/root.yaml\nseed: 1\n',
      'a/b/right.yaml': 'extends: root.yaml\nsplit: { folds: 3 }\n',
      'x.yaml': 'extends: [a/left.yaml, a/b/right.yaml]\n',
    });
    expect([experiment.seed, experiment.split.folds]).toEqual([1, 3]);
  });

  test('a name is not inherited', () => {
    expect(load({ 'x.yaml': 'extends: bert-1dense.yaml\n' }).experiment.name).toBe('x');
  });

  test('null switches an object off, and an object switches it on again', () => {
    const { experiment } = load({
      'off.yaml': 'extends: bert-1dense.yaml\ntraining: { early_stopping: null, lr_resets: null }\n',
      'x.yaml': 'extends: off.yaml\ntraining: { early_stopping: { patience: 7 } }\n',
    });
    expect(experiment.training.early_stopping).toEqual({ monitor: 'val/accuracy', mode: 'max', patience: 7 });
  });

  test('another kind keeps the keys that it has and drops the others', () => {
    const { experiment } = load({
      'x.yaml': 'extends: bert-1dense.yaml\ntraining: { lr_resets: null, optimizer: { name: sgd }, schedule: { name: one-cycle } }\n',
    });
    expect(experiment.training.optimizer).toEqual({
      name: 'sgd',
      lr: 0.00017,
      weight_decay: 0.00001,
      momentum: 0,
      nesterov: false,
      no_decay: [],
    });
    expect(experiment.training.schedule).toEqual({
      name: 'one-cycle',
      max_lr: null,
      pct_start: 0.3,
      div_factor: 25,
      final_div_factor: 1e4,
      anneal: 'cos',
    });
  });

  test('the same kind keeps everything', () => {
    const { experiment } = load({
      'x.yaml': 'extends: bert-1dense.yaml\ntraining: { schedule: { name: reduce-on-plateau, factor: 0.5 } }\n',
    });
    expect(experiment.training.schedule).toMatchObject({ patience: 5, factor: 0.5 });
  });

  test('a key of another kind than the default one is refused, though no layer names a kind', () => {
    const folder = workspace({ 'x.yaml': `${MINIMAL}training: { optimizer: { momentum: 0.9 } }\n` });
    expect(problemsOf(join(folder, 'x.yaml'))).toMatchObject([
      { line: 3, field: 'training.optimizer.momentum', message: expect.stringContaining('only sgd') as string },
    ]);
  });

  test('a value that a later layer overrides is checked all the same', () => {
    const folder = workspace({ 'low.yaml': 'extends: bert-1dense.yaml\nseed: many\n', 'x.yaml': 'extends: low.yaml\nseed: 1\n' });
    expect(problemsOf(join(folder, 'x.yaml'))).toMatchObject([{ file: join(folder, 'low.yaml'), line: 2, field: 'seed' }]);
  });

  test('all problems of all layers come at once, in the order of reading, and none twice', () => {
    const folder = workspace({
      'low.yaml': 'extends: bert-1dense.yaml\nseed: many\nsplt: { folds: 0 }\n',
      'x.yaml': 'extends: low.yaml\ntrainig:\n  epocs: 0\n  best_model: { monitor: val/loss }\n  lr: fast\n',
    });
    const problems = problemsOf(join(folder, 'x.yaml'), ['model.haed.dense=[a]']);
    expect(problems.map((problem) => [problem.file?.split('/').at(-1), placeOf(problem), problem.suggestion])).toEqual([
      ['x.yaml', '2:1+7', 'training'],
      ['x.yaml', '3:3+5', 'epochs'],
      ['x.yaml', '3:10+1', undefined],
      ['x.yaml', '5:3+2', 'training.optimizer.lr'],
      ['x.yaml', '5:7+4', undefined],
      ['low.yaml', '2:7+4', undefined],
      ['low.yaml', '3:1+4', 'split'],
      ['low.yaml', '3:16+1', undefined],
      ['--set', 'undefined:7+4', 'head'],
      ['--set', 'undefined:19+1', undefined],
    ]);
  });
});

describe('--set', () => {
  test('is made of an object where it holds what a file could hold', () => {
    expect(asSettings({ seed: 1, training: { epochs: 3 }, name: undefined })).toEqual(['seed=1', 'training={"epochs":3}']);
    expect(() => asSettings({ training: { micro_batch: NaN } })).toThrow('the overrides cannot be used');
  });

  test('overrides the files, in YAML syntax, the last one for a path', () => {
    const set = [
      'training.epochs=3',
      'model.head.dense=[8, 4]',
      'tracking.mlflow=null',
      'data.test=',
      'data.sample_submission=~',
      'name="2024"',
      'training.epochs=4',
      'training.optimizer={ lr: 1e-4 }',
    ];
    const { experiment, sources } = load({}, 'bert-1dense.yaml', set);
    expect(experiment).toMatchObject({ name: '2024', data: { test: null, sample_submission: null }, tracking: { mlflow: null } });
    expect(experiment.model.head.dense).toEqual([8, 4]);
    expect(experiment.training.epochs).toBe(4);
    expect(experiment.training.optimizer).toMatchObject({ lr: 1e-4, weight_decay: 1e-5 });
    expect(sources['training.epochs']).toEqual({ file: '--set', column: 17, width: 1, snippet: 'training.epochs=4' });
  });

  test('is one layer, so that the kind and its keys may come in any order', () => {
    const { experiment } = load({}, 'bert-1dense.yaml', [
      'training.schedule.max_lr=0.1',
      'training.schedule.name=one-cycle',
      'training.lr_resets=null',
    ]);
    expect(experiment.training.schedule).toMatchObject({ name: 'one-cycle', max_lr: 0.1 });
  });

  test('turns on what is off by default, but not what a file has set to null', () => {
    expect(load({ 'x.yaml': MINIMAL }, 'x.yaml', ['training.early_stopping.patience=2']).experiment.training.early_stopping).toMatchObject({
      patience: 2,
    });
    const folder = workspace({ 'x.yaml': `${MINIMAL}training: { early_stopping: null }\n` });
    expect(problemsOf(join(folder, 'x.yaml'), ['training.early_stopping.patience=2'])).toMatchObject([
      {
        file: '--set',
        column: 10,
        width: 14,
        suggestion: 'training.early_stopping={ patience: … }',
        message: expect.stringContaining('line 3') as string,
      },
    ]);
  });

  test.each([
    ['training.epocs=3', 10, 'epochs'],
    ['trainig.epochs=3', 1, 'training'],
    ['epochs=3', 1, 'training.epochs'],
    ['training.epochs', 1, undefined],
    ['training..epochs=3', 1, undefined],
    ['=3', 1, undefined],
    ['training.epochs=three', 17, undefined],
    ['training.epochs=[3', 17, undefined],
    ['training.optimizer.name=AdamW', 25, 'adamw'],
    ['training.optimizer.momentum=0.9', 20, undefined],
    ['extends=x.yaml', 1, undefined],
    ['name=2024', 6, '"2024"'],
  ])('refuses %s', (override, column, suggestion) => {
    const problems = problemsOf(join(workspace(), 'bert-1dense.yaml'), [override]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: '--set', column, snippet: override });
    expect(problems[0]?.suggestion).toBe(suggestion);
  });
});
