import { OrtrainError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import { columnOf, type Table } from '../../data/tables/index.ts';

/** The columns of a table that a person named. */
export interface NamedColumns {
  readonly text?: string;
  readonly target?: string;
}

/** Two different columns. Throws a usage error where the table has one, or one was named for both. */
export function textAndTarget(table: Table, asked: NamedColumns): { readonly text: string; readonly target: string } {
  if (table.columns.length < 2) {
    throw new OrtrainError(
      'usage',
      `${table.file} has one column, ${quoted(table.columns[0] ?? '')}; a classifier learns from a column of texts and one of classes`,
      {
        subject: table.file,
        remedy: 'Give it a table of both. If the file has more columns, check that its separator fits its extension.',
      },
    );
  }
  const existing = (column: string | undefined, flag: string): string | undefined =>
    column === undefined ? undefined : columnNamed(table, column, flag);
  const [givenText, target] = [existing(asked.text, '--text'), existing(asked.target, '--target')];
  const text = givenText ?? textColumn(table, target);
  if (target === undefined) return { text, target: targetColumn(table, text) };
  if (text === target) {
    throw new OrtrainError('usage', `--text and --target name the same column, ${quoted(text)}`, {
      subject: text,
      remedy: `The columns are ${quotedList(table.columns)}.`,
    });
  }
  const different = new Set(columnOf(table, target)).size;
  if (different < 2 || (different > MOST_CLASSES && different > table.rows.length / 2)) {
    throw new OrtrainError(
      'usage',
      `--target ${target}: the column has ${different} different values in ${table.rows.length} rows, so it does not hold classes`,
      { subject: target },
    );
  }
  return { text, target };
}

function columnNamed(table: Table, column: string, flag: string): string {
  if (table.columns.includes(column)) return column;
  const near = nearest(column, table.columns);
  throw new OrtrainError('usage', `${flag} ${column}: ${table.file} has no such column`, {
    subject: column,
    remedy: near === undefined ? `Its columns are ${quotedList(table.columns)}.` : `Did you mean ${quoted(near)}?`,
  });
}

/** The column with the longest texts, other than that of the classes. */
function textColumn(table: Table, target: string | undefined): string {
  const length = (column: string): number => (columnOf(table, column) ?? []).reduce((sum, value) => sum + value.length, 0);
  const columns = table.columns.filter(
    (column) => column !== target && table.unnamed?.has(column) !== true && table.unusable?.has(column) !== true,
  );
  const candidates = columns.length > 0 ? columns : table.columns.filter((column) => column !== target);
  return candidates.reduce((longest, column) => (length(column) > length(longest) ? column : longest));
}

const USUAL_TARGETS = /^(target|label|labels|class|category|sentiment|y)$/i;
/** More different values than this are rarely classes. */
const MOST_CLASSES = 50;

/** A column of the usual name, or the only one that can hold classes: few different values, each of them often. */
function targetColumn(table: Table, text: string): string {
  const candidates = table.columns.filter((column) => {
    const different = new Set(columnOf(table, column)).size;
    return (
      column !== text && table.unnamed?.has(column) !== true && different >= 2 && different <= Math.min(MOST_CLASSES, table.rows.length / 2)
    );
  });
  const [usual] = candidates.filter((column) => USUAL_TARGETS.test(column));
  const [only, second] = candidates;
  if (usual !== undefined) return usual;
  if (only !== undefined && second === undefined) return only;
  const hint =
    candidates.length > 0 ? `it could be ${candidates.map(quoted).join(' or ')}` : `the columns are ${quotedList(table.columns)}`;
  throw new OrtrainError('usage', `it is unclear which column of ${table.file} holds the classes`, {
    subject: table.file,
    remedy: `Name it with --target; ${hint}.`,
  });
}

/** A column with id in its name and a different value in every row. */
export function idColumn(table: Table, taken: readonly string[]): string | null {
  const isId = (column: string): boolean => {
    const ids = new Set(columnOf(table, column));
    return /(^|[_\s])id$/i.test(column) && ids.size === table.rows.length && !ids.has('');
  };
  return table.columns.find((column) => !taken.includes(column) && isId(column)) ?? null;
}

/** A WordPiece token of running English holds about four characters; nineteen of twenty texts should fit, in steps of 32. */
export function tokensFor(texts: readonly string[]): number {
  const lengths = texts.map((text) => text.length).toSorted((a, b) => a - b);
  const most = lengths[Math.floor(lengths.length * 0.95)] ?? 0;
  return Math.min(512, Math.max(32, Math.ceil((most / 4 + 2) / 32) * 32));
}
