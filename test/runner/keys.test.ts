import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leafPaths } from '../config/leaf-paths.ts';
import { hashFile, hashOf } from '../../src/core/hash.ts';
import { assumeDevice } from '../../src/runner/machine/devices.ts';
import { prepareRun } from '../../src/runner/prepare.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');
const quickstart = join(root, 'configs/quickstart');
const commits = ['1', '2'].map((digit) => digit.repeat(40));

/** A metric that every task measures. */
const UNWATCHED = ['training.best_model={ monitor: val/loss, mode: min }'];

/** A table of its own for validation is for tables that nothing divides. */
const WHOLE = ['split.folds=5'];
const VALIDATED = [...WHOLE, `data.validation.path=${join(folder, 'train.csv')}`];

/** What each key becomes, and, where it needs them, the values beside it that give it a meaning. */
const CHANGES: Readonly<Record<string, { readonly to: string; readonly beside?: readonly string[] }>> = {
  name: { to: 'other' },
  pipeline: { to: join(folder, 'short.yaml') },
  seed: { to: '43' },
  baseline: { to: 'false' },
  'task.name': { to: 'regression', beside: UNWATCHED },
  ...under('task', ['name: ordinal'], { grades: '[low, high]', link: 'cumulative' }, UNWATCHED),
  'data.train.path': { to: join(folder, 'train.csv') },
  'data.train.id': { to: 'null' },
  'data.train.text': { to: 'id', beside: ['data.train.id=null'] },
  'data.train.target': { to: 'id', beside: ['data.train.id=null'] },
  'data.train.encoding': { to: 'latin1' },
  'data.train.columns': { to: '[id, text, target]' },
  'data.validation.path': { to: join(folder, 'train.csv'), beside: WHOLE },
  'data.validation.id': { to: 'null', beside: VALIDATED },
  'data.validation.text': { to: 'id', beside: [...VALIDATED, 'data.validation.id=null'] },
  'data.validation.target': { to: 'id', beside: [...VALIDATED, 'data.validation.id=null'] },
  'data.validation.encoding': { to: 'latin1', beside: VALIDATED },
  'data.validation.columns': { to: '[id, text, target]', beside: VALIDATED },
  'data.test.path': { to: join(folder, 'train.csv') },
  'data.test.id': { to: 'null' },
  'data.test.text': { to: 'id', beside: ['data.test.id=null'] },
  'data.test.target': { to: 'null', beside: [`data.test.path=${join(folder, 'train.csv')}`] },
  'data.test.encoding': { to: 'latin1' },
  'data.test.columns': { to: '[id, text]' },
  'data.sample_submission.path': { to: join(folder, 'train.csv') },
  'data.sample_submission.id': { to: 'Id' },
  'data.sample_submission.encoding': { to: 'latin1' },
  'data.sample_submission.columns': { to: '[id, target]' },
  'data.sample_submission.top': { to: '3' },
  'data.sample_submission.separator': { to: "','" },
  'data.encoding': { to: 'latin1' },
  'data.columns': { to: '[id, text, target]' },
  'data.id': { to: 'null' },
  'data.text': { to: 'id', beside: ['data.id=null'] },
  'data.target': { to: 'id', beside: ['data.id=null'] },
  'data.label_separator': { to: '"|"', beside: [...UNWATCHED, 'task.name=multi-label', 'split.strategy=kfold', 'data.label_separator=;'] },
  'data.missing': { to: '["?"]', beside: [...UNWATCHED, 'task.name=regression'] },
  'data.weight': { to: 'weight', beside: [`data={ train: ${join(folder, 'weighted.csv')}, test: null, sample_submission: null }`, 'split.folds=2'] },
  'data.conflicts': { to: 'majority' },
  'data.duplicates': { to: 'drop' },
  'model.base': { to: join(folder, 'model') },
  'model.revision': { to: 'other', beside: ['model.base=someone/model'] },
  'model.weights': { to: 'pretrained', beside: [`model.base=${join(folder, 'model')}`] },
  'model.truncation': { to: 'only_second', beside: ['data.text=[text, "{text}"]'] },
  'model.resize_embeddings': { to: 'true' },
  'model.max_seq_length': { to: '16' },
  'model.pooling': { to: 'mean' },
  'model.freeze.embeddings': { to: 'true' },
  'model.freeze.layers': { to: '1' },
  'model.freeze.store': { to: 'float32', beside: ['model.freeze.layers=1'] },
  'model.freeze_encoder': { to: 'true' },
  'model.head.dense': { to: '[8]' },
  'model.head.dropout': { to: '0.2' },
  'model.head.activation': { to: 'relu' },
  'split.strategy': { to: 'kfold' },
  'split.folds': { to: '3' },
  'split.repeats': { to: '3', beside: ['split.strategy=repeated-stratified-kfold'] },
  'split.size': { to: '0.3', beside: ['split.strategy=holdout', 'split.folds=5'] },
  'split.column': {
    to: 'part',
    beside: [`data={ train: ${join(folder, 'divided.csv')}, test: null, sample_submission: null }`, 'split={ strategy: predefined, column: fold }'],
  },
  'split.order': { to: 'text', beside: ['split={ strategy: time-series, order: id }'] },
  'split.gap': { to: '3', beside: ['split={ strategy: time-series, order: id }'] },
  'split.shuffle': { to: 'false' },
  'split.group_by': { to: 'text' },
  'split.seed': { to: '1' },
  'split.bins': { to: '5', beside: [...UNWATCHED, 'task.name=regression'] },
  'split.only': { to: '[1]' },
  'training.loss.name': { to: 'focal' },
  ...under('training.loss', ['name: auto'], { label_smoothing: '0.1', class_weights: 'balanced', pos_weight: '2' }),
  ...under('training.loss', ['name: focal'], { focal_gamma: '1', focal_alpha: '0.25' }),
  ...under('training.loss', ['name: huber'], { huber_delta: '2' }, [...UNWATCHED, 'task.name=regression']),
  'training.epochs': { to: '2' },
  'training.batch_size': { to: '16' },
  'training.micro_batch': { to: '16' },
  'training.padding': { to: 'max' },
  'training.batching': { to: 'shuffled' },
  'training.precision': { to: 'bfloat16' },
  'training.optimizer.name': { to: 'sgd' },
  ...under('training.optimizer', ['name: adamw'], { lr: '0.1', weight_decay: '0.1', betas: '[0.8, 0.9]', eps: '0.1', no_decay: '[bias]' }),
  ...under('training.optimizer', ['name: sgd', 'lr: 0.1', 'momentum: 0.5'], { momentum: '0.9', nesterov: 'true' }),
  'training.layer_decay': { to: '0.9' },
  'training.head_lr': { to: '0.001' },
  'training.ema': { to: '0.99' },
  'training.seeds': { to: '[42]' },
  'training.refit': { to: 'true' },
  'prediction.models': { to: 'both', beside: ['training.refit=true'] },
  'training.clip_norm': { to: '1' },
  'training.schedule.name': { to: 'cosine' },
  ...under('training.schedule', ['name: reduce-on-plateau'], {
    monitor: 'train/loss',
    patience: '1',
    factor: '0.5',
    threshold: '0.1',
    cooldown: '1',
    min_lr: '0.0001',
  }),
  ...under('training.schedule', ['name: one-cycle'], {
    max_lr: '0.5',
    pct_start: '0.5',
    div_factor: '2',
    final_div_factor: '2',
    anneal: 'linear',
  }),
  ...under('training.schedule', ['name: linear'], { warmup: '0.5' }),
  'training.best_model.monitor': { to: 'val/f1' },
  ...under('training.early_stopping', ['monitor: val/f1'], { monitor: 'val/accuracy', patience: '7' }),
  ...under('training.lr_resets', ['values: [0.1]'], { values: '[0.2]', below: '0.00001' }, [
    'training.early_stopping={ patience: 2 }',
    'training.schedule={ name: reduce-on-plateau }',
  ]),
  'resources.device': { to: 'webgpu', beside: ['resources.device=cpu'] },
  'resources.threads': { to: '2' },
};

/** Keys that guard another: a value other than the one that belongs to the monitor is refused. */
const GUARDS: readonly (readonly [string, string])[] = [
  ['training.best_model', 'monitor: val/f1, mode: min'],
  ['training.early_stopping', 'monitor: val/f1, mode: min'],
  ['training.schedule', 'name: reduce-on-plateau, monitor: val/loss, mode: max'],
];

/** Keys that no output depends on, and where it is proved that they do something. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'resources.parallel_folds': 'test/runner/parallel-folds.slow.test.ts: how many folds are trained at a time',
  'resources.checkpoint_seconds': 'test/runner/cache.test.ts: when there is a checkpoint',
  'training.eval_batch_size': 'test/runner/cache.test.ts: how much padding an evaluation has',
  'tracking.log_every': 'test/runner/cache.test.ts: how many steps are reported',
  'tracking.mlflow.uri': 'test/tracking: where the journal is sent',
  'tracking.mlflow.experiment': 'test/tracking: where the journal is sent',
  'tracking.mlflow.log_models': 'test/tracking: what is sent of it',
};

function under(
  path: string,
  beside: readonly string[],
  changes: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): typeof CHANGES {
  return Object.fromEntries(
    Object.entries(changes).map(([key, to]) => [`${path}.${key}`, { to, beside: [...more, `${path}={ ${beside.join(', ')} }`] }]),
  );
}

const before = { ...process.env };
beforeAll(() => {
  const [model, hub] = [join(folder, 'model'), join(folder, 'hub', 'models--someone--model')];
  writeFileSync(join(folder, 'short.yaml'), 'name: short\nstages:\n  - stage: tokenize\n  - stage: split\n');
  writeFileSync(join(folder, 'train.csv'), 'id,text,target\n1,one,0\n2,two,1\n3,three,0\n4,four,1\n');
  writeFileSync(join(folder, 'weighted.csv'), 'id,text,target,weight\n1,a b,0,1\n2,c d,1,2\n3,e f,0,1\n4,g h,1,0\n');
  writeFileSync(join(folder, 'divided.csv'), 'id,text,target,fold,part\n1,a b,0,0,1\n2,c d,1,0,1\n3,e f,0,1,0\n4,g h,1,1,0\n');
  cpSync(join(quickstart, 'model'), model, { recursive: true });
  writeFileSync(join(model, 'config.json'), '{}');
  writeFileSync(join(model, 'model.safetensors'), '');
  for (const [i, ref] of ['main', 'other'].entries()) {
    const snapshot = join(hub, 'snapshots', commits[i] ?? '');
    cpSync(model, snapshot, { recursive: true });
    writeFileSync(join(snapshot, 'config.json'), `{ "revision": "${ref}" }`);
    mkdirSync(join(hub, 'refs'), { recursive: true });
    writeFileSync(join(hub, 'refs', ref), commits[i] ?? '');
  }
  process.env['HF_HUB_CACHE'] = join(folder, 'hub');
});
afterAll(() => {
  process.env = before;
});

/** Everything that is settled before a run starts: its name, its tasks with their keys, its threads. */
async function settled(set: readonly string[]): Promise<string> {
  const { place, device, threads, jobs, entries } = await prepareRun(await smallQuickstart(...set), {
    artifacts,
    device: 'auto',
    choose: assumeDevice,
  });
  return hashOf({ run: place().run, device, threads, entries, ids: jobs.map(({ id }) => id) });
}

describe('every key of the configuration', () => {
  it('is known to this test', () => {
    expect([...Object.keys(CHANGES), ...GUARDS.map(([path]) => `${path}.mode`), ...Object.keys(ELSEWHERE)].sort()).toEqual(
      [...leafPaths()].sort(),
    );
  });

  it.each(Object.entries(CHANGES))('%s changes a key or the plan', async (leaf, { to, beside = [] }) => {
    const same = await settled(beside);
    expect(await settled(beside)).toBe(same);
    expect(await settled([...beside, `${leaf}=${to}`])).not.toBe(same);
  });

  it.each(GUARDS)('%s.mode has to belong to the monitor', async (path, value) => {
    await expect(settled([`${path}={ ${value} }`])).rejects.toMatchObject({ code: 'config', problems: [{ field: `${path}.mode` }] });
  });
});

/** Values that no output depends on, with what makes it so, and the stages whose entries stay; without a list all of them. */
const UNKEYED: readonly { readonly set: readonly string[]; readonly to: string; readonly stages?: readonly string[] }[] = [
  { set: [], to: 'training.eval_batch_size=16' },
  { set: ['model.freeze_encoder=true'], to: 'training.eval_batch_size=16' },
  { set: ['training.batch_size=32'], to: 'training.micro_batch=32' },
  { set: ['split.shuffle=false'], to: 'split.seed=7' },
  { set: ['split.shuffle=false', 'split.group_by=text'], to: 'seed=7', stages: ['tokenize', 'split', 'inspect'] },
  { set: [], to: 'split.only=[0]', stages: ['tokenize', 'split', 'inspect'] },
  { set: ['model.freeze_encoder=true'], to: 'training.padding=max', stages: ['tokenize', 'split', 'inspect', 'encode'] },
  {
    set: [`model.base=${join(folder, 'model')}`, 'model.weights=pretrained', 'model.freeze_encoder=true'],
    to: 'seed=7',
    stages: ['tokenize', 'encode'],
  },
  { set: [], to: 'resources.threads=3' },
  { set: [], to: 'tracking.log_every=7' },
];

describe('what no output depends on', () => {
  it.each(UNKEYED)('$to with $set is in no key', async ({ set, to, stages }) => {
    const entriesOf = async (...more: readonly string[]): Promise<readonly (readonly [string, string])[]> => {
      const { entries } = await prepareRun(await smallQuickstart(...set, ...more), { artifacts, device: 'auto', choose: assumeDevice });
      return Object.entries(entries).filter(([id]) => stages === undefined || stages.includes(id));
    };
    const before = await entriesOf();
    expect(before.length).toBeGreaterThan(0);
    expect(await entriesOf(to)).toEqual(before);
  });

});

it('how the table to predict is read changes nothing that is trained', async () => {
  const entries = async (...set: readonly string[]) =>
    (await prepareRun(await smallQuickstart(...set), { artifacts, device: 'auto', choose: assumeDevice })).entries;
  const [plain, otherwise] = [await entries(), await entries('data.test.text=id', 'data.test.id=null')];
  expect(otherwise['train[0]']).toBe(plain['train[0]']);
  expect(otherwise['evaluate']).toBe(plain['evaluate']);
  expect(otherwise['predict']).not.toBe(plain['predict']);
  const object = await entries('data.train={ path: configs/quickstart/train.csv, id: id, encoding: utf_8 }');
  expect(object).toEqual(plain);
});

describe('with several seeds', () => {
  const entries = async (...set: readonly string[]) =>
    (await prepareRun(await smallQuickstart('split.seed=1', ...set), { artifacts, device: 'auto', choose: assumeDevice })).entries;

  it('a model is the one of a run with that seed, and another seed trains only its own', async () => {
    const [alone, both, three] = [await entries('seed=7'), await entries('training.seeds=[42, 7]'), await entries('training.seeds=[7, 42, 1]')];
    for (const fold of [0, 1]) expect(both[`train[${fold}, seed 7]`]).toBe(alone[`train[${fold}]`]);
    expect(Object.keys(both).filter((id) => id.startsWith('train'))).toEqual([
      'train[0, seed 42]',
      'train[0, seed 7]',
      'train[1, seed 42]',
      'train[1, seed 7]',
    ]);
    for (const id of Object.keys(both).filter((each) => each.startsWith('train'))) expect(three[id]).toBe(both[id]);
    expect(new Set(Object.values(three)).size).toBe(Object.keys(three).length);
    expect(three['split']).toBe(alone['split']);
  });

  it("the folds are those of the experiment's seed", async () => {
    const splitOf = async (...set: readonly string[]) => (await entries('split.seed=null', ...set))['split'];
    expect(await splitOf('training.seeds=[7]')).toBe(await splitOf());
    expect(await splitOf('training.seeds=[7]', 'seed=7')).not.toBe(await splitOf());
  });
});

it('a table to predict with other rows is not split again, and nothing is trained', async () => {
  const test = join(folder, 'other-test.csv');
  writeFileSync(test, 'id,text\n7,the river is over its banks\n');
  const entries = async (...set: readonly string[]) =>
    (await prepareRun(await smallQuickstart(...set), { artifacts, device: 'auto', choose: assumeDevice })).entries;
  const [before, after] = [await entries(), await entries(`data.test=${test}`)];
  const differ = Object.keys(before).filter((task) => before[task] !== after[task]);
  expect(differ).toEqual(['examples', 'tokenize', 'inspect', 'predict', 'submit']);
});

it('nothing is trained again for a baseline', async () => {
  const entries = async (...set: readonly string[]) =>
    (await prepareRun(await smallQuickstart(...set), { artifacts, device: 'auto', choose: assumeDevice })).entries;
  const [before, after] = [await entries('baseline=false'), await entries()];
  expect(Object.keys(after).filter((task) => before[task] !== after[task])).toEqual(['baseline', 'evaluate']);
});

it('rows that are grouped otherwise are decoded and tokenized as they were', async () => {
  const entries = async (...set: readonly string[]) =>
    (await prepareRun(await smallQuickstart(...set), { artifacts, device: 'auto', choose: assumeDevice })).entries;
  const [before, after] = [await entries(), await entries('split.group_by=text')];
  const same = Object.keys(before).filter((task) => before[task] === after[task]);
  expect(same).toEqual(['examples', 'tokenize']);
});

describe('keys from before there was a stage that decodes the tables', () => {
  const prepared = async (...set: readonly string[]) =>
    prepareRun(await smallQuickstart(...set), { artifacts, device: 'auto', choose: assumeDevice });

  it('are those of today, so that nothing is tokenized, split or trained again', async () => {
    const { jobs, modelFolder, experiment } = await prepared('data.duplicates=drop', 'data.test.id=null');
    const partsOf = (id: string) => jobs.find((task) => task.id === id)!.parts;
    const sha = async (path: string): Promise<string> => hashFile(path);
    const [train, test] = [await sha(join(quickstart, 'train.csv')), await sha(join(quickstart, 'test.csv'))];
    const tokenizer = Object.fromEntries(
      await Promise.all(Object.entries(tokenizerFiles(modelFolder)).map(async ([name, path]) => [name, await sha(path)] as const)),
    );
    const data = { id: 'id', text: 'text', target: 'target', conflicts: 'keep', duplicates: 'drop' };
    expect(partsOf('tokenize')).toEqual({
      stage: 'tokenize',
      version: 2,
      params: { data, test: { id: null }, model: { max_seq_length: experiment.model.max_seq_length } },
      contents: { train, test, ...tokenizer },
      fold: null,
      inputs: {},
      engine: null,
    });
    const { strategy, folds, shuffle, group_by } = experiment.split;
    const split = { strategy, folds, shuffle, group_by };
    expect(partsOf('split')).toMatchObject({ params: { data, split: { ...split, seed: experiment.seed } }, contents: { train }, inputs: {} });
    expect(Object.keys(partsOf('split').params as object).sort()).toEqual(['data', 'split']);
    expect(Object.keys(partsOf('inspect').params as object).sort()).toEqual(['data', 'model', 'split', 'test', 'training']);
    expect(partsOf('inspect')).toMatchObject({ params: { data, test: { id: null } }, contents: { train, test, ...tokenizer } });
    expect(Object.keys(partsOf('inspect').inputs)).toEqual(['folds']);
    expect(Object.keys(partsOf('train[0]').inputs).sort()).toEqual(['features', 'folds', 'tokens']);
    expect(Object.keys(partsOf('predict').inputs).sort()).toEqual(['features', 'model', 'tokens']);
  });

  it('belong to pipelines of that time, too', async () => {
    const old = join(folder, 'old.yaml');
    const today = readFileSync(join(root, 'pipelines/text-classification.yaml'), 'utf8');
    writeFileSync(old, today.replace(/^ *- stage: examples.*\n/m, ''));
    expect(readFileSync(old, 'utf8')).not.toBe(today);
    expect((await prepared(`pipeline=${old}`)).entries).toEqual((await prepared()).entries);
  });
});
