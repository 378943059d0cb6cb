import { shownValue } from '../../config/index.ts';
import type { RunDiff } from '../../tracking/comparison/index.ts';
import type { Colors } from '../terminal.ts';
import { comparisonTable } from './comparison.ts';
import { sections } from './layout/sections.ts';
import { left, table } from './layout/table.ts';
import { KEY_DIGITS, printable } from './layout/text.ts';

/** How two runs differ, one section for each kind. */
export function diffText({ runs, parameters, data, environment, results, metrics, why }: RunDiff, colors: Colors): string {
  const side = (differences: Readonly<Record<string, readonly unknown[]>>, shown: (value: unknown) => string): readonly string[] => {
    const rows = Object.entries(differences).map(([path, values]) => [printable(path), ...values.map((value) => printable(shown(value)))]);
    return rows.length === 0 ? [colors.dim('the same')] : [table([left(''), ...runs.map(left)], rows, colors)];
  };
  const hash = (value: unknown): string => (value === undefined ? '–' : String(value).slice(0, KEY_DIGITS));
  const equal = results.filter(({ same }) => same).map(({ path }) => path);
  return sections(
    [
      { title: 'configuration', lines: side(parameters, shownValue) },
      { title: 'data, by SHA-256', lines: side(data, hash) },
      { title: 'versions and machine', lines: side(environment, (value) => (Array.isArray(value) ? value.join(' ') : shownValue(value))) },
      {
        title: 'results, by SHA-256',
        lines: [
          ...(equal.length === 0 ? [] : [`byte-identical: ${equal.join(', ')}`]),
          ...(equal.length === results.length
            ? []
            : side(Object.fromEntries(results.filter(({ same }) => !same).map(({ path, hashes }) => [path, hashes])), hash)),
        ],
      },
      { title: 'metrics', lines: metrics.length === 0 ? [] : [comparisonTable({ runs, parameters: {}, metrics }, colors)] },
      { title: 'why', lines: why.map(printable) },
    ],
    colors,
  );
}
