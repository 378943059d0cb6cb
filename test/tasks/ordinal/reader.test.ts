import { describe, expect, it } from 'vitest';
import { inspectData } from '../../../src/tasks/index.ts';
import { labelsIn, problemsOf } from '../multi-label/support.ts';

type Grades = readonly (string | number)[] | null;
const gradesIn = (cells: readonly (string | number)[], grades: Grades = null) =>
  labelsIn(['grade'], cells.map((cell) => [cell]), { target: 'grade', task: { name: 'ordinal', grades, link: 'coral' } });

describe('grades', () => {
  it('are the numbers that occur, ascending, each the same however it is written', async () => {
    const { targets, task } = await gradesIn(['10', '2', '2.0', '1e1', '3']);
    expect(task.description).toEqual({ task: 'ordinal', grades: ['2', '3', '10'], counts: [2, 1, 2] });
    expect([...targets.values]).toEqual([2, 0, 0, 2, 1]);
  });

  it('are the list, of which one may be absent', async () => {
    const { targets, task } = await gradesIn(['low', ' high ', 'low'], ['low', 'mid', 'high']);
    expect(task.description).toEqual({ task: 'ordinal', grades: ['low', 'mid', 'high'], counts: [2, 0, 1] });
    expect([...targets.values]).toEqual([0, 2, 0]);
    expect((await gradesIn(['1.0', '3'], [3, 2, 1])).task.description['counts']).toEqual([1, 0, 1]);
  });

  it('in words need the list', async () => {
    expect(await problemsOf(gradesIn(['low', 'high', 'low']))).toEqual([
      'grades in words need their order: list them in task.grades, lowest first; the column has "low", "high" → grades: [low, high]',
    ]);
    expect(await problemsOf(gradesIn(['1', '2', '3', 'x']))).toEqual(['4: the grade "x" is no number, as the others are']);
  });

  it('that are not in the list are refused with their row, and with what was meant', async () => {
    expect(await problemsOf(gradesIn(['low', 'Hihg', 'xyz', ''], ['low', 'high']))).toEqual([
      '4: the target is empty',
      '2: the grade "Hihg" is none of task.grades, "low", "high"; is "high" meant?',
      '3: the grade "xyz" is none of task.grades, "low", "high"',
    ]);
  });

  it('are no numbers without end, and more than one', async () => {
    const many = Array.from({ length: 30 }, (_, i) => i / 7);
    expect(await problemsOf(gradesIn(many))).toEqual([
      'the target has 30 different numbers in 30 rows, so it does not hold grades → task: { name: regression }',
    ]);
    expect(await problemsOf(gradesIn([1, 1]))).toEqual(['all rows have the same grade, "1"; there is nothing to learn']);
    expect(await problemsOf(gradesIn(['b', 'b'], ['a', 'b']))).toEqual(['all rows have the same grade, "b"; there is nothing to learn']);
  });
});

describe('findings about grades', () => {
  const findingsOf = async (cells: readonly number[], grades: Grades = null) => {
    const examples = await gradesIn(cells, grades);
    const foldOf = Int32Array.from(cells, (_, row) => row % 2);
    const table = { columns: ['text', 'grade'], unnamed: new Set<string>(), column: () => [] };
    const data = { id: null, text: 'text', target: 'grade', conflicts: 'keep' } as const;
    const options = { data, split: { folds: 2, shuffle: true }, model: { max_seq_length: 64 }, training: null };
    const found = await inspectData({ table, examples, division: { foldOf: [foldOf], count: 2 }, testTexts: null }, options, null);
    return new Map(found.map(({ code, severity, message }) => [code, `${severity}: ${message}`]));
  };

  it('say how often grades occur, which are absent, and which are in few rows or folds', async () => {
    const found = await findingsOf([1, 2, 1, 2, 1, 2, 5, 2]);
    expect(found.get('grade-balance')).toBe(
      'info: the grades are "1" 37.5 %, "2" 50.0 %, "5" 12.5 %; always predicting "2" is right in 50.0 % of the rows',
    );
    expect(found.get('absent-grades')).toContain('without "3", "4" between them');
    expect(found.get('few-rows-of-grade')).toContain('"5" has 1');
    expect(found.get('fold-lacks-grade')).toContain('"1" from fold 1; "2" from fold 0');
    expect((await findingsOf([1, 2, 1, 2], [1, 2, 3])).get('absent-grades')).toBe(
      'info: no row that is trained on has the grade "3" of task.grades',
    );
  });
});
