import { describe, expect, it } from 'vitest';
import { inspectClasses } from '../../../../src/tasks/classification/findings/classes.ts';
import { codesOf, labelled, named } from '../../../data/findings/support.ts';

const none = { conflicting: 0, relabelled: 0, duplicate: 0 };
const repeated = (counts: readonly number[]): readonly number[] =>
  counts.flatMap((rows, label) => Array.from({ length: rows }, () => label));

/** Rows of each class, dealt to the folds in turn. */
const inspected = (counts: readonly number[], folds: number, foldOf?: Int32Array) => {
  const labels = repeated(counts);
  return inspectClasses(
    { ...labelled(labels.map(String), labels), cleaning: none, rows: Int32Array.from(labels.keys()) },
    foldOf ?? Int32Array.from(labels, (_, row) => row % folds),
    folds,
  );
};

describe('findings about classes', () => {
  it('tell the balance, and what the largest class alone is worth', () => {
    expect(inspected([57, 43], 5)).toEqual([
      {
        severity: 'info',
        code: 'class-balance',
        message: 'the classes are "class 0" 57.0 %, "class 1" 43.0 %; always predicting "class 0" is right in 57.0 % of the rows',
        count: 2,
        examples: [],
      },
    ]);
  });

  it('sum up many classes', () => {
    expect(inspected([30, 20, 10, 20, 20, 20, 40, 20], 5)[0]?.message).toBe(
      '8 classes, from "class 6" with 40 rows to "class 2" with 10; always predicting "class 6" is right in 22.2 % of the rows',
    );
  });

  it('warn of a class that is rare', () => {
    // A tenth of an equal share of 1,000 rows of two classes is 50.
    expect(codesOf(inspected([950, 50], 5))).toEqual(['info class-balance']);
    expect(named(inspected([951, 49], 5), 'class-balance')).toMatchObject({
      severity: 'warning',
      count: 1,
      message:
        'the class "class 1" has few rows, the smallest 49 of 1,000 rows (4.9 %): the classes are "class 0" 95.1 %, "class 1" 4.9 %; always predicting "class 0" is right in 95.1 % of the rows',
    });
  });

  it('name the folds that lack a class, and a model that never sees it', () => {
    const findings = inspected([4, 2], 3, Int32Array.of(0, 1, 2, 0, 1, 1));
    expect(named(findings, 'fold-lacks-class')).toMatchObject({
      severity: 'warning',
      count: 1,
      message:
        'classes are missing from folds: "class 1" is not among the validation rows of folds 0, 2, and the model that fold 1 validates never sees it',
    });
  });

  it('warn of classes with fewer rows than folds, and ask whether another class was meant', () => {
    const labels = [...repeated([6, 6, 2, 1])];
    const classes = ['negative', 'positive', 'neither', 'postive'];
    const examples = { ...labelled(labels.map(String), labels), classes, cleaning: none, rows: Int32Array.from(labels.keys()) };
    const findings = inspectClasses(examples, Int32Array.from(labels, (_, row) => row % 3), 3);
    expect(named(findings, 'few-rows-of-class')).toMatchObject({
      severity: 'warning',
      count: 2,
      message:
        '2 classes have fewer rows than the 3 folds, so some folds are validated without them: "neither" has 2 (rows 13, 14); "postive" has 1 (row 15; is "positive" meant?)',
    });
    // No fold lacks one that could have it.
    expect(codesOf(findings)).toEqual(['info class-balance', 'warning few-rows-of-class']);
  });

  it('warn of classes that are one number with and without zeros before it', () => {
    const labels = repeated([5, 5, 5, 5]);
    const examples = {
      ...labelled(labels.map(String), labels),
      classes: ['007', '07', '1', '10'],
      cleaning: none,
      rows: Int32Array.from(labels.keys()),
    };
    expect(
      named(
        inspectClasses(
          examples,
          Int32Array.from(labels, (_, row) => row % 5),
          5,
        ),
        'similar-classes',
      ),
    ).toMatchObject({
      severity: 'warning',
      count: 1,
      message: 'classes are the same number with and without zeros before it, and are taken for different ones: "007" and "07"',
    });
  });

  it('say what cleaning has done', () => {
    const examples = {
      ...labelled(['a', 'b', 'c', 'd'], [0, 1, 0, 1]),
      rows: Int32Array.of(0, 1, 2, 3),
      cleaning: { conflicting: 3, relabelled: 1, duplicate: 0 },
    };
    expect(named(inspectClasses(examples, Int32Array.of(0, 0, 1, 1), 2), 'cleaned-rows')).toMatchObject({
      count: 4,
      message:
        'the configuration left out 3 rows whose text has other classes too (data.conflicts), gave 1 row the class that most rows with the same text have (data.conflicts)',
    });
  });
});
