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

/** Parameters and files of a stage that reads the training table and, unless `trainOnly` says so, the table to predict. */
export function pickTables(
  data: Data,
  trainOnly = false,
): { readonly params: TableParams; readonly files: Readonly<Record<string, string>> } {
  const { train, test } = tablesOf(data);
  const { conflicts, duplicates } = data;
  const ofTest =
    test === null || trainOnly
      ? {}
      : { ...readingOf(test), ...(test.id === train.id ? {} : { id: test.id }), ...(test.text === train.text ? {} : { text: test.text }) };
  return {
    params: {
      data: { id: train.id, text: train.text, target: train.target, conflicts, duplicates },
      ...(Object.keys(readingOf(train)).length === 0 ? {} : { train: readingOf(train) }),
      ...(Object.keys(ofTest).length === 0 ? {} : { test: ofTest }),
    },
    files: { train: train.path, ...(test === null || trainOnly ? {} : { test: test.path }) },
  };
}
