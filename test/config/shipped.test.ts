import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fileSchemas, loadExperiment, requireFiles } from '../../src/config/index.ts';
import { leafPaths } from './leaf-paths.ts';
import { OrtrainError } from '../../src/core/errors.ts';
import { experimentDefinition } from '../../src/config/experiment.ts';
import { pathsOf, schemaAt } from '../../src/config/schema/schema.ts';
import { root, shipped, workspace } from './workspace.ts';

const yamlFiles = (folder: string): readonly string[] =>
  readdirSync(join(root, 'configs', folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));
const experiments = yamlFiles('');
const recipes = yamlFiles('recipes');
const layers = [...experiments, ...recipes, ...yamlFiles('base')];

test.each([...experiments, ...recipes])('configs/%s loads', (name) => {
  expect(loadExperiment(join(root, 'configs', name)).experiment.name).toBe(basename(name, '.yaml'));
});

test.each(layers)('editors find the schema of configs/%s and accept it', (name) => {
  const text = shipped(name);
  const line = /^# yaml-language-server: \$schema=(\S+)/.exec(text)?.[1];
  expect(join(root, 'configs', name, '..', line ?? '')).toBe(join(root, 'configs', 'experiment.schema.json'));
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(JSON.parse(shipped('experiment.schema.json')) as object);
  expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
});

/** Written out by hand from the reference notebook's settings. */
test('the reference experiments hold the reference values', () => {
  const load = (name: string) => loadExperiment(join(root, 'configs', `${name}.yaml`)).experiment;
  const one = load('bert-1dense');
  expect(one).toMatchObject({
    pipeline: 'text-classification',
    seed: 42,
    data: {
      train: 'data/nlp-getting-started/train.csv',
      test: 'data/nlp-getting-started/test.csv',
      sample_submission: 'data/nlp-getting-started/sample_submission.csv',
      id: 'id',
      text: 'text',
      target: 'target',
    },
    model: { base: 'bert-base-uncased', max_seq_length: 169, freeze_encoder: false, head: { dense: [], dropout: 0.1, activation: 'none' } },
    split: { strategy: 'stratified-kfold', folds: 5, shuffle: true, seed: 42 },
    training: {
      epochs: 10,
      batch_size: 32,
      optimizer: { name: 'adam', lr: 1.7e-4, weight_decay: 1e-5, betas: [0.9, 0.999], eps: 1e-8 },
      schedule: { name: 'reduce-on-plateau', monitor: 'val/loss', mode: 'min', patience: 5, factor: 0.3 },
      best_model: { monitor: 'val/f1_macro', mode: 'max' },
      early_stopping: { monitor: 'val/accuracy', mode: 'max', patience: 3 },
      lr_resets: { values: [0.05, 0.02, 0.105, 0.1, 0.2], below: 1e-6 },
    },
    tracking: { mlflow: { uri: 'env', experiment: 'disaster-tweets' } },
  });
  const head = (dense: readonly number[]) => ({ dense, dropout: 0.1, activation: 'none' });
  expect({ ...load('bert-3dense'), name: 'bert-1dense' }).toEqual({ ...one, model: { ...one.model, head: head([256, 32]) } });
  const base = (encoder: string) => ({ ...one, model: { ...one.model, base: encoder } });
  expect({ ...load('roberta-1dense'), name: 'bert-1dense' }).toEqual(base('roberta-base'));
  expect({ ...load('distilbert-1dense'), name: 'bert-1dense' }).toEqual(base('distilbert-base-uncased'));
  expect({ ...load('bert-1dense-frozen'), name: 'bert-1dense' }).toEqual({ ...one, model: { ...one.model, freeze_encoder: true } });
  expect({ ...load('bert-3dense-frozen'), name: 'bert-1dense' }).toEqual({
    ...one,
    model: { ...one.model, freeze_encoder: true, head: head([256, 32]) },
  });
});

test('the other encoders keep the data and the folds of the reference experiments, and have rates of their own', () => {
  const load = (name: string) => loadExperiment(join(root, 'configs', `${name}.yaml`)).experiment;
  const one = load('bert-1dense');
  for (const [name, base] of [
    ['deberta-v3-xsmall', 'microsoft/deberta-v3-xsmall'],
    ['deberta-v3-base', 'microsoft/deberta-v3-base'],
    ['modernbert-base', 'answerdotai/ModernBERT-base'],
    ['xlm-roberta-base', 'FacebookAI/xlm-roberta-base'],
  ] as const) {
    const { data, split, model, training } = load(name);
    expect({ data, split }).toEqual({ data: one.data, split: one.split });
    expect(model).toEqual({ ...one.model, base, max_seq_length: 128 });
    expect(training).toMatchObject({ epochs: 3, schedule: { name: 'linear', warmup: 0.1 }, early_stopping: null, lr_resets: null });
    expect(training.optimizer.lr).toBeLessThanOrEqual(5e-5);
  }
});

test('the libraries for YAML and JSON Schema wait for the first configuration', () => {
  const script = `
    import { createRequire } from 'node:module';
    import { readExperiment } from ${JSON.stringify(join(root, 'src', 'config', 'index.ts'))};
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => /node_modules.(yaml|ajv)./.test(path)).length > 0;
    const before = loaded();
    readExperiment(${JSON.stringify(join(root, 'configs', 'bert-1dense.yaml'))});
    console.log(before, loaded());`;
  const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(output.trim()).toBe('false true');
});

describe('the schema', () => {
  test.each([{ kind: 'experiment' }, { kind: 'sweep' }] as const)(
    'of a file is the one in configs/; if not, run: npx pipeline schema --of $kind > configs/$kind.schema.json',
    ({ kind }) => {
      expect(JSON.parse(readFileSync(join(root, 'configs', `${kind}.schema.json`), 'utf8'))).toEqual(fileSchemas[kind]);
    },
  );

  test('explains every key', () => {
    for (const path of pathsOf(experimentDefinition))
      expect(schemaAt(experimentDefinition, path)?.description, path.join('.')).toMatch(/\w+.*\.$/);
  });

  test('has no key that belongs to no kind', () => {
    for (const path of ['training.schedule', 'training.optimizer']) {
      const node = schemaAt(experimentDefinition, path.split('.'));
      const keys = new Set(node?.allOf?.flatMap((rule) => rule.then.propertyNames.enum));
      expect([...keys].sort()).toEqual(Object.keys(node?.properties ?? {}).sort());
    }
  });

  test('lists every leaf once', () => {
    const leaves = leafPaths();
    expect(new Set(leaves).size).toBe(leaves.length);
    expect(leaves).toEqual(
      expect.arrayContaining([
        'name',
        'model.head.dense',
        'training.optimizer.momentum',
        'training.schedule.warmup',
        'training.lr_resets.below',
        'tracking.mlflow.uri',
      ]),
    );
    expect(leaves).not.toContain('training');
    expect(leaves).toHaveLength(125);
  });
});

describe('a path that leads nowhere is shown where it is written', () => {
  const refused = (content: string, set: readonly string[] = []): { readonly file: string; readonly error: unknown } => {
    const file = join(workspace({ 'x.yaml': content }), 'x.yaml');
    const loaded = loadExperiment(file, { set });
    try {
      requireFiles(loaded);
    } catch (error) {
      return { file, error };
    }
    throw new Error('it was not refused');
  };
  const columns = 'text: text, target: target';
  const tables = `data: { train: ${join(root, 'configs/quickstart/train.csv')}, ${columns} }`;

  test('of tables and a model', () => {
    const folder = workspace({ 'train.csv': 'id,text,target\n' });
    const { file, error } = refused(`data: { train: ${folder}/trian.csv, ${columns} }\nmodel: { base: ./no-model }\n`, [
      `data.test=${folder}`,
    ]);
    expect(error).toBeInstanceOf(OrtrainError);
    expect((error as OrtrainError).problems).toMatchObject([
      { file, line: 1, column: 16, field: 'data.train', suggestion: join(folder, 'train.csv') },
      { file: '--set', column: 11, field: 'data.test', message: expect.stringContaining('is a folder') as string },
      { file, line: 2, column: 16, field: 'model.base' },
    ]);
  });

  const model = (base: string) => refused(`${tables}\nmodel: { base: ${base} }\n`);

  test.each([
    ['configs/quickstart/modle', 'configs/quickstart/model'],
    ['configs/quikstart', 'configs/quickstart'],
    ['../nowhere/model', undefined],
    ['~/model', undefined],
    ['configs/quickstart.yaml', undefined],
    ['LICENSE', undefined],
  ])('of a model that is no name on the hub: %s', (base, suggestion) => {
    const { file, error } = model(base);
    expect(error).toMatchObject({ code: 'config', problems: [{ file, line: 2, column: 16, width: base.length, field: 'model.base' }] });
    expect((error as OrtrainError).problems[0]?.suggestion).toBe(suggestion);
  });

  test.each(['bert-base-uncased', 'nobody/has-this-model', 'configs/quickstart', 'configs'])('%s may be a model', (base) => {
    expect(() => model(base)).toThrow('it was not refused');
  });

  test('of a pipeline: its name, its file, and what stands in that', () => {
    const written = (pipeline: string, model = 'x/y') => refused(`${tables}\nmodel: { base: ${model} }\npipeline: ${pipeline}\n`);
    const place = { line: 3, column: 11, field: 'pipeline' };
    const name = written('text-clasification');
    expect(name.error).toMatchObject({
      code: 'config',
      problems: [{ file: name.file, ...place, width: 18, suggestion: 'text-classification' }],
    });
    const folder = workspace({ 'mine.yaml': 'name: mine\nstages: [{ stag: train }]\n' });
    const path = written(join(folder, 'mien.yaml'));
    expect(path.error).toMatchObject({ problems: [{ file: path.file, ...place, suggestion: join(folder, 'mine.yaml') }] });
    const both = written(join(folder, 'mine.yaml'), './no-model');
    expect(both.error).toMatchObject({
      problems: [
        { file: both.file, line: 2, field: 'model.base' },
        { file: join(folder, 'mine.yaml'), line: 2, column: 12, suggestion: 'stage' },
      ],
    });
    expect(written(join(folder, 'mine.yaml')).error).toMatchObject({
      problems: [{ file: join(folder, 'mine.yaml'), line: 2, column: 12 }],
    });
  });
});
