import { describe, expect, it } from 'vitest';
import { conflictFindings } from '../../../../src/tasks/classification/findings/index.ts';

describe('texts with different classes', () => {
  const texts = ['a', 'a', 'b', 'b', 'b', 'c'];

  it('are counted with their rows, as a warning where they stay', () => {
    expect(conflictFindings(texts, [[0, 1], [2, 3, 4]], 'keep')).toMatchObject([
      {
        severity: 'warning',
        code: 'conflicting-classes',
        message: '2 texts have different classes in different training rows, 5 rows in all',
        count: 2,
        examples: [{ rows: [1, 2] }, { rows: [3, 4, 5] }],
      },
    ]);
    expect(conflictFindings(texts, [[0, 1]], 'majority')).toMatchObject([
      { severity: 'info', message: expect.stringMatching(/^1 text has /) as string },
    ]);
  });

  it('are nothing to speak of where there are none', () => {
    expect(conflictFindings(texts, [], 'keep')).toEqual([]);
  });
});
