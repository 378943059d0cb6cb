import { cyan, green, plot, yellow } from 'asciichart';
import { modelInWords } from '../../../core/model-name.ts';
import type { TrainedHistory } from '../../../tracking/index.ts';
import type { Colors } from '../../terminal.ts';
import { metric, printable } from '../layout/text.ts';
import { widthOf } from '../layout/width.ts';

/** What a fold's curves are drawn of. */
export type Curves = Omit<TrainedHistory, 'epochs' | 'best_epoch'> & {
  /** Null before there is one. */
  readonly best_epoch: number | null;
  readonly epochs: readonly Omit<TrainedHistory['epochs'][number], 'seconds'>[];
};

/** A fold's curves over its epochs: train and validation loss in one chart, and beside it the metric that chose the best epoch. */
export function foldCurves(fold: Curves, monitor: string, colors: Colors): string {
  const over = (label: string, name: string, color: string): Series => ({
    label,
    color,
    values: finiteStart(fold.epochs.map(({ metrics }) => metrics[name])),
  });
  const sofar =
    fold.epochs.length === 0
      ? 'no epoch yet'
      : fold.best_epoch === null
        ? `no best epoch of ${fold.epochs.length}`
        : `best epoch ${fold.best_epoch} of ${fold.epochs.length} · ${monitor} ${metric(fold.best[monitor])}`;
  const heading = `${colors.bold(modelInWords(fold))} · ${sofar} · ${printable(fold.stopped)}`;
  const losses = chart('loss', [over('train', 'train/loss', cyan), over('val', 'val/loss', yellow)], colors);
  const chosen = monitor === 'val/loss' ? [] : chart(monitor, [over('', monitor, green)], colors);
  const beside = sideBySide(losses, chosen);
  const isWide = Math.max(0, ...beside.map(widthOf)) > (colors.columns ?? Infinity) - INDENT;
  return [heading, ...(isWide ? [...losses, '', ...chosen] : beside)].join('\n');
}

interface Series {
  readonly label: string;
  readonly color: string;
  readonly values: readonly number[];
}

/** Lines of a chart, without what is left and right of it. */
const HEIGHT = 7;
/** Curves stand in a section, which is indented. */
const INDENT = 2;
/** Characters across which the epochs are spread. */
const WIDTH = 32;

/** A title and the curves on one scale, each with its name where it ends. Empty below two epochs, where there is no curve. */
function chart(title: string, series: readonly Series[], colors: Colors): readonly string[] {
  const drawn = series.filter(({ values }) => values.length > 1);
  if (drawn.length === 0) return [];
  const [min, max] = scale(drawn.flatMap(({ values }) => values));
  const picture = plot(
    drawn.map(({ values }) => spread(values)),
    {
      min,
      max,
      height: HEIGHT,
      format: (value) => value.toFixed(3).padStart(7),
      ...(colors.isColorSupported ? { colors: drawn.map(({ color }) => color) } : {}),
    },
  );
  const perLine = HEIGHT / (max - min);
  const lineOf = (value: number): number => Math.round(max * perLine) - Math.round(value * perLine);
  const lines = picture.split('\n').map((line, i) => {
    const ending = drawn.filter(({ values }) => lineOf(values.at(-1) ?? NaN) === i);
    return `${line} ${ending.map(({ label }) => label).join(' ')}`.trimEnd();
  });
  return [`  ${title}`, ...lines];
}

/** The limits of the values, apart from each other even where all are equal. */
function scale(values: readonly number[]): readonly [number, number] {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return max - min > 1e-9 ? [min, max] : [min - 0.5, max + 0.5];
}

/** The values drawn out over WIDTH points, straight lines between them. */
function spread(values: readonly number[]): number[] {
  return Array.from({ length: WIDTH }, (_, i) => {
    const at = (i / (WIDTH - 1)) * (values.length - 1);
    const before = Math.floor(at);
    const [from, to] = [values[before] ?? NaN, values[Math.min(before + 1, values.length - 1)] ?? NaN];
    return from + (to - from) * (at - before);
  });
}

/** Everything up to the first value that is not a number; JSON has null for those. */
function finiteStart(values: readonly (number | null | undefined)[]): readonly number[] {
  const end = values.findIndex((value) => !Number.isFinite(value));
  return (end === -1 ? values : values.slice(0, end)) as readonly number[];
}

function sideBySide(a: readonly string[], b: readonly string[]): readonly string[] {
  const width = Math.max(0, ...a.map(widthOf)) + 3;
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const line = a[i] ?? '';
    return `${line}${' '.repeat(width - widthOf(line))}${b[i] ?? ''}`.trimEnd();
  });
}
