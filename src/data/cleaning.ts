import type { LabelledExamples } from './example-rows.ts';
import { groupsBy, repeated } from './groups.ts';
import { counted } from './problems.ts';

/** What happens to training rows with the same text, to the character. */
export interface CleaningOptions {
  /** Those with different classes stay, are all left out, or all get the class of most of them; without one such class they are left out. */
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
}

export interface CleanedExamples extends LabelledExamples {
  /** Each row's position in the table, ascending. */
  readonly rows: Int32Array;
  readonly cleaning: CleaningCounts;
}

/** The examples that are trained on and validated: first conflicts are settled, then duplicates left out. Ids stay, and so do all classes. */
export function cleaned(examples: LabelledExamples, { conflicts, duplicates }: CleaningOptions): CleanedExamples {
  const labels = examples.labels.slice();
  const isKept = new Uint8Array(labels.length).fill(1);
  const alike = conflicts === 'keep' && duplicates === 'keep' ? [] : repeated(groupsBy(examples.texts));
  let [conflicting, relabelled, duplicate] = [0, 0, 0];
  for (const rows of alike) {
    const winner = conflicts !== 'keep' && differ(rows, labels) ? settled(rows, labels, conflicts) : null;
    const seen = new Set<number>();
    for (const row of rows) {
      if (winner === undefined) {
        isKept[row] = 0;
        conflicting++;
        continue;
      }
      if (winner !== null && labels[row] !== winner) {
        labels[row] = winner;
        relabelled++;
      }
      if (duplicates === 'drop' && seen.has(labels[row]!)) {
        isKept[row] = 0;
        duplicate++;
      }
      seen.add(labels[row]!);
    }
  }
  const rows = Int32Array.from(labels.keys()).filter((row) => isKept[row] === 1);
  const kept = <T>(values: readonly T[]): readonly T[] => (rows.length === values.length ? values : Array.from(rows, (row) => values[row]!));
  return {
    ids: kept(examples.ids),
    texts: kept(examples.texts),
    labels: Int32Array.from(rows, (row) => labels[row]!),
    classes: examples.classes,
    rows,
    cleaning: { conflicting, relabelled, duplicate },
  };
}

/** Whether rows have more than one label. */
export function differ(rows: readonly number[], labels: Int32Array): boolean {
  return rows.some((row) => labels[row] !== labels[rows[0]!]);
}

/** The label that rows with different ones all get; undefined: none, they are left out. */
function settled(rows: readonly number[], labels: Int32Array, conflicts: 'drop' | 'majority'): number | undefined {
  if (conflicts === 'drop') return undefined;
  const votes = new Map<number, number>();
  for (const row of rows) votes.set(labels[row]!, (votes.get(labels[row]!) ?? 0) + 1);
  const [first, second] = [...votes].sort(([, a], [, b]) => b - a);
  return first![1] > (second?.[1] ?? 0) ? first![0] : undefined;
}

/** What cleaning did, in a sentence without a final full stop; undefined where it did nothing. */
export function cleaningSentence({ conflicting, relabelled, duplicate }: CleaningCounts): string | undefined {
  const parts = [
    ...(conflicting > 0 ? [`left out ${counted(conflicting, 'row')} whose text has other classes too (data.conflicts)`] : []),
    ...(relabelled > 0 ? [`gave ${counted(relabelled, 'row')} the class that most rows with the same text have (data.conflicts)`] : []),
    ...(duplicate > 0 ? [`left out ${counted(duplicate, 'row')} that an earlier row says already (data.duplicates)`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
