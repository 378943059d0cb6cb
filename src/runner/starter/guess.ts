import type { TaskName } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { missingCells } from '../../tasks/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import { columnOf, isNumeric, type Table } from '../../data/tables/index.ts';

/** The columns of a table that a person named. */
export interface NamedColumns {
  readonly text?: string;
  readonly target?: string;
}

/** What is learned from which columns. */
export interface Guess {
  readonly text: string;
  readonly targets: readonly string[];
  readonly task: Task;
}

type Task = Exclude<TaskName, 'ordinal'>;

/**
 * Different columns, and the task that the target suggests. Throws a usage error where the table has one column, one was named for both, or
 * the target holds neither classes, labels nor numbers.
 *
 * @param sampled the columns beside the id that a sample submission asks for
 */
export function textAndTarget(table: Table, asked: NamedColumns, sampled: readonly string[] = []): Guess {
  if (table.columns.length < 2) {
    throw new OrtrainError(
      'usage',
      `${table.file} has one column, ${quoted(table.columns[0] ?? '')}; a model learns from a column of texts and another of answers`,
      {
        subject: table.file,
        remedy: 'Give it a table of both. If the file has more columns, check that its separator fits its extension.',
      },
    );
  }
  const existing = (column: string | undefined, flag: string): string | undefined =>
    column === undefined ? undefined : columnNamed(table, column, flag);
  const givenText = existing(asked.text, '--text');
  const given = asked.target === undefined ? [] : namedTargets(table, asked.target);
  const text = givenText ?? textColumn(table, given);
  if (given.includes(text)) {
    throw new OrtrainError('usage', `--text and --target name the same column, ${quoted(text)}`, {
      subject: text,
      remedy: `The columns are ${quotedList(table.columns)}.`,
    });
  }
  const isSampled = sampled.length > 0 && sampled.every((column) => column !== text && table.columns.includes(column));
  const targets = given.length > 0 ? given : isSampled ? sampled : [targetColumn(table, text)];
  const task = taskOf(table, targets);
  if (task !== undefined) return { text, targets, task };
  throw new OrtrainError('usage', whyNoTask(table, targets), { subject: targets.join(',') });
}

/** A column of that name, or several between commas. */
function namedTargets(table: Table, asked: string): readonly string[] {
  const names = table.columns.includes(asked) ? [asked] : asked.split(',').map((name) => name.trim());
  return names.map((name) => columnNamed(table, name, '--target'));
}

/** Undefined where the columns hold neither classes nor labels of 0 and 1 nor numbers. */
function taskOf(table: Table, targets: readonly string[]): Task | undefined {
  const cells = targets.map((column) => columnOf(table, column) ?? []);
  const areNumbers = cells.every(holdsNumbers);
  if (targets.length > 1) return cells.every(holdsLabels) ? 'multi-label' : areNumbers ? 'regression' : undefined;
  const [values = []] = cells;
  const different = new Set(values).size;
  const isMany = different > MOST_CLASSES && different > table.rows.length / 2;
  if (areNumbers && different > 2 && (isMany || values.some((value) => isNumeric(value) && !Number.isInteger(Number(value)))))
    return 'regression';
  return different < 2 || isMany ? undefined : 'classification';
}

const isMissing = missingCells();
const holdsNumbers = (cells: readonly string[]): boolean =>
  cells.some(isNumeric) && cells.every((cell) => isNumeric(cell) || isMissing(cell));
const holdsLabels = (cells: readonly string[]): boolean =>
  cells.every((cell) => isMissing(cell) || /^\s*(0|1|0\.0|1\.0|true|false)\s*$/i.test(cell));

function whyNoTask(table: Table, targets: readonly string[]): string {
  const flag = `--target ${targets.join(',')}`;
  if (targets.length > 1) return `${flag}: the columns hold neither labels of 0 and 1 nor numbers`;
  const different = new Set(columnOf(table, targets[0] ?? '')).size;
  return `${flag}: the column has ${different} different values in ${table.rows.length} rows, so it does not hold classes`;
}

function columnNamed(table: Table, column: string, flag: string): string {
  if (table.columns.includes(column)) return column;
  const near = nearest(column, table.columns);
  throw new OrtrainError('usage', `${flag} ${column}: ${table.file} has no such column`, {
    subject: column,
    remedy: near === undefined ? `Its columns are ${quotedList(table.columns)}.` : `Did you mean ${quoted(near)}?`,
  });
}

/** The column with the longest texts, other than those of the target. */
function textColumn(table: Table, targets: readonly string[]): string {
  const length = (column: string): number => (columnOf(table, column) ?? []).reduce((sum, value) => sum + value.length, 0);
  const columns = table.columns.filter(
    (column) => !targets.includes(column) && table.unnamed?.has(column) !== true && table.unusable?.has(column) !== true,
  );
  const candidates = columns.length > 0 ? columns : table.columns.filter((column) => !targets.includes(column));
  return candidates.reduce((longest, column) => (length(column) > length(longest) ? column : longest));
}

/** Another column holds texts too where they are at least this part as long. */
const AS_LONG = 0.4;
/** Shorter values are names and words rather than texts. */
const FEWEST_CHARACTERS = 12;

/** A column of texts beside that of the texts, which a model could read as a pair with it; null where there is none. */
export function otherTexts(table: Table, text: string, taken: readonly string[]): string | null {
  const mean = (column: string): number =>
    (columnOf(table, column) ?? []).reduce((sum, value) => sum + value.length, 0) / Math.max(1, table.rows.length);
  const least = Math.max(FEWEST_CHARACTERS, AS_LONG * mean(text));
  const isFree = (column: string): boolean => column !== text && !taken.includes(column) && table.unusable?.has(column) !== true;
  const hasWords = (column: string): boolean => (columnOf(table, column) ?? []).some((value) => /\p{L}\s+\p{L}/u.test(value));
  return table.columns.find((column) => isFree(column) && hasWords(column) && mean(column) >= least) ?? null;
}

/** Names of columns that hold a pair of texts, besides those that differ only in 1 and 2, or a and b, at their ends. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['premise', 'hypothesis'],
  ['anchor', 'target'],
  ['query', 'document'],
  ['query', 'passage'],
  ['question', 'answer'],
  ['question', 'passage'],
  ['question', 'sentence'],
  ['prompt', 'response'],
  ['sentence', 'question'],
];

/** Two columns of texts whose names say that they are a pair; null where none are. */
export function pairedTexts(table: Table, taken: readonly string[]): readonly [string, string] | null {
  const free = table.columns.filter((column) => !taken.includes(column) && table.unusable?.has(column) !== true);
  const holdTexts = (columns: readonly [string, string]): boolean =>
    columns.every((column) => {
      const cells = columnOf(table, column) ?? [];
      return cells.some((value) => /\p{L}\s+\p{L}/u.test(value)) && 2 * new Set(cells).size > Math.min(cells.length, FEW_TEXTS);
    });
  for (const first of free) {
    const second = free.find((other) => other !== first && arePaired(first, other));
    if (second !== undefined && holdTexts([first, second])) return [first, second];
  }
  return null;
}

/** So many different texts are no classes. */
const FEW_TEXTS = 100;

function arePaired(first: string, second: string): boolean {
  const [a, b] = [first.toLowerCase(), second.toLowerCase()];
  const numbered = a.replace(/1$/, '2') === b && a.endsWith('1');
  const lettered = /[_ -]a$/.test(a) && a.replace(/a$/, 'b') === b;
  return numbered || lettered || PAIRS.some(([one, other]) => a === one && b === other);
}

const USUAL_TARGETS = /^(target|label|labels|class|category|sentiment|y)$/i;
/** More different values than this are rarely classes. */
const MOST_CLASSES = 50;

/**
 * A column of the usual name, or the only one that can hold classes: few different values, each of them often; or the only one of
 * numbers.
 */
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
  const isId = (column: string): boolean => /(^|[_\s])id$/i.test(column);
  const numbers = table.columns.filter((column) => column !== text && !isId(column) && holdsNumbers(columnOf(table, column) ?? []));
  if (candidates.length === 0 && numbers[0] !== undefined && numbers[1] === undefined) return numbers[0];
  const hint =
    candidates.length > 0 ? `it could be ${candidates.map(quoted).join(' or ')}` : `the columns are ${quotedList(table.columns)}`;
  throw new OrtrainError('usage', `it is unclear which column of ${table.file} holds the target`, {
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
