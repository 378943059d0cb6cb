import { encodingOf } from '../core/encodings.ts';
import type { Experiment } from './experiment.ts';
import { foldCount } from './split-keys.ts';

type Data = Experiment['data'];

/** A table of an experiment, with all that its own object leaves out taken from `data`. */
export interface TableSource {
  readonly path: string;
  /** The WHATWG standard's name. */
  readonly encoding: string;
  /** Names for a table without a header; null: it has one. */
  readonly columns: readonly string[] | null;
}

export interface TextSource extends TableSource {
  /** Null: the row number. */
  readonly id: string | null;
  /** A segment, or two in a list. */
  readonly text: string | readonly string[];
}

export interface TrainSource extends TextSource {
  readonly target: string | readonly string[];
}

export interface TestSource extends TextSource {
  /** Null: there is none, or it is not to be looked at. */
  readonly target: string | readonly string[] | null;
  /** Whether the table has to have it: it was named for this table. */
  readonly isTargetNamed: boolean;
}

export interface TableSources {
  readonly train: TrainSource;
  /** Null: the training table is divided. */
  readonly validation: TrainSource | null;
  readonly test: TestSource | null;
  readonly sample: TableSource | null;
  /** Names of the sample's id column, likeliest first; the first of them that it has counts. */
  readonly sampleIds: readonly string[];
  /** Whether the sample has to have the first of them. */
  readonly sampleIdIsNamed: boolean;
  /** What the columns of the sample beside the id receive, as far as the configuration says it. */
  readonly asked: {
    readonly columns: Readonly<Record<string, string>>;
    readonly top: number | null;
    readonly separator: string | null;
  };
}

/** Where the tables of an experiment are and how each is read. */
export function tablesOf(data: Data): TableSources {
  const { id, text, target } = data;
  const [train, test, sample] = [objectOf(data.train), objectOf(data.test), objectOf(data.sample_submission)];
  const testId = test === null ? null : test.id === undefined ? id : test.id;
  const sampleIds = [sample?.id, id, testId].filter((name) => name !== null && name !== undefined);
  const labelled = (table: TableObject): TrainSource => ({
    ...sourceOf(table, data, data.columns),
    id: table.id === undefined ? id : table.id,
    text: segmentsOf(table.text ?? text),
    target: table.target ?? target,
  });
  const validation = objectOf(data.validation);
  return {
    train: labelled(train!),
    validation: validation === null ? null : labelled(validation),
    test:
      test === null
        ? null
        : {
            ...sourceOf(test, data, data.columns),
            id: testId,
            text: segmentsOf(test.text ?? text),
            target: test.target === undefined ? (train!.target ?? target) : test.target,
            isTargetNamed: typeof test.target === 'string' || Array.isArray(test.target),
          },
    // A sample has a header, which the submission takes, unless its own object says otherwise.
    sample: sample === null ? null : sourceOf(sample, data, null),
    sampleIds: [...new Set(sampleIds)],
    sampleIdIsNamed: typeof sample?.id === 'string',
    asked: {
      columns: isList(sample?.columns) ? {} : (sample?.columns ?? {}),
      top: sample?.top ?? null,
      separator: sample?.separator ?? null,
    },
  };
}

/** How many folds the rows are divided into: with a table of its own for validation it is the only one. */
export function foldsOf({ data, split }: Pick<Experiment, 'data' | 'split'>): number {
  return data.validation === null ? foldCount(split) : 1;
}

/** The columns that hold the target. */
export function targetColumns(target: string | readonly string[]): readonly string[] {
  return typeof target === 'string' ? [target] : target;
}

/** What of how a table is read is not the default: absent from the keys of those who do not use it. */
export function readingOf({ encoding, columns }: TableSource): { readonly encoding?: string; readonly columns?: readonly string[] } {
  return { ...(encoding === 'utf-8' ? {} : { encoding }), ...(columns === null ? {} : { columns }) };
}

/** The path of a table that is a path or an object with one. */
export function pathOf<T extends string | { readonly path: string } | null>(table: T): T extends null ? null : string;
export function pathOf(table: string | { readonly path: string } | null): string | null {
  return typeof table === 'string' || table === null ? table : table.path;
}

/** A list of one is that one. */
function segmentsOf(text: string | readonly string[]): string | readonly string[] {
  const [only, second] = [text].flat();
  return second === undefined ? (only ?? '') : text;
}

interface TableObject {
  readonly path: string;
  readonly id?: string | null;
  readonly text?: string | readonly string[];
  readonly target?: string | readonly string[] | null;
  readonly encoding?: string;
  /** Names, or, for a sample, what each column receives. */
  readonly columns?: readonly string[] | Readonly<Record<string, string>> | null;
  readonly top?: number | null;
  readonly separator?: string | null;
}

function isList(columns: TableObject['columns']): columns is readonly string[] {
  return Array.isArray(columns);
}

function objectOf(table: string | TableObject | null): TableObject | null {
  return typeof table === 'string' ? { path: table } : table;
}

function sourceOf(table: TableObject, data: Data, columns: readonly string[] | null): TableSource {
  return {
    path: table.path,
    encoding: encodingOf(table.encoding ?? data.encoding) ?? 'utf-8',
    columns: table.columns === undefined ? columns : isList(table.columns) ? table.columns : null,
  };
}
