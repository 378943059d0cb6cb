import { lookup, valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import { canonical, columnOf, decimalOf, firstLine, isNumeric, type Table } from '../../data/tables/index.ts';
import { sortedValues, type TargetReader } from '../../data/examples/index.ts';
import { quoted } from '../../data/problems.ts';
import type { Task } from '../task.ts';
import { classSizes } from '../metrics/confusion.ts';
import { classTargets, labelsOf } from './labels.ts';
import { softReader } from './soft/reader.ts';
import { classification } from './task.ts';

/**
 * Classes are the different values of a column as the table has them: by number if all are numbers, otherwise by code point. Several
 * columns hold the probabilities of classes.
 */
export const classReader: TargetReader<Task> = {
  read(table, columns) {
    if (columns.length > 1) return softReader.read(table, columns);
    const [column = ''] = columns;
    const cells = columnOf(table, column) ?? [];
    const rowsOf = rowsByValue(cells);
    const classes = sortedValues([...rowsOf.keys()]);
    const labelOf = new Map(classes.map((name, label) => [name, label]));
    const targets = classTargets(cells.map((cell) => lookup(labelOf, cell)));
    return { targets, task: classification(classes), problems: targetProblems(table, column, rowsOf, classes) };
  },
  missing(targets, task) {
    if (targets.width > 1) return softReader.missing(targets, task);
    const { description } = task;
    const classes = description['classes'] as readonly string[];
    const left = classSizes(labelsOf(targets), classes.length);
    const fewest = classes.length === 2 ? 2 : 1;
    return classes.flatMap((name, label) => {
      const rows = valueAt(left, label);
      return rows < fewest ? [`of the class ${quoted(name)} ${rows === 0 ? 'no row is' : 'only one row is'} left`] : [];
    });
  },
};

/** A target with more classes than this, and fewer than two rows a class on average, is not one of classes. */
const MANY_CLASSES = 20;

function targetProblems(
  table: Table,
  target: string,
  rowsOf: ReadonlyMap<string, readonly number[]>,
  classes: readonly string[],
): Problem[] {
  if (classes.length === 0) return [];
  const about = { ...firstLine(table), field: target };
  if (classes.length === 1)
    return [{ message: `all rows have the same target, ${quoted(valueAt(classes, 0))}; there is nothing to learn`, ...about }];
  if (classes.length > MANY_CLASSES && classes.length * 2 > table.rows.length) {
    return [
      { message: `the target has ${classes.length} different values in ${table.rows.length} rows, so it does not hold classes`, ...about },
    ];
  }
  const empty = classes.filter((name) => name.trim() === '').flatMap((name) => lookup(rowsOf, name));
  return [
    ...empty.map((row) => ({ message: 'the target is empty', row, field: target })),
    ...(classes.length === 2 ? loneRows(target, rowsOf, classes) : []),
    ...spellingProblems(target, rowsOf, classes),
  ];
}

/** Of more than two classes one may have a single row, though not of two. */
function loneRows(target: string, rowsOf: ReadonlyMap<string, readonly number[]>, classes: readonly string[]): Problem[] {
  return classes
    .filter((name) => name.trim() !== '' && lookup(rowsOf, name).length === 1)
    .map((name) => ({
      message: `the class ${quoted(name)} has only this row, which cannot be in training and in validation`,
      row: valueAt(lookup(rowsOf, name), 0),
      field: target,
    }));
}

/** Whole numbers with zeros before them are written so on purpose, as in `01` beside `1`. */
const isCode = (name: string): boolean => /^0\d+$/.test(name);

/** Classes that differ only in spaces around them, in how a number is written, or in whether an accent is a character of its own. */
function spellingProblems(target: string, rowsOf: ReadonlyMap<string, readonly number[]>, classes: readonly string[]): Problem[] {
  const firstSpelling = new Map<string, string>();
  return classes.flatMap((name) => {
    const meaning = isNumeric(name) && !isCode(name) ? canonical(decimalOf(name)) : name.trim().normalize('NFC');
    const other = firstSpelling.get(meaning);
    if (meaning === '') return [];
    if (other !== undefined) {
      return [
        {
          message:
            `the classes ${quoted(other)} (${rowList(lookup(rowsOf, other))}) and ${quoted(name)} (${rowList(lookup(rowsOf, name))}) are ` +
            'the same value written in two ways',
          field: target,
        },
      ];
    }
    firstSpelling.set(meaning, name);
    return [];
  });
}

/** `row 3`, `rows 3, 8` or `rows 3, 8, 9 and 12 more`. */
function rowList(rows: readonly number[]): string {
  const shown = rows.slice(0, 3).join(', ');
  return `row${rows.length === 1 ? '' : 's'} ${shown}${rows.length > 3 ? ` and ${rows.length - 3} more` : ''}`;
}

/** Value to its data rows, from 1. */
function rowsByValue(values: readonly string[]): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  values.forEach((value, i) => {
    const known = rows.get(value);
    if (known === undefined) rows.set(value, [i + 1]);
    else known.push(i + 1);
  });
  return rows;
}
