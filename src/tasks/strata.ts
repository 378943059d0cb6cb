import { valueAt } from '../core/values.ts';
import type { Problem } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import { rowsByStratum, type Strata } from '../data/folds/index.ts';
import { quoted } from '../data/problems.ts';

interface ClassStrata {
  /** What they are called. */
  readonly noun?: 'class' | 'grade';
  /** Whether one of two may have fewer rows than there are folds, too. */
  readonly mayBeRare?: boolean;
}

/**
 * Classes or grades: each of two has a row for every fold; of more one does, as scikit-learn wants it.
 */
export function classStrata(
  labels: Int32Array,
  classes: readonly string[],
  { noun = 'class', mayBeRare = false }: ClassStrata = {},
): Strata {
  return {
    of: labels,
    count: classes.length,
    words: { one: noun, many: noun === 'class' ? 'classes' : 'grades' },
    tooFew(folds, places) {
      const all = [...rowsByStratum(labels)];
      const few = all.filter(([, rows]) => rows.length < folds);
      if (classes.length > 2 || mayBeRare) {
        if (few.length < all.length) return [];
        const most = all.reduce((largest, [, rows]) => Math.max(largest, rows.length), 0);
        return [{ message: `no ${noun} has as many rows as there are folds, ${folds}; the largest has ${plural(most, 'row')}` }];
      }
      return few.map(([label, rows]): Problem => {
        const numbers = rows.map((row) => valueAt(places, row) + 1);
        const listed = `${numbers.slice(0, MOST_ROWS).join(', ')}${numbers.length > MOST_ROWS ? ', …' : ''}`;
        const name = quoted(classes[label] ?? String(label));
        const message = `the ${noun} ${name} has ${plural(rows.length, 'row')} for ${folds} folds: rows ${listed}`;
        return { message, row: valueAt(numbers, 0) };
      });
    },
  };
}

/** As many as a person looks up. */
const MOST_ROWS = 10;
