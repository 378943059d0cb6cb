import type { RunMetrics } from '../../../runner/index.ts';
import { bestEpochs } from '../../../tracking/index.ts';
import type { Colors } from '../../terminal.ts';
import { left, right, table } from '../layout/table.ts';
import { metric, plural, printable } from '../layout/text.ts';

/**
 * The table of results: each fold's best epoch on its validation rows, mean and standard deviation, all rows out of fold, the baseline,
 * and the rows to predict whose targets are known, with 95 % intervals.
 */
export function resultsTable(metrics: RunMetrics, colors: Colors): string {
  const { folds, cv, oof, baseline, seeds = [], test, test_intervals: ofTest, test_rows: rowsOfTest } = metrics;
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
      ...(test === undefined
        ? []
        : [
            [colors.bold('test'), plural(rowsOfTest ?? 0, 'row'), ...cells((name) => test[`test/${name}`]).map(colors.bold)],
            ['95 %', '', ...names.map((name) => range(ofTest?.[`test/${name}`]))],
          ]),
    ],
    colors,
  );
}

/** `0.71–0.78` */
function range(ends: readonly number[] | null | undefined): string {
  const [low, high] = ends ?? [];
  return low === undefined || high === undefined ? '–' : `${low.toFixed(3)}–${high.toFixed(3)}`;
}
