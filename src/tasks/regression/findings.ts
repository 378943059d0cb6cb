import { targetColumns } from '../../config/index.ts';
import { count, plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { cleaningSentence } from '../../data/examples/index.ts';
import { examplesOf, partOf, type Finding } from '../../data/findings/index.ts';
import { quoted } from '../../data/problems.ts';
import { isNumeric } from '../../data/tables/index.ts';
import { textColumns, type Text } from '../../data/texts/index.ts';
import { pearson } from '../metrics/numbers.ts';
import { differingTargets } from '../conflicts.ts';
import type { InspectedTargets } from '../task.ts';
import { knownIn, type Scale } from './scale.ts';

/** A number this many interquartile ranges beyond the quartiles is an outlier: of a normal distribution one in 10⁹ is. */
const FAR = 4;
/** So few different numbers, each in so many rows on average, are grades or classes. */
const FEW_VALUES = 12;
const ROWS_A_VALUE = 20;
/** A mean so many deviations from 0 leaves float32 few digits for the differences. */
const OFFSET = 10_000;
/** One column decides a mean of errors where it spreads so many times as far as the next. */
const UNLIKE = 20;
/** A column that correlates as much gives the target away. */
const LEAKING = 0.99;

/** How the numbers are distributed, and what of that makes training worse or the task another one. */
export function numberFindings(columns: readonly string[], scale: Scale, inspected: InspectedTargets): readonly Finding[] {
  const { all, kept } = inspected;
  const cleaning = cleaningSentence(kept.cleaning, { one: 'number', many: 'numbers' });
  const isCleaned = kept.cleaning.conflicting + kept.cleaning.duplicate > 0;
  const left = kept.cleaning.conflicting + kept.cleaning.duplicate;
  return [
    ...columns.flatMap((name, column) => {
      const values = knownIn(all.targets, column);
      return [
        ...constant(name, values),
        ...outliers(name, column, inspected),
        ...offset(name, valueAt(scale.mean, column), valueAt(scale.sd, column)),
        ...fewValues(name, values, columns.length),
        ...missingNumbers(name, values.length, all.ids.length),
        distribution(name, values),
      ];
    }),
    ...unlikeColumns(columns, scale, columns.map((_, column) => isConstant(knownIn(all.targets, column)))),
    ...leakingColumns(columns, inspected),
    ...(isCleaned && cleaning !== undefined
      ? [{ severity: 'info', code: 'cleaned-rows', message: `the configuration ${cleaning}`, count: left, examples: [] } as const]
      : []),
  ];
}

/** Texts that have different numbers in different rows. */
export function conflictFindings(texts: readonly Text[], groups: readonly (readonly number[])[]): readonly Finding[] {
  const finding = differingTargets('numbers', texts, groups);
  if (finding === undefined) return [];
  const remedy = 'split.group_by: text keeps the rows of a text in one fold; data.conflicts: drop leaves them out.';
  return [{ severity: 'info', ...finding, remedy }];
}

function constant(name: string, values: Float64Array): readonly Finding[] {
  if (!isConstant(values)) return [];
  return [
    {
      severity: 'warning',
      code: 'constant-target',
      message: `the target column ${quoted(name)} has one number throughout, ${values[0]}`,
      count: values.length,
      examples: [],
      remedy: 'Leave it out of data.target: nothing can be learned of it, and its correlation is not a number.',
    },
  ];
}

function outliers(name: string, column: number, { all }: InspectedTargets): readonly Finding[] {
  const { width, values } = all.targets;
  const sorted = knownIn(all.targets, column).sort();
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const reach = FAR * (high - low);
  if (reach === 0) return [];
  const beyond = (value: number): number => Math.max(low - reach - value, value - high - reach);
  const rows = all.ids.map((_, row) => row).filter((row) => beyond(valueAt(values, row * width + column)) > 0);
  const [farthest] = rows.toSorted((a, b) => beyond(values[b * width + column]!) - beyond(values[a * width + column]!));
  if (farthest === undefined) return [];
  const value = valueAt(values, farthest * width + column);
  return [
    {
      severity: 'warning',
      code: 'outliers',
      message:
        `${plural(rows.length, 'row')} of ${count(sorted.length)} ${rows.length === 1 ? 'has' : 'have'} a ${quoted(name)} more than ` +
        `${FAR} interquartile ranges beyond the quartiles, ${short(low)} and ${short(high)}; the farthest is ${short(value)} in row ` +
        `${farthest + 1}`,
      count: rows.length,
      examples: examplesOf('train', rows.map((row) => [row]), all.texts),
      remedy: 'Squared errors make training follow these rows: correct or leave out wrong ones.',
    },
  ];
}

function offset(name: string, mean: number, sd: number): readonly Finding[] {
  if (Math.abs(mean) < OFFSET * sd) return [];
  return [
    {
      severity: 'warning',
      code: 'large-offset',
      message:
        `the numbers of the target column ${quoted(name)} are around ${short(mean)} and differ by ${short(sd)} only, which float32 ` +
        'cannot tell apart well',
      count: 1,
      examples: [],
      remedy: 'Subtract a constant from the column, and add it to the predictions.',
    },
  ];
}

/** Columns of which one decides a mean of errors in their own units. */
function unlikeColumns(columns: readonly string[], { sd }: Scale, constant: readonly boolean[]): readonly Finding[] {
  const order = [...columns.keys()].filter((column) => constant[column] === false).sort((a, b) => valueAt(sd, b) - valueAt(sd, a));
  const [widest = 0, next = 0] = order;
  if (order.length < 2 || valueAt(sd, widest) < UNLIKE * valueAt(sd, next)) return [];
  const [of, other] = [valueAt(columns, widest), valueAt(columns, next)].map(quoted);
  return [
    {
      severity: 'warning',
      code: 'unlike-columns',
      message:
        `the target column ${of} spreads ${short(valueAt(sd, widest) / valueAt(sd, next))} times as far as ${other}, the next one, so it ` +
        'alone decides mcrmse and mae; the loss weighs all columns alike',
      count: columns.length,
      examples: [],
      remedy: 'Watch val/loss, val/r2 or val/pearson, or bring the columns to one unit.',
    },
  ];
}

function fewValues(name: string, values: Float64Array, columns: number): readonly Finding[] {
  const different = new Set(values);
  if (different.size < 2 || different.size > FEW_VALUES || different.size * ROWS_A_VALUE > values.length) return [];
  const shown = [...different].sort((a, b) => a - b).map(short).join(', ');
  const other = different.size === 2 ? 'classification' : 'ordinal, which predicts one of the grades,';
  return [
    {
      severity: 'info',
      code: 'few-values',
      message: `the target column ${quoted(name)} has ${different.size} different numbers only: ${shown}`,
      count: different.size,
      examples: [],
      ...(columns === 1 ? { remedy: `The task ${other} may fit better.` } : {}),
    },
  ];
}

function missingNumbers(name: string, known: number, rows: number): readonly Finding[] {
  if (known === rows) return [];
  return [
    {
      severity: 'info',
      code: 'missing-targets',
      message: `the target column ${quoted(name)} has no number in ${partOf(rows - known, rows, 'rows')}`,
      count: rows - known,
      examples: [],
    },
  ];
}

function distribution(name: string, values: Float64Array): Finding {
  const sorted = values.toSorted();
  const at = [0, 0.25, 0.5, 0.75, 1].map((share) => short(quantile(sorted, share)));
  return {
    severity: 'info',
    code: 'target-distribution',
    message:
      `the target ${quoted(name)} is between ${at[0]} and ${at[4]}, half of it between ${at[1]} and ${at[3]}; its median is ${at[2]}`,
    count: values.length,
    examples: [],
  };
}

/** Columns of numbers beside the text that say almost exactly what the target is. */
function leakingColumns(columns: readonly string[], { table, used, all }: InspectedTargets): readonly Finding[] {
  const taken = [used.id, ...textColumns(used.text), ...targetColumns(used.target)];
  return table.columns.filter((name) => !taken.includes(name) && !table.unnamed.has(name)).flatMap((name) => {
    const cells = table.column(name);
    if (!cells.every((cell) => cell.trim() === '' || isNumeric(cell))) return [];
    const told = columns.flatMap((target, column): readonly Finding[] => {
      const { width, values } = all.targets;
      const rows = cells.flatMap((cell, row) => (cell.trim() === '' || Number.isNaN(values[row * width + column]) ? [] : [row]));
      if (rows.length < ROWS_A_VALUE) return [];
      const correlation = pearson(rows.map((row) => values[row * width + column]!), rows.map((row) => Number(cells[row])));
      if (!(Math.abs(correlation) >= LEAKING)) return [];
      return [
        {
          severity: 'warning',
          code: 'leaking-column',
          message: `the column ${quoted(name)} gives the target ${quoted(target)} away: their correlation is ${correlation.toFixed(4)}`,
          count: rows.length,
          examples: [],
          remedy: 'The model reads only the text, so this does harm only if the text reveals the value of the column.',
        },
      ];
    });
    return told.slice(0, 1);
  });
}

function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const [low, high] = [valueAt(sorted, Math.floor(at)), valueAt(sorted, Math.ceil(at))];
  return low + (at - Math.floor(at)) * (high - low);
}

/** In at most four significant digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
