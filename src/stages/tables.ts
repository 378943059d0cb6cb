import { readingOf, tablesOf, type Experiment } from '../config/index.ts';

type Data = Experiment['data'];
type Reading = ReturnType<typeof readingOf>;

/** How the training table and the table to predict are read, for a stage's parameters; what is the default is left out. */
export interface TableParams {
  readonly data: Pick<Data, 'id' | 'text' | 'target' | 'conflicts' | 'duplicates'>;
  readonly train?: Reading;
  /** Nothing that is made of the training table depends on it. */
  readonly test?: Reading & { readonly id?: string | null; readonly text?: string };
}

export type TableFiles = {
  readonly train: string;
  readonly test?: string;
};

/** Parameters and files of what reads the training table and the table to predict. */
export function pickTables(data: Data): { readonly params: TableParams; readonly files: TableFiles } {
  const { train, test } = tablesOf(data);
  const { conflicts, duplicates } = data;
  const ofTest =
    test === null
      ? {}
      : { ...readingOf(test), ...(test.id === train.id ? {} : { id: test.id }), ...(test.text === train.text ? {} : { text: test.text }) };
  return {
    params: {
      data: { id: train.id, text: train.text, target: train.target, conflicts, duplicates },
      ...(Object.keys(readingOf(train)).length === 0 ? {} : { train: readingOf(train) }),
      ...(Object.keys(ofTest).length === 0 ? {} : { test: ofTest }),
    },
    files: { train: train.path, ...(test === null ? {} : { test: test.path }) },
  };
}
