import type { RunMetrics } from '../../../runner/index.ts';
import { bestEpochs } from '../../../tracking/index.ts';
import type { Colors } from '../../terminal.ts';
import { left, right, table } from '../layout/table.ts';
import { metric, printable } from '../layout/text.ts';

/** The table of results: each fold's best epoch on its validation rows, their mean and deviation, all rows out of fold, the baseline. */
export function resultsTable({ folds, cv, oof, baseline, seeds = [] }: RunMetrics, colors: Colors): string {
  const names = Object.keys(cv);
  const cells = (value: (name: string) => number | null | undefined): readonly string[] => names.map((name) => metric(value(name)));
  return table(
    [left('fold'), right('best epoch'), ...names.map((name) => right(printable(name)))],
    [
      ...folds.map((fold) => [
        String(fold.fold),
        bestEpochs(fold),
        ...cells((name) => fold.best[`val/${name}`]),
      ]),
      ['mean', '', ...cells((name) => cv[name]?.mean)],
      // Of one fold there is no deviation.
      ...(folds.length < 2 ? [] : [['± sd', '', ...cells((name) => cv[name]?.sd)]]),
      ...seeds.map((own) => [`seed ${own.seed} alone`, '', ...cells((name) => own.cv[name]?.mean)]),
      [colors.bold('oof'), '', ...cells((name) => oof[`oof/${name}`]).map((cell) => colors.bold(cell))],
      ...(baseline === undefined ? [] : [['baseline', 'oof', ...cells((name) => baseline[`baseline/oof/${name}`])]]),
    ],
    colors,
  );
}
