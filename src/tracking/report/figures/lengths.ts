import type { Figure } from '../../../core/page/figure.ts';
import { blue, ink, orange } from '../../../core/page/palette.ts';
import { countUp } from '../../../core/values.ts';

/** About so many bars show a distribution without noise. */
const BARS = 40;

/** How many tokens the texts have, and where they are cut. */
export function lengthsFigure(lengths: Int32Array, cut: number): Figure {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  const step = Math.max(1, Math.ceil(Math.max(longest, cut) / BARS));
  const counts = new Map<number, number>();
  for (const length of lengths) countUp(counts, Math.floor(length / step));
  const values = [...counts].map(([bin, rows]) => ({ from: bin * step, to: (bin + 1) * step, rows }));
  const isRight = cut > 0.6 * Math.max(longest, cut);
  const spec = {
    data: { values },
    width: 600,
    height: 150,
    layer: [
      {
        mark: { type: 'bar', color: blue, opacity: 0.85 },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            title: 'tokens of a text, special tokens included',
            bin: { binned: true, step },
            axis: { grid: false, tickCount: 10 },
          },
          x2: { field: 'to' },
          y: { field: 'rows', type: 'quantitative', title: 'texts' },
        },
      },
      {
        data: { values: [{ at: cut }] },
        mark: { type: 'rule', color: orange, strokeWidth: 1.5 },
        encoding: { x: { field: 'at', type: 'quantitative' } },
      },
      {
        data: { values: [{ at: cut, label: `cut at ${cut}` }] },
        mark: { type: 'text', color: ink, align: isRight ? 'right' : 'left', dx: isRight ? -6 : 6, y: 8 },
        encoding: { x: { field: 'at', type: 'quantitative' }, text: { field: 'label' } },
      },
    ],
  };
  return { name: 'token-lengths', title: `Tokens of the training texts, cut at ${cut}`, spec: spec };
}
