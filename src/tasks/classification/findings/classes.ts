import { valueAt } from '../../../core/values.ts';
import { classSizes } from '../../metrics/confusion.ts';
import { nearest } from '../../../core/nearest.ts';
import { count, plural } from '../../../core/text.ts';
import { cleaningSentence, type CleaningCounts } from '../../../data/examples/index.ts';
import { isNumeric } from '../../../data/tables/index.ts';
import { partOf, percent, type Finding } from '../../../data/findings/index.ts';
import { quoted, quotedList } from '../../../data/problems.ts';
import { CLASS_WORDS } from '../labels.ts';
import type { ClassRows } from '../../leaks/rows.ts';

/** Below this share of what it would have if all classes were equal, a class is rare. */
const RARE = 0.1;
/** More classes than this are summed up by the largest and the smallest. */
const LISTED_CLASSES = 6;
const SHOWN_ROWS = 3;
const LISTED_FOLDS = 10;

/** The classes of the rows that are trained on. */
export interface TrainedClasses extends Pick<ClassRows, 'labels' | 'classes'> {
  /** Each row's position in the table. */
  readonly rows: Int32Array;
  readonly cleaning: CleaningCounts;
}

/** How the classes that are trained on are distributed, over all rows and over the folds, and what cleaning has done to them. */
export function inspectClasses(examples: TrainedClasses, foldOf: Int32Array, folds: number): readonly Finding[] {
  const { labels, classes, cleaning } = examples;
  const rowsIn = new Int32Array(folds * classes.length); // [folds, classes]
  labels.forEach((label, row) => {
    const fold = valueAt(foldOf, row);
    if (fold >= 0) rowsIn[fold * classes.length + label]!++;
  });
  return [
    ...cleanedRows(cleaning),
    ...balance(classes, labels),
    ...similarClasses(classes),
    ...fewRows(examples, folds),
    ...lackingFolds(examples, rowsIn, folds),
  ];
}

/** Classes that cannot be among the validation rows of each fold. */
function fewRows({ labels, classes, rows: places }: TrainedClasses, folds: number): Finding[] {
  const rowsOf = classes.map((): number[] => []);
  labels.forEach((label, row) => {
    if (valueAt(rowsOf, label).length < folds) valueAt(rowsOf, label).push(valueAt(places, row) + 1);
  });
  const few = rowsOf.flatMap((rows, label) => (rows.length < folds ? [{ label, rows }] : []));
  if (few.length === 0) return [];
  const listed = few.slice(0, LISTED_CLASSES).map(({ label, rows }) => {
    const name = valueAt(classes, label);
    const meant = rows.length === 1 && !isNumeric(name) ? nearest(name, classes.filter((_, other) => other !== label)) : undefined;
    if (rows.length === 0) return `${quoted(name)} has none`;
    const shown = `row${rows.length === 1 ? '' : 's'} ${rows.slice(0, SHOWN_ROWS).join(', ')}${rows.length > SHOWN_ROWS ? ', …' : ''}`;
    return `${quoted(name)} has ${rows.length} (${shown}${meant === undefined ? '' : `; is ${quoted(meant)} meant?`})`;
  });
  const hidden = few.length - listed.length;
  const lead = few.length === 1 ? 'a class has fewer rows' : `${count(few.length)} classes have fewer rows`;
  return [
    {
      severity: 'warning',
      code: 'few-rows-of-class',
      message:
        `${lead} than the ${folds} folds, so some folds are validated without ${few.length === 1 ? 'it' : 'them'}: ` +
        `${listed.join('; ')}${hidden > 0 ? `; and ${count(hidden)} more` : ''}`,
      count: few.length,
      examples: [],
      remedy: 'Metrics of a fold are over the classes that occur in it. Lower split.folds, add rows, or merge such classes.',
    },
  ];
}

/** Classes that are one number with and without zeros before it. */
function similarClasses(classes: readonly string[]): Finding[] {
  const alike = new Map<string, string[]>();
  for (const name of classes.filter((each) => /^\d+$/.test(each))) {
    const number = name.replace(/^0+(?=\d)/, '');
    alike.set(number, [...(alike.get(number) ?? []), name]);
  }
  const pairs = [...alike.values()].filter(({ length }) => length > 1).map((names) => names.map(quoted).join(' and '));
  if (pairs.length === 0) return [];
  const shown =
    `${pairs.slice(0, LISTED_CLASSES).join(', ')}${pairs.length > LISTED_CLASSES ? ` and ${pairs.length - LISTED_CLASSES} more` : ''}`;
  return [
    {
      severity: 'warning',
      code: 'similar-classes',
      message: `classes are the same number with and without zeros before it, and are taken for different ones: ${shown}`,
      count: pairs.length,
      examples: [],
      remedy: 'Where a program took the zeros away in some rows, write them again; where they are codes, there is nothing to do.',
    },
  ];
}

function cleanedRows(cleaning: CleaningCounts): Finding[] {
  const sentence = cleaningSentence(cleaning, CLASS_WORDS);
  const touched = cleaning.conflicting + cleaning.relabelled + cleaning.duplicate;
  return sentence === undefined
    ? []
    : [{ severity: 'info', code: 'cleaned-rows', message: `the configuration ${sentence}`, count: touched, examples: [] }];
}

function balance(classes: readonly string[], labels: Int32Array): Finding[] {
  const rowsOf = new Int32Array(classes.length);
  for (const label of labels) rowsOf[label]!++;
  const bySize = [...classes.keys()].sort((a, b) => valueAt(rowsOf, b) - valueAt(rowsOf, a));
  const [largest, smallest] = [valueAt(bySize, 0), bySize.at(-1)!];
  const share = percent(valueAt(rowsOf, largest), labels.length);
  const always = `always predicting ${quoted(valueAt(classes, largest))} is right in ${share} of the rows`;
  const each = bySize.map((label) => `${quoted(valueAt(classes, label))} ${percent(valueAt(rowsOf, label), labels.length)}`).join(', ');
  const range =
    `${classes.length} classes, from ${quoted(valueAt(classes, largest))} with ${plural(valueAt(rowsOf, largest), 'row')} to ` +
    `${quoted(valueAt(classes, smallest))} with ${count(valueAt(rowsOf, smallest))}`;
  const finding = { code: 'class-balance', examples: [] } as const;
  const rare = bySize.filter((label) => valueAt(rowsOf, label) < (RARE * labels.length) / classes.length);
  const summary = `${classes.length <= LISTED_CLASSES ? `the classes are ${each}` : range}; ${always}`;
  if (rare.length === 0) return [{ severity: 'info', ...finding, message: summary, count: classes.length }];
  return [
    {
      severity: 'warning',
      ...finding,
      message:
        `${rare.length === 1 ? 'the class' : `${rare.length} classes,`} ${quotedList(rare.map((label) => valueAt(classes, label)))} ` +
        `${rare.length === 1 ? 'has' : 'have'} few rows, the smallest ` +
        `${partOf(valueAt(rowsOf, smallest), labels.length, 'rows')}: ${summary}`,
      count: rare.length,
      remedy: 'Accuracy hardly notices a rare class. Judge by f1_macro, as in training.best_model: { monitor: val/f1_macro, mode: max }.',
    },
  ];
}

/** Classes that are in fewer folds than they have rows for. */
function lackingFolds({ classes, labels }: TrainedClasses, rowsIn: Int32Array, folds: number): Finding[] {
  const sizes = classSizes(labels, classes.length);
  const places = classes.flatMap((name, label) => {
    const counts = Array.from({ length: folds }, (_, fold) => valueAt(rowsIn, fold * classes.length + label));
    const empty = [...counts.keys()].filter((fold) => counts[fold] === 0);
    const rows = counts.reduce((sum, inFold) => sum + inFold, 0);
    if (empty.length === 0 || empty.length === folds - rows) return [];
    const only =
      empty.length === folds - 1 && rows === sizes[label]
        ? `, and the model that fold ${counts.findIndex((inFold) => inFold > 0)} validates never sees it`
        : '';
    const shown =
      `${empty.slice(0, LISTED_FOLDS).join(', ')}${empty.length > LISTED_FOLDS ? ` and ${empty.length - LISTED_FOLDS} more` : ''}`;
    return [`${quoted(name)} is not among the validation rows of fold${empty.length === 1 ? '' : 's'} ${shown}${only}`];
  });
  if (places.length === 0) return [];
  const hidden = places.length - LISTED_CLASSES;
  return [
    {
      severity: 'warning',
      code: 'fold-lacks-class',
      message: `classes are missing from folds: ${places.slice(0, LISTED_CLASSES).join('; ')}${hidden > 0 ? `; and ${hidden} more` : ''}`,
      count: places.length,
      examples: [],
      remedy: 'Use split.strategy: stratified-kfold or split.shuffle: true; with split.group_by, fewer folds or smaller groups.',
    },
  ];
}
