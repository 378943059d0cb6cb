import { expect, it } from 'vitest';
import { overlapFindings } from '../../../src/data/findings/overlap.ts';

it('says which validation rows occur in training, and which rows to predict in validation', () => {
  expect(overlapFindings(['a', 'b'], ['c', 'B'], ['a', 'd'])).toEqual([]);
  expect(overlapFindings(['a', 'b'], ['c', 'a', 'a'], ['c', 'd', 'c', 'e'])).toMatchObject([
    {
      severity: 'warning',
      code: 'validation-texts-in-training',
      count: 2,
      message: '2 of 3 validation rows (66.7 %) have a text that occurs in training to the character, which makes validation look too good',
      examples: [{ table: 'validation', rows: [2], text: 'a' }, { table: 'validation', rows: [3], text: 'a' }],
    },
    { severity: 'info', code: 'test-texts-in-validation', count: 2 },
  ]);
  expect(overlapFindings([['a', 'b'], ['c', 'd']], [['b', 'a'], ['c', 'd'], ['a', 'c']], null)).toMatchObject([
    { count: 2, message: expect.stringMatching(/to the character, 1 of them the other way round, which/) as string },
  ]);
});
