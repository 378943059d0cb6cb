import { tablesOf, targetColumns, type Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import {
  isLabelled,
  labelledExamples,
  rowCount,
  targetsAt,
  valuesAt,
  type LabelledColumns,
  type LabelledExamples,
  type Targets,
} from '../../data/examples/index.ts';
import { parseTable, readTableAside, type Table } from '../../data/tables/index.ts';
import { textColumns, type Text } from '../../data/texts/index.ts';
import { targetsAs, type TargetOptions, type Task } from '../../tasks/index.ts';

/** How a labelled table is read where it is not as the run's own tables are. */
export interface LabelledOptions {
  /** What bytes are that come without a name. */
  readonly format?: 'csv' | 'tsv' | 'jsonl';
  readonly encoding?: string;
  /** Names of the columns of a table without a header. */
  readonly columns?: readonly string[];
  /** The columns that hold the target. */
  readonly target?: readonly string[];
}

/** Rows of a table whose target is known. */
export interface LabelledRows {
  readonly table: Table;
  /** The row of the table that each is. */
  readonly kept: Int32Array;
  readonly ids: readonly string[];
  readonly texts: readonly Text[];
  readonly targets: Targets;
}

/** Reads a labelled table from a file, or from bytes that came in. Throws a `data` error with everything that is wrong with it. */
export async function readLabelled(
  source: { readonly path: string } | { readonly bytes: Uint8Array },
  task: Task,
  experiment: Pick<Experiment, 'data' | 'task'>,
  options: LabelledOptions,
): Promise<LabelledRows> {
  const table = await tableOf(source, options);
  if (table.rows.length === 0) {
    throw new OrtrainError('data', `${table.file} has no rows`, { subject: table.file, remedy: 'Name a table with texts and targets.' });
  }
  const { data } = experiment;
  const { train, test } = tablesOf(data);
  const { id, text } = [train, ...(test === null ? [] : [test])].find((each) => fits(table, each.text)) ?? train;
  const target = options.target ?? train.target;
  const named = { id: id !== null && table.columns.includes(id) ? id : null, text, target };
  const all = decoded(table, named, task, { ...data, task: experiment.task });
  const kept = Int32Array.from({ length: rowCount(all.targets) }, (_, row) => row).filter((row) => isLabelled(all.targets, row));
  if (kept.length === 0) {
    throw new OrtrainError('data', `no row of ${table.file} has a target`, {
      subject: table.file,
      remedy: 'Texts without targets are classified with: pipeline predict.',
    });
  }
  return { table, kept, ids: valuesAt(all.ids, kept), texts: valuesAt(all.texts, kept), targets: targetsAt(all.targets, kept) };
}

/** That columns are not there is said once, whatever is read of them. */
const NO_TARGETS = { targets: { width: 1, values: new Float64Array(0) }, problems: [] };

function decoded(table: Table, columns: LabelledColumns, task: Task, options: TargetOptions): LabelledExamples<Task> {
  try {
    return labelledExamples(table, columns, {
      read: (of, names) => {
        const areThere = names.every((name) => of.columns.includes(name));
        return { ...(areThere ? targetsAs(task, of, names, options) : NO_TARGETS), task };
      },
      missing: () => [],
    });
  } catch (error) {
    if (!(error instanceof OrtrainError)) throw error;
    const { message, subject, problems } = error;
    const named = [...textColumns(columns.text), ...targetColumns(columns.target)].map((name) => JSON.stringify(name)).join(', ');
    throw new OrtrainError('data', message, {
      ...(subject === undefined ? {} : { subject }),
      problems,
      remedy: problems.some(({ row }) => row !== undefined)
        ? 'Correct these rows, or name other columns with --target.'
        : `The table needs the columns ${named}; --target names another target. Texts without targets are classified with: ` +
          'pipeline predict.',
    });
  }
}

function fits(table: Table, text: Parameters<typeof textColumns>[0]): boolean {
  return textColumns(text).every((column) => table.columns.includes(column));
}

function tableOf(
  source: { readonly path: string } | { readonly bytes: Uint8Array },
  { format, encoding, columns }: LabelledOptions,
): Promise<Table> {
  const reading = { ...(encoding === undefined ? {} : { encoding }), ...(columns === undefined ? {} : { columns }) };
  if ('path' in source) return readTableAside({ path: source.path, ...reading });
  return parseTable(source.bytes, 'stdin', format ?? likelyFormat(source.bytes), reading);
}

function likelyFormat(bytes: Uint8Array): 'csv' | 'tsv' | 'jsonl' {
  const beginning = new TextDecoder().decode(bytes.subarray(0, 65_536)).trimStart();
  if (beginning.startsWith('{')) return 'jsonl';
  return (beginning.split(/\r\n|\n|\r/, 1)[0] ?? '').includes('\t') ? 'tsv' : 'csv';
}
