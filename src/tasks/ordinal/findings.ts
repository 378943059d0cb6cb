import { count } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { cleaningSentence, type CleaningCounts, type CleaningOptions } from '../../data/examples/index.ts';
import { percent, type Finding } from '../../data/findings/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import { isInteger } from '../../data/tables/index.ts';
import type { Text } from '../../data/texts/index.ts';
import { differingTargets } from '../conflicts.ts';
import { inspectColumns } from '../leaks/columns.ts';
import { inspectGiveaways } from '../leaks/giveaways.ts';
import { GRADE_LEAKS } from '../leaks/rows.ts';
import { classSizes } from '../metrics/confusion.ts';
import type { InspectedTargets } from '../task.ts';

/** Below this share of what it would have if all grades were equal, a grade is rare. */
const RARE = 0.1;
/** More grades than this are summed up by the lowest, the most frequent and the highest. */
const LISTED_GRADES = 10;
const LISTED_FOLDS = 10;

/** How often the grades occur, over all rows and over the folds, and which are absent. */
export function gradeFindings(grades: readonly string[], inspected: InspectedTargets): readonly Finding[] {
  const { kept, foldOf, folds } = inspected;
  const ranks = Int32Array.from(kept.targets.values);
  const sizes = classSizes(ranks, grades.length);
  return [
    ...cleanedRows(kept.cleaning),
    ...balance(grades, sizes),
    ...absentGrades(grades, sizes),
    ...fewRows(grades, sizes, folds),
    ...lackingFolds(grades, ranks, foldOf, folds),
    ...leaks(grades, inspected),
  ];
}

/** Columns, an order and words that give grades away. */
function leaks(grades: readonly string[], { table, used, all, shuffle }: InspectedTargets): readonly Finding[] {
  const { ids, texts, targets } = all;
  const rows = { ids, texts, labels: Int32Array.from(targets.values), classes: grades, words: GRADE_LEAKS };
  return [...inspectColumns(table, rows, used, shuffle), ...inspectGiveaways(rows)];
}

/** Texts that have different grades in different rows. */
export function gradeConflicts(
  texts: readonly Text[],
  groups: readonly (readonly number[])[],
  conflicts: CleaningOptions['conflicts'],
): readonly Finding[] {
  const finding = differingTargets('grades', texts, groups);
  if (finding === undefined) return [];
  if (conflicts !== 'keep') return [{ severity: 'info', ...finding }];
  const remedy =
    'data.conflicts: majority gives each of these texts the grade that most of its rows have; data.conflicts: drop leaves them out.';
  return [{ severity: 'warning', ...finding, remedy }];
}

function cleanedRows(cleaning: CleaningCounts): readonly Finding[] {
  const sentence = cleaningSentence(cleaning, { one: 'grade', many: 'grades' });
  if (sentence === undefined) return [];
  const touched = cleaning.conflicting + cleaning.relabelled + cleaning.duplicate;
  return [{ severity: 'info', code: 'cleaned-rows', message: `the configuration ${sentence}`, count: touched, examples: [] }];
}

function balance(grades: readonly string[], sizes: Int32Array): readonly Finding[] {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const most = sizes.reduce((largest, size, rank) => (size > valueAt(sizes, largest) ? rank : largest), 0);
  const share = (rank: number): string => percent(valueAt(sizes, rank), rows);
  const each = grades.map((name, rank) => `${quoted(name)} ${share(rank)}`).join(', ');
  const range =
    `${count(grades.length)} grades, from ${quoted(valueAt(grades, 0))} with ${share(0)} of the rows to ` +
    `${quoted(valueAt(grades, grades.length - 1))} with ${share(grades.length - 1)}`;
  const always = `always predicting ${quoted(valueAt(grades, most))} is right in ${share(most)} of the rows`;
  const summary = `${grades.length <= LISTED_GRADES ? `the grades are ${each}` : range}; ${always}`;
  const rare = grades.filter((_, rank) => valueAt(sizes, rank) > 0 && valueAt(sizes, rank) < (RARE * rows) / grades.length);
  if (rare.length === 0) return [{ severity: 'info', code: 'grade-balance', message: summary, count: grades.length, examples: [] }];
  const have = rare.length === 1 ? `the grade ${quotedList(rare)} has` : `the grades ${quotedList(rare)} have`;
  const message = `${have} few rows: ${summary}`;
  const remedy = 'Accuracy hardly notices a rare grade. Judge by val/qwk, the default, or merge such grades with their neighbours.';
  return [{ severity: 'warning', code: 'grade-balance', message, count: rare.length, examples: [], remedy }];
}

/** Grades of the list that no row has, and whole numbers between the grades. */
function absentGrades(grades: readonly string[], sizes: Int32Array): readonly Finding[] {
  const listed = grades.filter((_, rank) => sizes[rank] === 0);
  if (listed.length > 0) {
    const which = `the grade${listed.length === 1 ? '' : 's'} ${quotedList(listed)}`;
    const message = `no row that is trained on has ${which} of task.grades`;
    return [{ severity: 'info', code: 'absent-grades', message, count: listed.length, examples: [] }];
  }
  const between = numbersBetween(grades);
  if (between.length === 0) return [];
  const message =
    `the grades are ${quotedList(grades)}, without ${quotedList(between)} between them; neighbours are taken for one grade apart`;
  const remedy = 'If they exist, list all grades in task.grades, so that the model can predict them and kappa counts them.';
  return [{ severity: 'warning', code: 'absent-grades', message, count: between.length, examples: [], remedy }];
}

function numbersBetween(grades: readonly string[]): readonly string[] {
  if (!grades.every(isInteger)) return [];
  const [lowest, highest] = [Number(grades[0]), Number(grades.at(-1))];
  if (!(highest - lowest < MOST_BETWEEN)) return [];
  const known = new Set(grades.map(Number));
  return Array.from({ length: highest - lowest }, (_, i) => lowest + i).filter((number) => !known.has(number)).map(String);
}

/** Numbers that are this far apart are no neighbouring grades. */
const MOST_BETWEEN = 1000;

function fewRows(grades: readonly string[], sizes: Int32Array, folds: number): readonly Finding[] {
  const few = [...grades.keys()].filter((rank) => valueAt(sizes, rank) > 0 && valueAt(sizes, rank) < folds);
  if (few.length === 0) return [];
  const lead = few.length === 1 ? 'a grade has fewer rows' : `${count(few.length)} grades have fewer rows`;
  const listed = few.slice(0, LISTED_GRADES).map((rank) => `${quoted(valueAt(grades, rank))} has ${valueAt(sizes, rank)}`);
  return [
    {
      severity: 'warning',
      code: 'few-rows-of-grade',
      message:
        `${lead} than the ${folds} folds, so some folds are validated without ${few.length === 1 ? 'it' : 'them'}: ` +
        `${listed.join('; ')}${few.length > listed.length ? `; and ${few.length - listed.length} more` : ''}`,
      count: few.length,
      examples: [],
      remedy: 'Lower split.folds, add rows, or merge such grades with their neighbours.',
    },
  ];
}

/** Grades that are in fewer folds than they have rows for. */
function lackingFolds(grades: readonly string[], ranks: Int32Array, foldOf: Int32Array, folds: number): readonly Finding[] {
  const rowsIn = new Int32Array(folds * grades.length); // [folds, grades]
  ranks.forEach((rank, row) => {
    const fold = valueAt(foldOf, row);
    if (fold >= 0) rowsIn[fold * grades.length + rank]!++;
  });
  const places = grades.flatMap((name, rank) => {
    const counts = Array.from({ length: folds }, (_, fold) => valueAt(rowsIn, fold * grades.length + rank));
    const empty = [...counts.keys()].filter((fold) => counts[fold] === 0);
    const rows = counts.reduce((sum, inFold) => sum + inFold, 0);
    if (rows < folds || empty.length === 0) return [];
    const more = empty.length > LISTED_FOLDS ? ` and ${empty.length - LISTED_FOLDS} more` : '';
    return [`${quoted(name)} from fold${empty.length === 1 ? '' : 's'} ${empty.slice(0, LISTED_FOLDS).join(', ')}${more}`];
  });
  if (places.length === 0) return [];
  const message = `grades are missing among the validation rows of folds: ${places.slice(0, LISTED_GRADES).join('; ')}`;
  const remedy = 'Use split.strategy: stratified-kfold or split.shuffle: true; with split.group_by, fewer folds or smaller groups.';
  return [{ severity: 'warning', code: 'fold-lacks-grade', message, count: places.length, examples: [], remedy }];
}

