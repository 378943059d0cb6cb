import { plural } from '../../../core/text.ts';
import { countUp, valueAt } from '../../../core/values.ts';
import type { Targets } from '../../../data/examples/index.ts';
import { partOf, type Finding } from '../../../data/findings/index.ts';
import { quoted, quotedList } from '../../../data/problems.ts';
import { labelSizes, labelsOfRow } from '../cells.ts';

const LISTED = 5;
/** Two labels that are in no row together exclude each other where chance would put them together in at least so many. */
const EXPECTED_TOGETHER = 10;

/** Labels that are the same in all rows, labels that are never together, labels of which each row has one, and names that are alike. */
export function relationFindings(labels: readonly string[], targets: Targets): readonly Finding[] {
  const oneEach = oneLabelEach(labels, targets);
  return [
    ...identicalLabels(labels, targets),
    ...(oneEach.length > 0 ? oneEach : exclusiveLabels(labels, targets)),
    ...similarNames(labels),
  ];
}

function identicalLabels(labels: readonly string[], targets: Targets): readonly Finding[] {
  const sizes = labelSizes(targets);
  const byCells = new Map<string, string[]>();
  labels.forEach((name, label) => {
    const { positive, negative } = valueAt(sizes, label);
    if (positive === 0 || negative === 0) return;
    const cells = signOf(targets, label);
    byCells.set(cells, [...(byCells.get(cells) ?? []), name]);
  });
  const same = [...byCells.values()].filter(({ length }) => length > 1);
  if (same.length === 0) return [];
  const message = `labels have the same values in all rows: ${same.slice(0, LISTED).map((names) => quotedList(names)).join('; ')}`;
  const remedy = 'One of them says all. Look whether a column was copied by mistake.';
  return [{ severity: 'warning', code: 'identical-labels', message, count: same.length, examples: [], remedy }];
}

/** Two 32-bit hashes of a column (FNV-1a), which differ where the columns do. */
function signOf({ width, values }: Targets, label: number): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let cell = label; cell < values.length; cell += width) {
    const value = valueAt(values, cell);
    const digit = Number.isNaN(value) ? 3 : value + 1;
    a = Math.imul(a ^ digit, 0x01000193);
    b = Math.imul(b ^ digit, 0x85ebca6b) + 1;
    b ^= b >>> 13;
  }
  return `${a} ${b}`;
}

function oneLabelEach(labels: readonly string[], targets: Targets): readonly Finding[] {
  const rows = targets.values.length / targets.width;
  if (labels.length < 2 || targets.values.some(Number.isNaN)) return [];
  for (let row = 0; row < rows; row++) if (labelsOfRow(targets, row).length !== 1) return [];
  return [
    {
      severity: 'warning',
      code: 'exclusive-labels',
      message: `each of the ${plural(rows, 'row')} has exactly one of the ${labels.length} labels`,
      count: labels.length,
      examples: [],
      remedy: 'Where a text can only have one, the task classification, with one column of classes, uses that and is easier to learn.',
    },
  ];
}

/** Pairs that never occur together, as far as that is no chance. */
function exclusiveLabels(labels: readonly string[], targets: Targets): readonly Finding[] {
  const rows = targets.values.length / targets.width;
  const sizes = labelSizes(targets);
  const together = new Map<number, number>(); // by both numbers
  for (let row = 0; row < rows; row++) {
    const own = labelsOfRow(targets, row);
    own.forEach((a, i) => own.slice(i + 1).forEach((b) => countUp(together, a * labels.length + b)));
  }
  const pairs: { readonly a: number; readonly b: number; readonly expected: number }[] = [];
  for (let a = 0; a < labels.length; a++) {
    for (let b = a + 1; b < labels.length; b++) {
      const expected = (valueAt(sizes, a).positive * valueAt(sizes, b).positive) / rows;
      if (expected >= EXPECTED_TOGETHER && !together.has(a * labels.length + b)) pairs.push({ a, b, expected });
    }
  }
  if (pairs.length === 0) return [];
  const listed = pairs.toSorted((one, other) => other.expected - one.expected).slice(0, LISTED);
  const named = listed.map(({ a, b }) => `${quoted(valueAt(labels, a))} and ${quoted(valueAt(labels, b))}`).join('; ');
  const all = (labels.length * (labels.length - 1)) / 2;
  const message = `${partOf(pairs.length, all, 'pairs of labels')} never occur together: ${named}${pairs.length > LISTED ? '; …' : ''}`;
  return [{ severity: 'info', code: 'exclusive-labels', message, count: pairs.length, examples: [] }];
}

function similarNames(labels: readonly string[]): readonly Finding[] {
  const byName = new Map<string, string[]>();
  for (const name of labels) {
    const plain = name.normalize('NFC').trim().toLowerCase();
    byName.set(plain, [...(byName.get(plain) ?? []), name]);
  }
  const alike = [...byName.values()].filter(({ length }) => length > 1);
  if (alike.length === 0) return [];
  const listed = alike.slice(0, LISTED).map((names) => quotedList(names)).join('; ');
  const message = `labels differ only in letter case or spaces, and are taken for different ones: ${listed}`;
  const remedy = 'Write them alike where they mean the same.';
  return [{ severity: 'warning', code: 'similar-labels', message, count: alike.length, examples: [], remedy }];
}
