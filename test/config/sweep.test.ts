import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSweep } from '../../src/config/index.ts';
import { OrtrainError } from '../../src/core/errors.ts';
import { marked, placeOf, root, workspace } from './workspace.ts';

function refusal(text: string, set: readonly string[] = []): OrtrainError {
  const file = join(workspace({ 'sweeps/s.yaml': text }), 'sweeps/s.yaml');
  try {
    loadSweep(file, set);
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error('the sweep was not refused');
}

const sweepOf = (text: string, set: readonly string[] = []) => loadSweep(join(workspace({ 'sweeps/s.yaml': text }), 'sweeps/s.yaml'), set);

test.each(['quickstart-heads', 'disaster-tweets'])('configs/sweeps/%s.yaml loads', (name) => {
  const sweep = loadSweep(join(root, 'configs/sweeps', `${name}.yaml`));
  expect(sweep.name).toBe(name);
  expect(sweep.members.length).toBeGreaterThan(3);
});

test('a grid is every combination, the last parameter fastest, each a complete experiment with a name of its own', () => {
  const { members, parameters, base } = sweepOf(
    'base: ../bert-1dense.yaml\nname: heads\nparameters:\n  model.head.dense: [[], [256, 32]]\n  training.optimizer.lr: [0.0001, 0.00017]\n',
    ['training.epochs=3'],
  );
  expect(parameters).toEqual(['model.head.dense', 'training.optimizer.lr']);
  expect(base).toContain('bert-1dense.yaml');
  expect(
    members.map(({ loaded: { experiment } }) => [
      experiment.name,
      experiment.model.head.dense,
      experiment.training.optimizer.lr,
      experiment.training.epochs,
    ]),
  ).toEqual([
    ['heads+dense=none+lr=0.0001', [], 0.0001, 3],
    ['heads+dense=none+lr=0.00017', [], 0.00017, 3],
    ['heads+dense=256,32+lr=0.0001', [256, 32], 0.0001, 3],
    ['heads+dense=256,32+lr=0.00017', [256, 32], 0.00017, 3],
  ]);
});

test('names tell parameters of the same last key apart, and stay within what a folder may be called', () => {
  const { members } = sweepOf(
    'base: ../bert-1dense.yaml\nparameters:\n  training.early_stopping.patience: [1]\n  training.schedule.patience: [2]\n',
  );
  expect(members[0]?.loaded.experiment.name).toBe('s+early_stopping.patience=1+schedule.patience=2');
  const long = sweepOf(`base: ../bert-1dense.yaml\nparameters:\n  data.train: [${'x'.repeat(120)}]\n`);
  expect(long.members[0]?.loaded.experiment.name).toMatch(/^s\+[0-9a-f]{12}$/);
});

test('random trials are the same for the same seed, keep to their ranges, and more trials begin with the same ones', () => {
  const text = (trials: number, seed = 1): string =>
    `base: ../bert-1dense.yaml\nstrategy: random\nseed: ${seed}\ntrials: ${trials}\nparameters:\n  training.optimizer.lr: { min: 0.00001, max: 0.001, scale: log }\n  training.epochs: { min: 2, max: 4 }\n  model.head.dense: [[], [64]]\n`;
  const values = (source: string) => sweepOf(source).members.map((member) => member.values);
  const ten = values(text(10));
  expect(values(text(40)).slice(0, 10)).toEqual(ten);
  expect(values(text(10, 2))).not.toEqual(ten);
  const many = values(text(200));
  const rates = many.map((value) => value['training.optimizer.lr'] as number);
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-5);
  expect(Math.max(...rates)).toBeLessThanOrEqual(1e-3);
  // Half of a log-uniform draw from 1e-5 to 1e-3 lies below 1e-4: 100 of 200, give or take 3 standard deviations of 7.
  const below = rates.filter((rate) => rate < 1e-4).length;
  expect(below).toBeGreaterThan(79);
  expect(below).toBeLessThan(121);
  expect(new Set(many.map((value) => value['training.epochs']))).toEqual(new Set([2, 3, 4]));
});

test('a random sweep over few combinations has each of them once', () => {
  expect(sweepOf('base: ../bert-1dense.yaml\nstrategy: random\ntrials: 50\nparameters:\n  training.epochs: [1, 2]\n').members).toHaveLength(
    2,
  );
});

test.each([
  ['a mistyped parameter', 'base: ../bert-1dense.yaml\nparameters:\n  «training.optimizer.lrr»: [0.1]\n', 'training.optimizer.lr'],
  ['a mistyped key', 'base: ../bert-1dense.yaml\n«trails»: 3\nparameters:\n  training.epochs: [1]\n', 'trials'],
  ['a value out of range', 'base: ../bert-1dense.yaml\nparameters:\n  training.batch_size: [16, «0»]\n', undefined],
  ['a width that is no list', 'base: ../bert-1dense.yaml\nparameters:\n  model.head.dense: [«64»]\n', '[64]'],
  ['a range in a grid', 'base: ../bert-1dense.yaml\nparameters:\n  «training.epochs»: { min: 1, max: 3 }\n', undefined],
  ['an empty range', 'base: ../bert-1dense.yaml\nstrategy: random\nparameters:\n  «training.epochs»: { min: 3, max: 3 }\n', undefined],
  ['half a range', 'base: ../bert-1dense.yaml\nstrategy: random\nparameters:\n  «training.epochs»: { min: 3 }\n', undefined],
  [
    'a log scale from 0',
    'base: ../bert-1dense.yaml\nstrategy: random\nparameters:\n  «training.optimizer.lr»: { min: 0, max: 1, scale: log }\n',
    undefined,
  ],
  ['a key of another optimizer', 'base: ../bert-1dense.yaml\nparameters:\n  «training.optimizer.momentum»: [0.9]\n', undefined],
  ['nothing to sweep', 'base: ../bert-1dense.yaml\nparameters: «{}»\n', undefined],
])('%s is shown at its place', (_, text, suggestion) => {
  const { text: content, places } = marked(text);
  const { problems, code } = refusal(content);
  expect(code).toBe('config');
  expect(problems.map(placeOf)).toEqual(places);
  expect(problems[0]?.suggestion).toBe(suggestion);
});

test('a missing base, a grid of thousands, and --set of a swept parameter are refused', () => {
  expect(refusal('base: nowhere.yaml\nparameters:\n  training.epochs: [1]\n').problems[0]?.message).toContain('does not exist');
  const four = '[1, 2, 3, 4]';
  expect(
    refusal(
      `base: ../bert-1dense.yaml\nparameters:\n${['training.epochs', 'training.batch_size', 'training.eval_batch_size', 'seed', 'split.seed', 'training.early_stopping.patience'].map((path) => `  ${path}: ${four}\n`).join('')}`,
    ).problems[0]?.message,
  ).toContain('4096');
  expect(refusal('base: ../bert-1dense.yaml\nparameters:\n  training.epochs: [1]\n', ['training.epochs=3'])).toMatchObject({
    code: 'usage',
  });
});
