import { describe, expect, it } from 'vitest';
import { parseTable } from '../../../src/data/tables/table.ts';
import { openTask, trainExamples } from '../../../src/tasks/index.ts';
import { labelsIn, problemsOf } from './support.ts';

describe('labels in a column each', () => {
  it('are 0 and 1 in every spelling, and NaN where they are not known', async () => {
    const { targets, task } = await labelsIn(['a', 'b'], [[1, '0.0'], ['true', 'FALSE'], ['1.0', 'NA'], ['', 1], ['0', '-']], { missing: ['-'] });
    expect(targets).toEqual({ width: 2, values: Float64Array.of(1, 0, 1, 0, 1, NaN, NaN, 1, 0, NaN) });
    expect(task.description).toEqual({ task: 'multi-label', labels: ['a', 'b'], masked: true });
    expect(openTask(task.description).weights?.of).toBe('elements');
  });

  it('leave a row out of which nothing is known, which is no reason for weights', async () => {
    const { all, targets, task, rows, cleaning } = await labelsIn(['a', 'b'], [[1, 0], ['', ''], [0, 1], ['nan', 'None']]);
    expect([all.ids.length, [...rows], cleaning.unlabelled]).toEqual([4, [0, 2], 2]);
    expect([...targets.values]).toEqual([1, 0, 0, 1]);
    expect(task.weights).toBeUndefined();
  });

  it('are refused with their row where they are anything else', async () => {
    expect(await problemsOf(labelsIn(['a', 'b'], [[1, 0], ['2', 1], [0, 'yes']]))).toEqual([
      '2: the label "a" is "2", not 0, 1, true, false or empty',
      '3: the label "b" is "yes", not 0, 1, true, false or empty',
    ]);
  });

  it('may be constant, but not all of them, and need a value somewhere', async () => {
    expect((await labelsIn(['a', 'b'], [[1, 0], [0, 0]])).task.summary).toBe('2 labels');
    expect(await problemsOf(labelsIn(['a', 'b'], [[1, 0], [1, 0]]))).toEqual(['every label is the same in all rows; there is nothing to learn']);
    expect(await problemsOf(labelsIn(['a', 'b'], [[1, ''], [0, '']]))).toEqual(['the label "b" has no value in any row']);
    expect(await problemsOf(labelsIn(['a', 'b'], [[1, 1]]))).toEqual(['every label is the same in all rows; there is nothing to learn']);
  });
});

describe('labels in one column', () => {
  const separated = (cells: readonly string[], separator = '|') => labelsIn(['tags'], cells.map((cell) => [cell]), { label_separator: separator });

  it('are sorted by name, and an empty cell has none', async () => {
    const { targets, task } = await separated(['b| a', '', 'c|', 'a|a']);
    expect(task.description).toEqual({ task: 'multi-label', labels: ['a', 'b', 'c'], separator: '|' });
    expect([...targets.values]).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0]);
  });

  it('are not known where the whole cell says so', async () => {
    const { all, rows } = await separated(['a', 'NA', 'b']);
    expect(all.task.description['labels']).toEqual(['a', 'b']);
    expect([...rows]).toEqual([0, 2]);
  });

  it('need the separator that the column has', async () => {
    expect(await problemsOf(separated(['a, b', 'b', 'c, a, b', 'a, c']))).toEqual([
      'no cell has the separator "|" of data.label_separator, and most have ",", as in "a, b" → label_separator: ","',
    ]);
    const texts = Array.from({ length: 30 }, (_, i) => `label number ${i}`);
    expect((await problemsOf(separated(texts, ';')))[0]).toContain('most have " "');
    expect((await problemsOf(separated(texts.map((text) => text.replaceAll(' ', '')), ';')))[0]).toMatch(/30 different labels in 30 rows.* is ";" what separates them/);
    expect(await problemsOf(separated(['', '']))).toEqual(['no row has a label in the column "tags"']);
  });
});

it('drops the rows of a text that conflict in what is known of them, not those that lack a label', async () => {
  const read = async (rows: readonly (readonly string[])[]) => {
    const table = await parseTable(Buffer.from(['text,a,b', ...rows.map((row) => row.join())].join('\n')), 'rows.csv', 'csv');
    const options = { id: null, text: 'text', target: ['a', 'b'], conflicts: 'drop', duplicates: 'keep', task: { name: 'multi-label' } } as const;
    return [...trainExamples(table, options).rows];
  };
  const others = [['x', '1', '0'], ['y', '0', '1'], ['z', '1', '1'], ['w', '0', '0']];
  expect(await read([['s', '1', ''], ['s', '1', '0'], ['s', '', '0'], ...others])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await read([['s', '1', ''], ['s', '1', '0'], ['s', '0', ''], ...others])).toEqual([3, 4, 5, 6]);
});
