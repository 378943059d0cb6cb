import { count, plural } from '../../core/text.ts';
import type { TrainExamples } from '../examples.ts';
import { cleaningSentence } from '../cleaning.ts';
import { quoted, quotedList } from '../problems.ts';
import { partOf, percent, type Finding } from './finding.ts';

/** Below this share of what it would have if all classes were equal, a class is rare. */
const RARE = 0.1;
/** More classes than this are summed up by the largest and the smallest. */
const LISTED_CLASSES = 6;

/** How the classes that are trained on are distributed, over all rows and over the folds, and what cleaning has done to them. */
export function inspectClasses({ labels, classes, cleaning }: Pick<TrainExamples, 'labels' | 'classes' | 'cleaning'>, foldOf: Int32Array, folds: number): readonly Finding[] {
  const rowsIn = new Int32Array(folds * classes.length); // [folds, classes]
  labels.forEach((label, row) => rowsIn[foldOf[row]! * classes.length + label]!++);
  return [...cleanedRows(cleaning), ...balance(classes, labels), ...lackingFolds(classes, rowsIn, folds)];
}

function cleanedRows(cleaning: TrainExamples['cleaning']): Finding[] {
  const sentence = cleaningSentence(cleaning);
  const touched = cleaning.conflicting + cleaning.relabelled + cleaning.duplicate;
  return sentence === undefined ? [] : [{ severity: 'info', code: 'cleaned-rows', message: `the configuration ${sentence}`, count: touched, examples: [] }];
}

function balance(classes: readonly string[], labels: Int32Array): Finding[] {
  const rowsOf = new Int32Array(classes.length);
  for (const label of labels) rowsOf[label]!++;
  const bySize = [...classes.keys()].sort((a, b) => rowsOf[b]! - rowsOf[a]!);
  const [largest, smallest] = [bySize[0]!, bySize.at(-1)!];
  const always = `always predicting ${quoted(classes[largest]!)} is right in ${percent(rowsOf[largest]!, labels.length)} of the rows`;
  const each = bySize.map((label) => `${quoted(classes[label]!)} ${percent(rowsOf[label]!, labels.length)}`).join(', ');
  const range = `${classes.length} classes, from ${quoted(classes[largest]!)} with ${plural(rowsOf[largest]!, 'row')} to ${quoted(classes[smallest]!)} with ${count(rowsOf[smallest]!)}`;
  const finding = { code: 'class-balance', examples: [] } as const;
  const rare = bySize.filter((label) => rowsOf[label]! < (RARE * labels.length) / classes.length);
  const summary = `${classes.length <= LISTED_CLASSES ? `the classes are ${each}` : range}; ${always}`;
  if (rare.length === 0) return [{ severity: 'info', ...finding, message: summary, count: classes.length }];
  return [
    {
      severity: 'warning',
      ...finding,
      message: `${rare.length === 1 ? 'the class' : `${rare.length} classes,`} ${quotedList(rare.map((label) => classes[label]!))} ${rare.length === 1 ? 'has' : 'have'} few rows, the smallest ${partOf(rowsOf[smallest]!, labels.length, 'rows')}: ${summary}`,
      count: rare.length,
      remedy: 'Accuracy hardly notices a rare class. Judge by f1_macro, as in training.best_model: { monitor: val/f1_macro, mode: max }.',
    },
  ];
}

function lackingFolds(classes: readonly string[], rowsIn: Int32Array, folds: number): Finding[] {
  const places = classes.flatMap((name, label) => {
    const counts = Array.from({ length: folds }, (_, fold) => rowsIn[fold * classes.length + label]!);
    const empty = [...counts.keys()].filter((fold) => counts[fold] === 0);
    if (empty.length === 0) return [];
    const only = empty.length === folds - 1 ? `, and the model that fold ${counts.findIndex((rows) => rows > 0)} validates never sees it` : '';
    return [`${quoted(name)} is not among the validation rows of fold${empty.length === 1 ? '' : 's'} ${empty.join(', ')}${only}`];
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
