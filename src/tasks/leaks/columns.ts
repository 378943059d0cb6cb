import { targetColumns } from '../../config/index.ts';
import { countUp, lookup, valueAt } from '../../core/values.ts';
import { isNumeric, type TableColumns } from '../../data/tables/index.ts';
import { percent, type Finding } from '../../data/findings/index.ts';
import { groupsBy } from '../../data/examples/index.ts';
import { quoted } from '../../data/problems.ts';
import { textColumns, type TextColumns } from '../../data/texts/index.ts';
import { rocAucOfEach } from '../metrics/ranking.ts';
import { classSizes } from '../metrics/confusion.ts';
import { CLASS_LEAKS, type ClassRows } from './rows.ts';

/** The columns that the experiment uses, and so no leaks. */
export interface UsedColumns {
  readonly id: string | null;
  readonly text: TextColumns;
  readonly target: string | readonly string[];
  readonly weight?: string | null;
}

/** Fewer rows of a class, or beside it, prove nothing. */
const FEWEST_ROWS = 20;
/** With fewer rows a value than this on average, a column names rows rather than sorts them. */
const ROWS_A_VALUE = 5;
/** A column tells the class where it leaves at most this share of the mistakes of someone who knows only the largest class. */
const MISTAKES_LEFT = 0.05;
/** A number tells a class where this share of the pairs of a row of it and another is in order. */
const ORDERED_PAIRS = 0.99;
/** Row numbers and ids count as ordered by class from here on. */
const ORDERED_ROWS = 0.95;
/** More rows than this make an area under the curve no surer. */
const RANKED_ROWS = 20_000;

/** Columns beside the text from which the class can be told almost surely, and an order of rows or ids that follows the classes. */
export function inspectColumns(table: TableColumns, examples: ClassRows, used: UsedColumns, shuffle: boolean): readonly Finding[] {
  return [...leakingColumns(table, examples, used), ...sortedByClass(examples, used.id, shuffle)];
}

/** Of these, the columns. */
export function leakingColumns(table: TableColumns, examples: ClassRows, used: UsedColumns): readonly Finding[] {
  const taken = [used.id, used.weight, ...textColumns(used.text), ...targetColumns(used.target)];
  const others = table.columns.filter((column) => !taken.includes(column) && !table.unnamed.has(column));
  return others.flatMap((column) => leakingColumn(column, table.column(column), examples));
}

function leakingColumn(column: string, values: readonly string[], examples: ClassRows): Finding[] {
  const how = howItTells(values, examples);
  const { words = CLASS_LEAKS } = examples;
  if (how === undefined) return [];
  return [
    {
      severity: 'warning',
      code: 'leaking-column',
      message: `the column ${quoted(column)} gives ${words.what} away: ${how}`,
      count: values.length,
      examples: [],
      remedy:
        'The model reads only the text, so this does harm only if the text reveals the value of the column. If rows with the same value ' +
        `have one source, split.group_by: ${JSON.stringify(column)} keeps them in one fold.`,
    },
  ];
}

function howItTells(values: readonly string[], examples: ClassRows): string | undefined {
  const byValue = toldRight(values, examples);
  if (byValue !== undefined) return `its value alone predicts ${byValue}`;
  const byPresence = toldRight(values.map((value) => (value.trim() === '' ? 'empty' : 'filled')), examples);
  if (byPresence !== undefined) return `whether it is filled predicts ${byPresence}`;
  if (!values.every((value) => value.trim() === '' || isNumeric(value))) return undefined;
  const rows = Array.from(values.keys()).filter((row) => valueAt(values, row).trim() !== '');
  const { label, share } = mostOrdered(rows, (row) => Number(values[row]), examples);
  if (share < ORDERED_PAIRS) return undefined;
  const { words = CLASS_LEAKS } = examples;
  return (
    `in ${percent(share, 1)} of all pairs of ${words.rowOf(valueAt(examples.classes, label))} and another row, ` +
    'the order of the numbers shows which is which'
  );
}

/**
 * How well each row's class is told by the other rows with its value; undefined where hardly better than by the largest class.
 * A row does not count for itself, so that a value of its own tells nothing.
 */
function toldRight(values: readonly string[], { labels, classes, words = CLASS_LEAKS }: ClassRows): string | undefined {
  const { of, count } = groupsBy(values);
  const rowsOfClass = classSizes(labels, classes.length);
  const largest = rowsOfClass.reduce((most, rows, label) => (rows > valueAt(rowsOfClass, most) ? label : most), 0);
  const mistakesWithout = labels.length - valueAt(rowsOfClass, largest);
  if (count < 2 || count * ROWS_A_VALUE > labels.length || mistakesWithout < FEWEST_ROWS) return undefined;
  const mistakes = wronglyTold(of, count, labels, largest);
  if (mistakes > MISTAKES_LEFT * mistakesWithout) return undefined;
  return (
    `${words.what} of ${percent(labels.length - mistakes, labels.length)} of the rows, where always predicting ` +
    `${quoted(valueAt(classes, largest))} is right in ${percent(valueAt(rowsOfClass, largest), labels.length)}`
  );
}

/** Rows whose class is not the most frequent one of the other rows with their value; a value of its own tells the largest class. */
function wronglyTold(valueOf: Int32Array, values: number, labels: Int32Array, largest: number): number {
  const rowsOf = new Map<number, number>(); // by value and class
  const cell = (row: number): number => valueAt(valueOf, row) * (labels.length + 1) + valueAt(labels, row);
  labels.forEach((_, row) => countUp(rowsOf, cell(row)));
  // Of each value the rows of its most frequent class, which class that is, and the rows of the next one.
  const [first, firstLabel, second] = [new Int32Array(values), new Int32Array(values), new Int32Array(values)];
  for (const [key, rows] of rowsOf) {
    const [value, label] = [Math.floor(key / (labels.length + 1)), key % (labels.length + 1)];
    if (rows > valueAt(first, value)) {
      second[value] = valueAt(first, value);
      first[value] = rows;
      firstLabel[value] = label;
    } else if (rows > valueAt(second, value)) second[value] = rows;
  }
  let mistakes = 0;
  labels.forEach((label, row) => {
    const value = valueAt(valueOf, row);
    const [others, most] =
      label === firstLabel[value]
        ? [valueAt(first, value) - 1, valueAt(second, value)]
        : [lookup(rowsOf, cell(row)) - 1, valueAt(first, value)];
    const isTold = others === 0 && most === 0 ? label === largest : most < others;
    if (!isTold) mistakes++;
  });
  return mistakes;
}

function sortedByClass(examples: ClassRows, id: string | null, shuffle: boolean): Finding[] {
  const rows = Array.from(examples.labels.keys());
  const byRow = mostOrdered(rows, (row) => row, examples);
  const isNumbered = id !== null && examples.ids.every(isNumeric);
  const byId = isNumbered ? mostOrdered(rows, (row) => Number(examples.ids[row]), examples) : byRow;
  const [what, { label, share }] = byRow.share >= ORDERED_ROWS ? (['rows come', byRow] as const) : (['ids rise', byId] as const);
  if (share < ORDERED_ROWS) return [];
  const { words = CLASS_LEAKS } = examples;
  const message =
    `the ${what} in the order of the ${words.many}: in ${percent(share, 1)} of all pairs of ` +
    `${words.rowOf(valueAt(examples.classes, label))} and another row, the order shows which is which`;
  const finding = { code: 'sorted-by-class', message, count: rows.length, examples: [] } as const;
  if (shuffle || what === 'ids rise') return [{ severity: 'info', ...finding }];
  return [
    { severity: 'warning', ...finding, remedy: 'split.shuffle: true, the default, makes folds that do not follow the order of the table.' },
  ];
}

/** The class that a number best sets apart from the others, and the share of pairs that it puts in order, one way or the other. */
function mostOrdered(
  rows: readonly number[],
  numberOf: (row: number) => number,
  { labels, classes }: ClassRows,
): { readonly label: number; readonly share: number } {
  const every = Math.ceil(rows.length / RANKED_ROWS);
  const ranked = rows.filter((_, i) => i % every === 0);
  const scores = Float64Array.from(ranked, numberOf);
  const ofRanked = Int32Array.from(ranked, (row) => valueAt(labels, row));
  const rowsOfClass = classSizes(ofRanked, classes.length);
  const areas = rocAucOfEach(ofRanked, scores, classes.length);
  let best = { label: 0, share: 0 };
  for (let label = 0; label < classes.length; label++) {
    if (Math.min(valueAt(rowsOfClass, label), ranked.length - valueAt(rowsOfClass, label)) < FEWEST_ROWS) continue;
    const share = Math.max(valueAt(areas, label), 1 - valueAt(areas, label));
    if (share > best.share) best = { label, share };
  }
  return best;
}
