import { valueAt } from '../../../core/values.ts';
import { targetOf, valuesAt } from '../../../data/examples/index.ts';
import type { Finding } from '../../../data/findings/index.ts';
import { leakingColumns } from '../../leaks/columns.ts';
import { inspectGiveaways } from '../../leaks/giveaways.ts';
import { LABEL_CLASSES, labelLeaks } from '../../leaks/rows.ts';
import type { InspectedTargets } from '../../task.ts';

/** Of more labels the first are looked at, and of what gives them away the first is told. */
const MOST_LABELS = 50;
const SHOWN = 10;

/** Columns beside the text, and words in it, from which a label can be told almost surely, in the rows where it is known. */
export function leakFindings(labels: readonly string[], { table, used, all }: InspectedTargets): readonly Finding[] {
  const { ids, texts, targets } = all;
  const found = labels.slice(0, MOST_LABELS).flatMap((name, label) => {
    const known = Int32Array.from(ids.keys()).filter((row) => !Number.isNaN(targetOf(targets, row)[label]));
    const rows = {
      ids: valuesAt(ids, known),
      texts: valuesAt(texts, known),
      labels: Int32Array.from(known, (row) => valueAt(targetOf(targets, row), label)),
      classes: LABEL_CLASSES,
      words: labelLeaks(name),
    };
    const columns = { ...table, column: (of: string) => valuesAt(table.column(of), known) };
    return [...leakingColumns(columns, rows, used), ...inspectGiveaways(rows).slice(-1)]; // the one for the label comes last
  });
  return found.slice(0, SHOWN);
}
