import { describe, expect, it } from 'vitest';
import type { AskedValues } from '../../src/data/submission/index.ts';
import { classification } from '../../src/tasks/classification/task.ts';
import { submittedValues, type Predictions, type Task } from '../../src/tasks/index.ts';
import { ordinal } from '../../src/tasks/ordinal/task.ts';
import { regression } from '../../src/tasks/regression/task.ts';

const nothing: AskedValues = { columns: {}, top: null, separator: null };
const two = classification(['no', 'yes']);
const three = classification(['a', 'b', 'c']);
const ofTwo = { width: 1, numbers: Float64Array.of(0.3) };
const ofThree = { width: 3, numbers: Float64Array.of(0.2, 0.5, 0.3) };

/** The first row of each column. */
function row(task: Task, predictions: Predictions, columns: Readonly<Record<string, string>>, asked: Partial<AskedValues> = {}): unknown {
  const sample = Object.entries(columns).map(([name, value]) => ({ name, values: [value] }));
  const writer = submittedValues(task, predictions, sample, { ...nothing, ...asked });
  return typeof writer === 'string' ? writer : Object.keys(columns).map((column) => writer(0, column));
}

describe('what the configuration asks for', () => {
  it('goes into the columns that it names, and the rest follow the sample', () => {
    expect(row(two, ofTwo, { target: '0' })).toEqual([0]);
    expect(row(two, ofTwo, { target: '0' }, { columns: { target: 'probability' } })).toEqual([0.3]);
    expect(row(two, ofTwo, { target: '0', sure: '0' }, { columns: { sure: 'probability:no' } })).toEqual([0, 0.7]);
    expect(row(three, ofThree, { x: '0.5' }, { columns: { x: 'probability:c' } })).toEqual([0.3]);
    const grades = ordinal({ grades: ['1', '2'], counts: [1, 1], link: 'coral' });
    const graded = { width: 3, numbers: Float64Array.of(0.4, 0.6, 1.6) };
    expect(row(grades, graded, { p: '0', s: '0' }, { columns: { s: 'score', p: 'probability:1' } })).toEqual([0.4, 1.6]);
    const numbers = regression({ columns: ['x', 'y'], mean: [0, 0], sd: [1, 1], partial: false });
    expect(row(numbers, { width: 2, numbers: Float64Array.of(7, 8) }, { a: '0' }, { columns: { a: 'y' } })).toEqual([8]);
  });

  it('is refused where the sample has no such column, or the task nothing like it', () => {
    expect(row(two, ofTwo, { target: '0' }, { columns: { Target: 'probability' } })).toBe(
      'data.sample_submission.columns names the column "Target", and beside the id the sample has "target"',
    );
    for (const what of ['score', 'probability:maybe', 'yes', '']) {
      expect(row(two, ofTwo, { target: '0' }, { columns: { target: what } })).toContain(`asks for ${JSON.stringify(what)} in the column "target"`);
    }
    expect(row(three, ofThree, { x: '0' }, { columns: { x: 'probability' } })).toContain('the task has prediction, and probability:<class>');
  });

  it('is a number of the most probable classes in a cell', () => {
    expect(row(three, ofThree, { x: 'a c' })).toEqual(['b c']);
    expect(row(three, ofThree, { x: 'a' })).toEqual(['b']);
    expect(row(three, ofThree, { x: 'nothing' }, { top: 3 })).toEqual(['b c a']);
    expect(row(three, ofThree, { x: 'a, other' })).toEqual(['b, c']);
    expect(three.choiceNotice?.([{ name: 'x y', values: ['a, other', 'c, b'] }])).toContain(
      'lists 2 names, of which the training table does not have "other"; the submission lists the 2 most probable classes',
    );
    expect(three.choiceNotice?.([{ name: 'x', values: ['a b'] }])).toBeUndefined();
    expect(row(three, ofThree, { x: 'some other text' })).toEqual(['b']);
    expect(row(three, ofThree, { x: 'class_a' })).toEqual(['b']);
    expect(row(three, ofThree, { x: '0' }, { top: 2, separator: ',' })).toEqual(['b,c']);
    expect(row(two, ofTwo, { x: '0' }, { top: 2 })).toEqual(['no yes']);
  });

  it('lists no names that its separator would cut, unless it is named', () => {
    const spaced = classification(['a', 'b', 'c d']);
    expect(row(spaced, ofThree, { x: 'a b' })).toContain('the class "c d" has that in its name');
    expect(row(spaced, ofThree, { x: 'a' }, { top: 2 })).toContain('between them, and the class "c d"');
    expect(row(spaced, ofThree, { x: 'a' }, { top: 2, separator: ' ' })).toEqual(['b c d']);
    expect(row(spaced, ofThree, { x: 'a,c d' })).toEqual(['b,c d']);
  });

  it('may be said of columns that end in classes after a common beginning by nothing', () => {
    expect(row(three, ofThree, { p_c: '0', p_a: '0', p_b: '0' })).toEqual([0.3, 0.2, 0.5]);
    expect(row(three, ofThree, { p_c: '0', p_a: '0', b: '0' })).toContain('one for each class');
  });

  it('is told to be possible where whole numbers could be classes or probabilities', () => {
    const column = { name: 'target', values: ['0', '1'] };
    expect(two.choiceNotice?.([column])).toContain('so it gets the predicted class; for the probability of "yes"');
    expect(two.choiceNotice?.([{ ...column, values: ['0.5', '1'] }])).toBeUndefined();
    expect(three.choiceNotice?.([column])).toBeUndefined();
  });
});
