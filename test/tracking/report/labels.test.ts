import { expect, test } from 'vitest';
import { shortLabels, shortPaths } from '../../../src/tracking/report/labels.ts';

test('labels lose what all of them begin with, and no part of a word', () => {
  expect(shortLabels(['heads+dense=none+lr=0.001', 'heads+dense=64+lr=0.001'], 24)).toEqual(['dense=none+lr=0.001', 'dense=64+lr=0.001']);
  expect(shortLabels(['run-10', 'run-11'], 24)).toEqual(['10', '11']);
  expect(shortLabels(['base', 'base-2'], 24)).toEqual(['base', 'base-2']);
  expect(shortLabels(['alone'], 24)).toEqual(['alone']);
  expect(shortLabels([], 24)).toEqual([]);
});

test('long labels are cut in their middle, and never two to the same letters', () => {
  const long = ['a', 'b'].map((end) => `models/${'x'.repeat(60)}${end}`);
  const labels = shortLabels([...long, `models/y${'x'.repeat(30)}z${'x'.repeat(29)}a`, `models/y${'x'.repeat(31)}z${'x'.repeat(28)}a`], 12);
  expect(labels.every((label) => [...label].length <= 16)).toBe(true);
  expect(new Set(labels).size).toBe(labels.length);
  // The same name is the same run.
  expect(new Set(shortLabels(['same', 'same', 'other'], 12)).size).toBe(2);
  expect(shortLabels(['🔥'.repeat(30), '🔥'.repeat(31)], 12)[0]).toBe(`${'🔥'.repeat(6)}…${'🔥'.repeat(5)}`);
});

test('paths are as short as tells them apart', () => {
  expect(shortPaths(['model.head.dense', 'training.optimizer.lr', 'training.head.lr'])).toEqual(['dense', 'optimizer.lr', 'head.lr']);
  expect(shortPaths(['seed', 'split.seed'])).toEqual(['seed', 'split.seed']);
});
