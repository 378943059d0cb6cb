import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loaded } from '../../src/api/experiments.ts';
import { loadExperiment } from '../../src/config/index.ts';
import { check, defineExperiment, OrtrainError, type ExperimentConfig, type ExperimentOptions } from '../../src/index.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
writeFileSync(join(folder, 'train.csv'), 'id,words,kind\n1,water,flood\n2,coffee,calm\n3,river,flood\n4,garden,calm\n');

const experiment = {
  name: 'small',
  data: { train: join(folder, 'train.csv'), id: 'id', text: 'words', target: 'kind' },
  model: { base: join(root, 'configs/quickstart/model'), weights: 'random', max_seq_length: 32 },
  split: { folds: 2 },
} as const;

async function refusal(source: unknown, options: ExperimentOptions = {}): Promise<OrtrainError> {
  try {
    await loaded([source as ExperimentConfig], options);
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('an experiment as an object', () => {
  it('is the same object once it is defined', () => {
    expect(defineExperiment(experiment)).toBe(experiment);
  });

  it('is what the same keys in a file are', async () => {
    const file = join(folder, 'small.yaml');
    writeFileSync(file, JSON.stringify(experiment));
    const [given] = await loaded([experiment], {});
    expect(given?.experiment).toEqual(loadExperiment(file).experiment);
    expect(given?.experiment.training.epochs).toBe(loadExperiment(file).experiment.training.epochs);
    expect(given?.files).toEqual([]);
  });

  it('builds on files, and is overridden by an object or by texts', async () => {
    const base = join(root, 'configs/quickstart.yaml');
    const object = { training: { epochs: 7 }, model: { freeze: { layers: 1 } } };
    const overrides = [object, ['training.epochs=7', 'model.freeze.layers=1']] as const;
    for (const each of overrides) {
      const [given] = await loaded([{ extends: base, name: 'other', training: { epochs: 9 } }], { overrides: each });
      const model = { freeze: { layers: 1 }, head: { dense: [] } };
      expect(given?.experiment).toMatchObject({ name: 'other', training: { epochs: 7 }, model });
    }
  });

  it('may leave keys undefined', async () => {
    const [given] = await loaded([{ ...experiment, seed: undefined, training: { epochs: undefined } }], {});
    expect(given?.experiment.seed).toBe(42);
  });

  it('is refused with every key that is wrong, and all that are missing', async () => {
    const error = await refusal({ name: 'x', data: { text: 'words', target: 'kind', trian: 'a.csv' }, training: { epochs: 'many' } });
    expect(error).toMatchObject({ code: 'config', subject: 'the experiment' });
    expect(error.problems.map(({ field }) => field)).toEqual(expect.arrayContaining(['data.trian', 'training.epochs', 'model.base']));
    expect(error.problems.every(({ file }) => file === undefined)).toBe(true);
    const unnamed = await refusal({ ...experiment, name: undefined });
    expect(unnamed.problems).toMatchObject([{ field: 'name' }]);
    const off = await refusal({ ...experiment, tracking: { mlflow: null } }, { overrides: ['tracking.mlflow.uri=x'] });
    expect(off.problems[0]?.message).not.toContain('undefined');
  });

  it('is refused where it holds what no file could', async () => {
    const circle: { seed?: unknown } = {};
    circle.seed = circle;
    const cases = [
      [{ ...experiment, seed: new Date() }, 'seed is an object of the class Date'],
      [{ ...experiment, seed: Number.NaN }, 'seed is NaN'],
      [{ ...experiment, training: { epochs: 3n } }, 'training.epochs is a bigint'],
      [{ ...experiment, model: { base: () => 'x' } }, 'model.base is a function'],
      [circle, 'seed contains itself'],
      [[experiment], 'the experiment is an object, but this is a list'],
      [null, 'the experiment is an object, but this is null'],
    ] as const;
    for (const [source, message] of cases) expect((await refusal(source)).problems).toMatchObject([{ message }]);
    expect((await refusal({ ...experiment, data: { ...experiment.data, train: join(folder, 'no.csv') } })).problems).toMatchObject([
      { field: 'data.train' },
    ]);
  });

  it('does not keep what it was given: a later change shows nowhere', async () => {
    const mine = { ...experiment, training: { optimizer: { no_decay: ['bias'] } } };
    const [given] = await loaded([mine], {});
    mine.training.optimizer.no_decay.push('weight');
    expect(given?.experiment.training.optimizer.no_decay).toEqual(['bias']);
  });
});

describe('the folder that relative paths start at', () => {
  it('holds tables, models and what is extended, whatever the working directory', async () => {
    mkdirSync(join(folder, 'model'), { recursive: true });
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
      copyFileSync(join(root, 'configs/quickstart/model', name), join(folder, 'model', name));
    writeFileSync(join(folder, 'base.yaml'), 'split: { folds: 3 }\n');
    const data = { ...experiment.data, train: { path: 'train.csv' } };
    const relative = { ...experiment, extends: 'base.yaml', split: {}, data, model: { base: 'model' } };
    const [given] = await loaded([relative], { cwd: folder });
    expect(given?.experiment).toMatchObject({
      data: { train: { path: join(folder, 'train.csv') } },
      model: { base: join(folder, 'model') },
      split: { folds: 3 },
      pipeline: 'text-classification',
    });
    writeFileSync(join(folder, 'whole.yaml'), JSON.stringify(relative));
    const [file] = await loaded(['whole.yaml'], { cwd: folder });
    expect(file?.experiment).toEqual(given?.experiment);
    expect((await refusal(relative)).code).toBe('config');
  });
});

it('checks an experiment from an object', async () => {
  expect(await check(experiment)).toMatchObject({ rows: 4, testRows: null, task: { classes: ['calm', 'flood'] } });
});
