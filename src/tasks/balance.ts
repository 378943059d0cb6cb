import { likelyWord } from '../config/index.ts';
import type { Problem } from '../core/errors.ts';
import { quoted } from '../data/problems.ts';

/** A number for each name of a list, where some names have one; problems for names that are not in the list. */
export function numbersByName(
  given: Readonly<Record<string, number>>,
  names: readonly string[],
  { key, what }: { readonly key: string; readonly what: string },
): { readonly numbers: readonly number[]; readonly problems: readonly Problem[] } {
  const problems = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name): Problem => {
      const near = likelyWord(name, names);
      return {
        message: `${key} names the ${what} ${quoted(name)}, which the training table does not have; it has ${listed(names)}`,
        field: `${key}.${name}`,
        ...(near === undefined ? {} : { suggestion: near }),
      };
    });
  return { numbers: names.map((name) => (Object.hasOwn(given, name) ? given[name]! : 1)), problems };
}

/** scikit-learn's weights of balanced classes, rows / (classes · rows of the class); 0 for a class without rows. */
export function balancedWeights(counts: readonly number[]): readonly number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : rows / (counts.length * count)));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(quoted).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

/** As many as a person reads. */
const MOST_NAMES = 8;
