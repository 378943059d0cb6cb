import { plural } from '../core/text.ts';
import { examplesOf, type Finding } from '../data/findings/index.ts';
import type { Text } from '../data/texts/index.ts';

/** Texts that have different targets in different rows, without a word on what to do about them; undefined where there are none. */
export function differingTargets(
  targets: 'classes' | 'probabilities' | 'grades' | 'labels' | 'numbers',
  texts: readonly Text[],
  groups: readonly (readonly number[])[],
): Omit<Finding, 'severity' | 'remedy'> | undefined {
  if (groups.length === 0) return undefined;
  const rows = groups.reduce((sum, group) => sum + group.length, 0);
  const have = groups.length === 1 ? 'has' : 'have';
  return {
    code: `conflicting-${targets}`,
    message: `${plural(groups.length, 'text')} ${have} different ${targets} in different training rows, ${plural(rows, 'row')} in all`,
    count: groups.length,
    examples: examplesOf('train', groups, texts),
  };
}
