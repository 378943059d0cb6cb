import type { CleaningOptions } from '../../../data/examples/index.ts';
import type { Finding } from '../../../data/findings/index.ts';
import type { Text } from '../../../data/texts/index.ts';
import { differingTargets } from '../../conflicts.ts';
import type { InspectedTargets } from '../../task.ts';
import { labelsOf } from '../labels.ts';
import { inspectColumns } from '../../leaks/columns.ts';
import { inspectGiveaways } from '../../leaks/giveaways.ts';
import { inspectClasses } from './classes.ts';

/** What gives the classes away, and how they are distributed over the folds. */
export function classFindings(classes: readonly string[], inspected: InspectedTargets): readonly Finding[] {
  const { table, used, all, kept, foldOf, folds, shuffle } = inspected;
  const { ids, texts, targets } = all;
  const rows = { ids, texts, labels: labelsOf(targets), classes };
  return [
    ...inspectColumns(table, rows, used, shuffle),
    ...inspectGiveaways(rows),
    ...inspectClasses({ labels: labelsOf(kept.targets), classes, rows: kept.rows, cleaning: kept.cleaning }, foldOf, folds),
  ];
}

/** Texts that have different classes in different rows. */
export function conflictFindings(
  texts: readonly Text[],
  groups: readonly (readonly number[])[],
  conflicts: CleaningOptions['conflicts'],
  what: 'classes' | 'probabilities' = 'classes',
): readonly Finding[] {
  const finding = differingTargets(what, texts, groups);
  if (finding === undefined) return [];
  if (conflicts !== 'keep') return [{ severity: 'info', ...finding }];
  return [{ severity: 'warning', ...finding, remedy: what === 'classes' ? REMEDY : OF_PROBABILITIES }];
}

const OF_PROBABILITIES = 'split.group_by: text holds these rows together; data.conflicts: drop leaves them out.';

const REMEDY =
  'data.conflicts: majority gives each of these texts the class that most of its rows have; data.conflicts: drop leaves them out.';
