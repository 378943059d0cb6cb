import { plural } from '../../core/text.ts';
import { textKeys } from '../texts/index.ts';
import { valuesAt, withWeights, type LabelledExamples } from './example-rows.ts';
import { groupsBy, repeated } from './groups.ts';
import { differ, isLabelled, sameTarget, targetOf, targetsAt, type Targets } from './targets.ts';

/** What happens to training rows with the same text, to the character. */
export interface CleaningOptions {
  /**
   * Those with different classes stay, are all left out, or all get the class of most of them; without one such class they are left out.
   */
  readonly conflicts: 'keep' | 'drop' | 'majority';
  /** Those with the same class stay, or only the first of them does. */
  readonly duplicates: 'keep' | 'drop';
}

export interface CleaningCounts {
  /** Rows left out because the same text has another class elsewhere. */
  readonly conflicting: number;
  /** Rows that got another class. */
  readonly relabelled: number;
  /** Rows left out because an earlier one says the same. */
  readonly duplicate: number;
  /** Rows left out because nothing of their target is known; absent where there are none. */
  readonly unlabelled?: number;
}

export interface CleanedExamples<T> extends LabelledExamples<T> {
  /** Each row's position in the table, ascending. */
  readonly rows: Int32Array;
  readonly cleaning: CleaningCounts;
}

/**
 * The examples that are trained on and validated: rows without a target are left out, then conflicts are settled, then duplicates left
 * out. Ids stay, and so does what the targets mean.
 */
export function cleaned<T>(examples: LabelledExamples<T>, { conflicts, duplicates }: CleaningOptions): CleanedExamples<T> {
  const targets: Targets = { ...examples.targets, values: examples.targets.values.slice() };
  const isKept = Uint8Array.from(examples.ids, (_, row) => (isLabelled(targets, row) ? 1 : 0));
  const unlabelled = isKept.length - isKept.reduce((sum, kept) => sum + kept, 0);
  const alike = conflicts === 'keep' && duplicates === 'keep' ? [] : repeated(groupsBy(textKeys(examples.texts)));
  let [conflicting, relabelled, duplicate] = [0, 0, 0];
  for (const same of alike) {
    const rows = same.filter((row) => isKept[row] === 1);
    const winner = conflicts !== 'keep' && rows.length > 1 && differ(rows, targets) ? settled(rows, targets, conflicts) : null;
    const seen: number[] = [];
    for (const row of rows) {
      if (winner === undefined) {
        isKept[row] = 0;
        conflicting++;
        continue;
      }
      if (winner !== null && !sameTarget(targets, row, winner)) {
        targetOf(targets, row).set(targetOf(targets, winner));
        relabelled++;
      }
      if (duplicates !== 'drop') continue;
      if (seen.some((earlier) => sameTarget(targets, row, earlier))) {
        isKept[row] = 0;
        duplicate++;
      } else seen.push(row);
    }
  }
  const rows = Int32Array.from(isKept.keys()).filter((row) => isKept[row] === 1);
  return {
    ids: valuesAt(examples.ids, rows),
    texts: valuesAt(examples.texts, rows),
    targets: targetsAt(targets, rows),
    task: examples.task,
    ...withWeights(examples.weights === undefined ? undefined : Float64Array.from(rows, (row) => examples.weights![row]!)),
    rows,
    cleaning: { conflicting, relabelled, duplicate, ...(unlabelled === 0 ? {} : { unlabelled }) },
  };
}

/** A row whose target all of the rows get, though they have different ones; undefined: none, they are left out. */
function settled(rows: readonly number[], targets: Targets, conflicts: 'drop' | 'majority'): number | undefined {
  if (conflicts === 'drop') return undefined;
  const votes: { readonly row: number; count: number }[] = [];
  for (const row of rows) {
    const known = votes.find((vote) => sameTarget(targets, vote.row, row));
    if (known === undefined) votes.push({ row, count: 1 });
    else known.count++;
  }
  const [first, second] = votes.sort((a, b) => b.count - a.count);
  return first!.count > (second?.count ?? 0) ? first!.row : undefined;
}

/** What a row's target is called: `class`, `classes`. */
export interface TargetWords {
  readonly one: string;
  readonly many: string;
}

/** What cleaning did, in a sentence without a final full stop; undefined where it did nothing. */
export function cleaningSentence(counts: CleaningCounts, { one, many }: TargetWords): string | undefined {
  const { conflicting, relabelled, duplicate, unlabelled = 0 } = counts;
  const parts = [
    ...(unlabelled > 0 ? [`left out ${plural(unlabelled, 'row')} without a target`] : []),
    ...(conflicting > 0 ? [`left out ${plural(conflicting, 'row')} whose text has other ${many} too (data.conflicts)`] : []),
    ...(relabelled > 0 ? [`gave ${plural(relabelled, 'row')} the ${one} that most rows with the same text have (data.conflicts)`] : []),
    ...(duplicate > 0 ? [`left out ${plural(duplicate, 'row')} that an earlier row says already (data.duplicates)`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
