import { describe, expect, it } from 'vitest';
import { inspectData } from '../../../src/tasks/index.ts';
import { labelsIn } from './support.ts';

/** Findings about rows of labels that are divided into folds by turns. */
async function findingsOf(rows: readonly (readonly (number | string)[])[], names: readonly string[], folds = 2, sorted = false) {
  const examples = await labelsIn(names, rows);
  const kept = examples.ids.length;
  const table = { columns: ['text', ...names], unnamed: new Set<string>(), column: () => [] };
  const foldOf = Int32Array.from({ length: kept }, (_, row) => (sorted ? Math.floor((row * folds) / kept) : row % folds));
  const data = { id: null, text: 'text', target: names, conflicts: 'keep' } as const;
  const options = { data, split: { folds, shuffle: true }, model: { max_seq_length: 64 }, training: null };
  const found = await inspectData({ table, examples, division: { foldOf: [foldOf], count: folds }, testTexts: null }, options, null);
  return new Map(found.map(({ code, severity, message }) => [code, `${severity}: ${message}`]));
}

describe('findings about labels', () => {
  it('say how often labels occur, and which never or always do', async () => {
    const found = await findingsOf([[1, 0, 1], [0, 0, 1], [0, 0, 1], ['', 0, 1]], ['a', 'b', 'c']);
    expect(found.get('label-balance')).toBe(
      'info: the labels are "c" 100.0 %, "a" 33.3 %, "b" 0.0 %; a row has 1.3 labels on average, and none is without any',
    );
    expect(found.get('constant-label')).toBe('warning: the label "c" occurs in every row that is trained on');
    expect(found.get('missing-labels')).toContain('1 of 12 labels of rows (8.3 %) are not known, in 1 label');
    expect(found.get('few-rows-of-label')).toContain('"a" in 1');
  });

  it('name labels that do not vary in a fold though they could', async () => {
    const found = await findingsOf([[1, 1], [1, 0], [1, 1], [0, 0], [0, 1], [0, 0]], ['a', 'b'], 2, true);
    expect(found.get('fold-lacks-label')).toContain('"a" is the same in all validation rows of folds 0, 1');
  });

  it('name labels that are the same, exclude each other, or are spelled alike', async () => {
    const turns = (i: number) => [i % 2, i % 2, i % 3 === 0 && i % 2 === 0 ? 1 : 0, i % 5 === 0 ? 1 : 0];
    const rows = Array.from({ length: 120 }, (_, i) => turns(i));
    const found = await findingsOf(rows, ['x', 'X', 'y', 'z']);
    expect(found.get('identical-labels')).toBe('warning: labels have the same values in all rows: "x", "X"');
    expect(found.get('similar-labels')).toContain('"x", "X"');
    expect(found.get('exclusive-labels')).toMatch(/^info: 2 of 6 pairs of labels .* never occur together: "x" and "y"; "X" and "y"$/);
    const one = await findingsOf([[1, 0], [0, 1], [1, 0], [0, 1]], ['a', 'b']);
    expect(one.get('exclusive-labels')).toBe('warning: each of the 4 rows has exactly one of the 2 labels');
  });
});

describe('a metric of labels that has no value in a fold', () => {
  it('is refused, with the label and what to do', async () => {
    const { task, targets } = await labelsIn(['a', 'b'], [[1, 0], [0, 0], [0, 1], [0, 1], [1, 1], [1, 0]]);
    const divided = { targets, foldOf: Int32Array.of(0, 0, 1, 1, 2, 2), folds: 3, trained: [0, 1, 2] };
    const watching = (monitor: string) => task.undefinedMetrics([{ field: 'training.best_model.monitor', monitor }], divided);
    expect(watching('val/roc_auc')?.problems.map(({ message }) => message)).toEqual([
      'training.best_model.monitor is val/roc_auc, which is not a number in fold 0, whose validation rows have no row with the label "b", ' +
        'and in fold 1, whose validation rows have no row with the label "a" and no row without the label "b", and in fold 2, whose ' +
        'validation rows have no row without the label "a"',
    ]);
    expect(watching('val/roc_auc')?.remedy).toContain('multilabel-stratified-kfold');
    expect(watching('val/average_precision')?.problems).toHaveLength(1);
    expect(watching('train/roc_auc')).toBeUndefined();
    expect(watching('val/roc_auc_micro')).toBeUndefined();
    expect(watching('val/f1_macro')).toBeUndefined();
    const few = task.undefinedMetrics([{ field: 'm', monitor: 'val/roc_auc' }], { ...divided, foldOf: Int32Array.of(0, 1, 2, 3, 4, 5), folds: 6, trained: [0] });
    expect(few?.remedy).toContain('Too few rows (3) are with the label "a" for 6 folds: lower split.folds');
  });
});
