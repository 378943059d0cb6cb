import { cleaningSentence, type CleaningCounts, type CleaningOptions, type LabelledExamples } from '../../../data/examples/index.ts';
import type { Finding } from '../../../data/findings/index.ts';
import { differingTargets } from '../../conflicts.ts';
import type { InspectedTargets } from '../../task.ts';
import { labelSizes } from '../cells.ts';
import { balanceFindings } from './balance.ts';
import { foldFindings } from './folds.ts';
import { leakFindings } from './leaks.ts';
import { relationFindings } from './relations.ts';

/** How often the labels occur, over all rows and over the folds, and which of them say the same or exclude each other. */
export function labelFindings(labels: readonly string[], inspected: InspectedTargets): readonly Finding[] {
  const { kept, foldOf, folds } = inspected;
  const { targets, cleaning } = kept;
  return [
    ...cleanedRows(cleaning),
    ...balanceFindings(labels, targets),
    ...foldFindings(labels, targets, foldOf, folds),
    ...relationFindings(labels, targets),
    ...leakFindings(labels, inspected),
  ];
}

/** Texts that have different labels in different rows; one that is not known in a row is no other one there. */
export function labelConflicts(
  { texts, targets }: LabelledExamples<unknown>,
  differing: readonly (readonly number[])[],
  conflicts: CleaningOptions['conflicts'],
): readonly Finding[] {
  const groups = differing.filter((rows) => labelSizes(targets, rows).some(({ positive, negative }) => positive > 0 && negative > 0));
  const finding = differingTargets('labels', texts, groups);
  if (finding === undefined) return [];
  if (conflicts !== 'keep') return [{ severity: 'info', ...finding }];
  return [{ severity: 'warning', ...finding, remedy: 'data.conflicts: drop leaves these rows out.' }];
}

function cleanedRows(cleaning: CleaningCounts): readonly Finding[] {
  const sentence = cleaningSentence(cleaning, { one: 'labels', many: 'labels' });
  if (sentence === undefined) return [];
  const { conflicting, relabelled, duplicate } = cleaning;
  const touched = conflicting + relabelled + duplicate;
  return [{ severity: 'info', code: 'cleaned-rows', message: `the configuration ${sentence}`, count: touched, examples: [] }];
}
