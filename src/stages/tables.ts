import { isDeepStrictEqual } from 'node:util';
import { readingOf, tablesOf, type Experiment } from '../config/index.ts';

type Data = Experiment['data'];
type Reading = ReturnType<typeof readingOf>;

/** How the training table and the table to predict are read, for a stage's parameters; what is the default is left out. */
export interface TableParams {
  readonly data: Pick<Data, 'id' | 'text' | 'target' | 'conflicts' | 'duplicates'> &
    Partial<Pick<Data, 'label_separator' | 'missing' | 'weight'>> & {
      /** Where conflicts are settled and values may be missing: since when those that are missing conflict with none. */
      readonly conflicts_of?: 'known values';
    };
  /** Absent for a classification, as all were when there was no other task. */
  readonly task?: Experiment['task'];
  readonly train?: Reading;
  /** What differs from the training table; its rows are read together with that. */
  readonly validation?: Reading & { readonly id?: string | null; readonly text?: Data['text']; readonly target?: Data['target'] };
  /** Nothing that is made of the training table depends on it. */
  readonly test?: Reading & { readonly id?: string | null; readonly text?: Data['text'] };
}

export type TableFiles = {
  readonly train: string;
  readonly validation?: string;
  readonly test?: string;
};

/** Parameters and files of what reads the training table and the table to predict. */
export function pickTables({ data, task }: Pick<Experiment, 'data' | 'task'>): {
  readonly params: TableParams;
  readonly files: TableFiles;
} {
  const { train, validation, test } = tablesOf(data);
  const { conflicts, duplicates, label_separator, missing, weight } = data;
  const takesMissing = task.name === 'multi-label' || task.name === 'regression';
  const ofTest =
    test === null
      ? {}
      : {
          ...readingOf(test),
          ...(test.id === train.id ? {} : { id: test.id }),
          ...(isDeepStrictEqual(test.text, train.text) ? {} : { text: test.text }),
        };
  const ofValidation =
    validation === null
      ? {}
      : {
          ...readingOf(validation),
          ...(validation.id === train.id ? {} : { id: validation.id }),
          ...(isDeepStrictEqual(validation.text, train.text) ? {} : { text: validation.text }),
          ...(isDeepStrictEqual(validation.target, train.target) ? {} : { target: validation.target }),
        };
  return {
    params: {
      data: {
        id: train.id,
        text: train.text,
        target: train.target,
        conflicts,
        duplicates,
        ...(label_separator === null ? {} : { label_separator }),
        ...(missing.length === 0 ? {} : { missing }),
        ...(weight === null ? {} : { weight }),
        ...(conflicts !== 'keep' && takesMissing ? { conflicts_of: 'known values' } : {}),
      },
      ...(task.name === 'classification' ? {} : { task }),
      ...(Object.keys(readingOf(train)).length === 0 ? {} : { train: readingOf(train) }),
      ...(Object.keys(ofValidation).length === 0 ? {} : { validation: ofValidation }),
      ...(Object.keys(ofTest).length === 0 ? {} : { test: ofTest }),
    },
    files: {
      train: train.path,
      ...(validation === null ? {} : { validation: validation.path }),
      ...(test === null ? {} : { test: test.path }),
    },
  };
}
