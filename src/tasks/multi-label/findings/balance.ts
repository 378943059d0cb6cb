import { count, plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import type { Targets } from '../../../data/examples/index.ts';
import { partOf, percent, type Finding } from '../../../data/findings/index.ts';
import { quoted, quotedList } from '../../../data/problems.ts';
import { labelSizes, labelsOfRow } from '../cells.ts';

/** More labels than this are summed up by the most frequent and the rarest. */
const LISTED_LABELS = 8;

/** How often each label occurs, which never or always does, and how many cells are not known. */
export function balanceFindings(labels: readonly string[], targets: Targets): readonly Finding[] {
  const sizes = labelSizes(targets);
  const rows = targets.values.length / targets.width;
  const share = (label: number): string => {
    const { positive, negative } = valueAt(sizes, label);
    return percent(positive, positive + negative);
  };
  const byShare = [...labels.keys()].sort((a, b) => valueAt(sizes, b).positive - valueAt(sizes, a).positive || a - b);
  const [first, last] = [valueAt(byShare, 0), valueAt(byShare, byShare.length - 1)];
  const each = byShare.map((label) => `${quoted(valueAt(labels, label))} ${share(label)}`).join(', ');
  const range = `${count(labels.length)} labels, from ${quoted(valueAt(labels, first))} in ${share(first)} of the rows to ` +
    `${quoted(valueAt(labels, last))} in ${share(last)}`;
  const total = sizes.reduce((sum, { positive }) => sum + positive, 0);
  const without = Array.from({ length: rows }, (_, row) => row).filter((row) => labelsOfRow(targets, row).length === 0).length;
  const summary =
    `${labels.length <= LISTED_LABELS ? `the labels are ${each}` : range}; a row has ${(total / rows).toFixed(1)} labels on average, ` +
    `and ${without === 0 ? 'none is' : `${partOf(without, rows, 'rows')} are`} without any`;
  return [
    { severity: 'info', code: 'label-balance', message: summary, count: labels.length, examples: [] },
    ...constantLabels(labels, targets),
    ...missingLabels(targets),
  ];
}

function constantLabels(labels: readonly string[], targets: Targets): readonly Finding[] {
  const sizes = labelSizes(targets);
  const constant = (kind: 'positive' | 'negative', how: string): readonly Finding[] => {
    const names = labels.filter((_, label) => valueAt(sizes, label)[kind] === 0);
    if (names.length === 0) return [];
    return [
      {
        severity: 'warning',
        code: 'constant-label',
        message: `the label${names.length === 1 ? '' : 's'} ${quotedList(names)} ${names.length === 1 ? 'occurs' : 'occur'} in ${how}`,
        count: names.length,
        examples: [],
        remedy:
          'The model learns to say the same of every text, and roc_auc has no value for such a label: take it out of data.target, or ' +
          'watch another metric.',
      },
    ];
  };
  return [...constant('positive', 'no row that is trained on'), ...constant('negative', 'every row that is trained on')];
}

function missingLabels(targets: Targets): readonly Finding[] {
  const unknown = targets.values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  if (unknown === 0) return [];
  const places = labelSizes(targets).filter((size) => size.unknown > 0).length;
  const message =
    `${partOf(unknown, targets.values.length, 'labels of rows')} are not known, in ${plural(places, 'label')}; they have no part in ` +
    'loss and metrics';
  return [{ severity: 'info', code: 'missing-labels', message, count: unknown, examples: [] }];
}
