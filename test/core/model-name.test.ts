import { expect, test } from 'vitest';
import { byModel, modelIdOf, modelInWords, modelName } from '../../src/core/model-name.ts';

test.each([
  [{ fold: 0 }, 'fold-0', 'fold 0'],
  [{ fold: 12, seed: 0 }, 'fold-12-seed-0', 'fold 12 · seed 0'],
  [{ fold: 'all' }, 'all', 'all rows'],
  [{ fold: 'all', seed: 4294967295 }, 'all-seed-4294967295', 'all rows · seed 4294967295'],
] as const)('%o has the folder %s', (id, name, words) => {
  expect([modelName(id), modelInWords(id), modelIdOf(name)]).toEqual([name, words, id]);
});

test.each(['fold-', 'fold-01', 'fold-1-seed-', 'fold-x', 'all-', 'allseed-1', 'seed-1', 'fold-1-seed-2-seed-3', 'fold--1', ''])(
  '%j is the name of no model',
  (name) => expect(modelIdOf(name)).toBe(undefined),
);

test('models are sorted by fold and seed, as numbers, those of all rows last', () => {
  const names = ['all', 'fold-10-seed-2', 'fold-2-seed-10', 'fold-2-seed-9', 'all-seed-1'];
  const sorted = names.map((name) => modelIdOf(name)!).sort(byModel).map(modelName);
  expect(sorted).toEqual(['fold-2-seed-9', 'fold-2-seed-10', 'fold-10-seed-2', 'all', 'all-seed-1']);
});
