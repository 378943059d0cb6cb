import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../src/tracking/comparison/compare.ts';
import { readEvaluatedRun } from '../../src/tracking/evaluated-run.ts';
import { namedMetrics, withNamedMetric } from '../../src/tracking/named-metric.ts';
import { twoClassRows, writeEvaluatedRun } from '../helpers/evaluated-run.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const scores = [[0.8], [0.81], [0.79], [0.8]];
const write = (name: string, isWrong: (row: number) => boolean): string =>
  writeEvaluatedRun(folder, { name, classes: ['0', '1'], rows: twoClassRows(80, 4, isWrong), scores });

describe('a metric that nobody measured while a run ran', () => {
  it('is found from its out-of-fold predictions: of all rows, and of each fold', async () => {
    const run = await readEvaluatedRun(write('named', (row) => row < 12 || (row >= 40 && row < 44)));
    expect(run.metrics.oof['oof/mcc']).toBeUndefined();
    const { oof, cv, folds } = withNamedMetric(run, 'oof/mcc');
    // 16 of 80 rows are wrong, half of them of either class: (64 − 16) / 80.
    expect(oof['oof/mcc']).toBeCloseTo(0.6, 12);
    const ofFolds = folds.map(({ best }) => best['val/mcc']!);
    expect(ofFolds).toHaveLength(4);
    expect(cv['mcc']?.mean).toBeCloseTo(ofFolds.reduce((sum, value) => sum + value, 0) / 4, 12);
    expect(ofFolds).not.toEqual([ofFolds[0], ofFolds[0], ofFolds[0], ofFolds[0]]);
    const { 'oof/mcc': _, ...others } = oof;
    expect(others).toEqual(run.metrics.oof);
  });

  it('ranks runs, and is tested fold by fold', async () => {
    const runs = await Promise.all([readEvaluatedRun(write('worse', (row) => row % 5 === 0)), readEvaluatedRun(write('better', (row) => row % 9 === 0))]);
    const { ranking, metrics, pairing } = await compareRuns(runs, 'cv/mcc/mean');
    expect(ranking).toMatchObject({ row: 'cv/mcc', order: [1, 0] });
    expect(metrics.find(({ name }) => name === 'cv/mcc')?.best).toEqual([1]);
    expect(pairing).toMatchObject({ paired: true, best: 'better' });
    expect((await compareRuns(runs)).metrics.some(({ name }) => name.endsWith('mcc'))).toBe(false);
  });

  it('leaves a run as it is that has the metric, and one whose task has no such metric', async () => {
    const run = await readEvaluatedRun(write('same', () => false));
    expect(await namedMetrics(run.folder, run.metrics, 'oof/rmse')).toEqual(run.metrics);
    const withMcc = withNamedMetric(run, 'mcc');
    expect(await namedMetrics('nowhere', withMcc, 'val/mcc')).toBe(withMcc);
  });
});
