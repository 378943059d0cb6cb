import { count } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import type { Targets } from '../../../data/examples/index.ts';
import type { Finding } from '../../../data/findings/index.ts';
import { quoted } from '../../../data/problems.ts';
import { labelSizes } from '../cells.ts';

const LISTED_LABELS = 6;
const LISTED_FOLDS = 10;

/** Labels that occur in fewer rows than there are folds, and labels that are in fewer folds than they have rows for. */
export function foldFindings(labels: readonly string[], targets: Targets, foldOf: Int32Array, folds: number): readonly Finding[] {
  const rowsOf = Array.from({ length: folds }, (): number[] => []);
  foldOf.forEach((fold, row) => rowsOf[fold]?.push(row));
  const inFolds = rowsOf.map((rows) => labelSizes(targets, rows));
  return [...fewRows(labels, targets, folds), ...lackingFolds(labels, targets, inFolds)];
}

function fewRows(labels: readonly string[], targets: Targets, folds: number): readonly Finding[] {
  const sizes = labelSizes(targets);
  const few = [...labels.keys()].filter((label) => valueAt(sizes, label).positive > 0 && valueAt(sizes, label).positive < folds);
  if (few.length === 0) return [];
  const lead = few.length === 1 ? 'a label occurs' : `${count(few.length)} labels occur`;
  const listed = few.slice(0, LISTED_LABELS).map((label) => `${quoted(valueAt(labels, label))} in ${valueAt(sizes, label).positive}`);
  return [
    {
      severity: 'warning',
      code: 'few-rows-of-label',
      message:
        `${lead} in fewer rows than the ${folds} folds, so some folds are validated without ${few.length === 1 ? 'it' : 'them'}: ` +
        `${listed.join('; ')}${andMore(few.length - listed.length)}`,
      count: few.length,
      examples: [],
      remedy: 'roc_auc and average_precision have no value in such folds. Lower split.folds, add rows, or watch another metric.',
    },
  ];
}

function lackingFolds(
  labels: readonly string[],
  targets: Targets,
  inFolds: readonly ReturnType<typeof labelSizes>[],
): readonly Finding[] {
  const sizes = labelSizes(targets);
  const places = labels.flatMap((name, label) => {
    const { positive, negative } = valueAt(sizes, label);
    if (Math.min(positive, negative) < inFolds.length) return [];
    const lacking = [...inFolds.keys()].filter((fold) => {
      const size = valueAt(valueAt(inFolds, fold), label);
      return size.positive === 0 || size.negative === 0;
    });
    if (lacking.length === 0) return [];
    const more = lacking.length > LISTED_FOLDS ? ` and ${lacking.length - LISTED_FOLDS} more` : '';
    const shown = `${lacking.slice(0, LISTED_FOLDS).join(', ')}${more}`;
    return [`${quoted(name)} is the same in all validation rows of fold${lacking.length === 1 ? '' : 's'} ${shown}`];
  });
  if (places.length === 0) return [];
  const listed = places.slice(0, LISTED_LABELS);
  return [
    {
      severity: 'warning',
      code: 'fold-lacks-label',
      message: `labels do not vary in some folds: ${listed.join('; ')}${andMore(places.length - listed.length)}`,
      count: places.length,
      examples: [],
      remedy: 'Use split.strategy: multilabel-stratified-kfold or split.shuffle: true; with split.group_by, fewer folds or smaller groups.',
    },
  ];
}

function andMore(hidden: number): string {
  return hidden > 0 ? `; and ${count(hidden)} more` : '';
}
