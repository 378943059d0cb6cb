import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareRuns, comparisonOf, type Comparison } from '../../../src/tracking/comparison/compare.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../../../src/tracking/evaluated-run.ts';
import type { FoldHistory } from '../../../src/tracking/run-metrics.ts';
import { twoClassRows, writeEvaluatedRun, type Scripted } from '../../helpers/evaluated-run.ts';
import { pairRuns } from '../../helpers/paired.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const better = [[0.812], [0.798], [0.805], [0.821], [0.809]];
const worse = [[0.801], [0.795], [0.799], [0.806], [0.802]];
const rows = twoClassRows(200, 5, (row) => row % 10 === 0);

const inTwoFolds = twoClassRows(200, 2, (row) => row % 10 === 0);
const inThreeFolds = twoClassRows(200, 3, (row) => row % 10 === 0);

const compared = (...scripted: readonly Partial<Scripted>[]): Promise<Comparison> => comparedBy(undefined, ...scripted);

async function comparedBy(metric: string | undefined, ...scripted: readonly Partial<Scripted>[]): Promise<Comparison> {
  // One training table for all, unless a run brings its own rows.
  const shared = temporaryFolder();
  const runs = [];
  for (const [i, part] of scripted.entries()) {
    const folder = writeEvaluatedRun(part.rows === undefined ? shared : temporaryFolder(), {
      name: 'abcdefg'[i] ?? '',
      classes: ['0', '1'],
      rows,
      scores: better,
      ...part,
    });
    runs.push(await readEvaluatedRun(folder));
  }
  return compareRuns(runs, metric);
}

/** The same texts, other answers: a table of the same content has the same hash wherever it lies. */
const other = twoClassRows(200, 5, (row) => row % 10 === 0 || row % 10 === 3);

describe('two runs on the same folds', () => {
  it('are tested by the numbers of scipy, and what it could not tell apart is called noise', async () => {
    const { pairing, verdict } = await compared({ scores: worse }, { scores: better });
    // The t-test's numbers are those of test/data/statistics/significance.test.ts, made by scipy.
    expect(pairing).toMatchObject({
      paired: true,
      metric: 'val/f1_macro',
      pairs: [{ best: 'b', other: 'a', significant: false, rows: { onlyA: 0, onlyB: 0, p: 1 } }],
    });
    expect(verdict).toBe(
      'The difference is within noise: the val/f1_macro of b is higher than that of a by 0.0084 (95 % interval -0.0003 to 0.0171, p = 0.055; corrected resampled t-test over 5 folds). ' +
        'The predictions for single rows agree: of the rows that only one of them predicts correctly, 0 are b’s and 0 are a’s (p = 1, McNemar’s exact test).',
    );
  });

  it('differ where every fold says the same', async () => {
    const { pairing, verdict } = await compared({ scores: [[0.7], [0.71], [0.7], [0.69], [0.7]], rows: other }, { scores: better });
    expect(pairing).toMatchObject({ paired: true, pairs: [{ best: 'b', significant: true, rows: { onlyA: 20, onlyB: 0 } }] });
    expect(verdict).toMatch(
      /^b is better than a: its val\/f1_macro is higher by 0\.1090 \(95 % interval 0\.\d+ to 0\.\d+, p < 0\.001; .* The predictions for single rows agree: .* 20 are b’s and 0 are a’s \(p < 0\.001/,
    );
  });

  it('that are the same are within noise', async () => {
    const { pairing, verdict, metrics } = await compared({}, {});
    expect(pairing).toMatchObject({ pairs: [{ finding: 'equal', significant: false }] });
    expect(verdict).toMatch(/^Within noise: a and b have the same val\/f1_macro in every fold\. The predictions for single rows agree/);
    expect(metrics.flatMap(({ best }) => best)).toEqual([]);
  });

  it('with one mean, though other folds, are within noise', async () => {
    const { verdict } = await compared({ scores: [[0.8], [0.82]], rows: inTwoFolds }, { scores: [[0.79], [0.83]], rows: inTwoFolds });
    expect(verdict).toMatch(/^Within noise: a and b have the same mean val\/f1_macro\./);
  });

  it('whose difference shows no spread are not called better: two folds of coarse scores say nothing of it', async () => {
    const { pairing, verdict } = await compared(
      { scores: [[0.8], [0.82]], rows: inTwoFolds },
      { scores: [[0.81], [0.83]], rows: inTwoFolds },
    );
    expect(pairing).toMatchObject({ pairs: [{ best: 'b', folds: null, p: null, finding: 'unknown', significant: false }] });
    expect(verdict).toMatch(
      /^The difference is the same in every fold, so its spread is unknown, and neither run can be called better: the val\/f1_macro of b is higher by 0\.0100\./,
    );
  });

  it('prefer the smaller loss where that chose the best models', async () => {
    const change: Scripted['change'] = (experiment) => ({
      ...experiment,
      training: { ...experiment.training, best_model: { monitor: 'val/loss', mode: 'min' } },
    });
    const { pairing, verdict, ranking } = await compared(
      {
        change,
        scores: [
          [0.5, 0.6],
          [0.5, 0.5, 0.6],
          [0.5, 0.6],
        ],
        rows: inThreeFolds,
      },
      { change, scores: [[0.5], [0.5], [0.5]], rows: inThreeFolds },
    );
    expect(pairing).toMatchObject({ metric: 'val/loss', smallerIsBetter: true, best: 'a', pairs: [{ best: 'a', finding: 'better' }] });
    expect(ranking).toMatchObject({ metric: 'val/loss', row: 'cv/loss', order: [0, 1] });
    expect(verdict).toMatch(/^a is better than b: its val\/loss is lower by 0\.3889 \(95 % interval 0\.\d+ to 0\.\d+, p = 0\.0/);
  });
});

describe('where one fold was trained, the spread is unknown and nothing is called better', () => {
  const one = twoClassRows(200, 1, (row) => row % 10 === 0);
  const sure = twoClassRows(200, 1, (row) => row % 10 === 0 || row % 10 === 3);

  it('for two runs', async () => {
    const { pairing, verdict } = await compared({ scores: [[0.8]], rows: one }, { scores: [[0.7]], rows: sure });
    expect(pairing).toMatchObject({
      paired: true,
      pairs: [{ folds: null, p: null, finding: 'unknown', significant: false, rows: { onlyA: 20, onlyB: 0 } }],
    });
    expect(verdict).toMatch(
      /^Only one fold was trained, so the spread over folds is unknown, and neither run can be called better: .* On the out-of-fold predictions they differ/,
    );
  });

  it('for three', async () => {
    const { pairing, verdict } = await compared(
      { scores: [[0.8]], rows: one },
      { scores: [[0.7]], rows: sure },
      { scores: [[0.75]], rows: sure },
    );
    expect(pairing).toMatchObject({
      pairs: [
        { finding: 'unknown', significant: false },
        { finding: 'unknown', significant: false },
      ],
    });
    expect(verdict).toBe(
      'a has the highest val/f1_macro over the folds. Only one fold was trained, so the spread over folds is unknown, and no run can be called better than another.',
    );
  });
});

describe('runs that share the first place', () => {
  it('are all said to have it, and their difference is none', async () => {
    const { verdict } = await compared({ scores: better }, { scores: better.toReversed() }, { scores: worse });
    expect(verdict).toMatch(/^a and 1 other have the highest val\/f1_macro over the folds\. b has the same mean val\/f1_macro\. /);
  });

  it('are counted where they are many', async () => {
    const { verdict } = await compared(...Array.from({ length: 7 }, (_, i) => ({ scores: i % 2 === 0 ? better : better.toReversed() })));
    expect(verdict).toMatch(
      /^a and 6 others have the highest val\/f1_macro over the folds\. .* The closest is .: it has the same mean val\/f1_macro\./,
    );
  });
});

describe('four runs', () => {
  const c = [[0.79], [0.781], [0.784], [0.803], [0.787]];
  const d = [[0.813], [0.797], [0.801], [0.822], [0.8]];

  it('are measured against the best by p values and intervals that hold for all three comparisons', async () => {
    const { pairing, verdict } = await compared({ scores: better }, { scores: worse }, { scores: c }, { scores: d });
    if (!pairing.paired) throw new Error(pairing.reason);
    // statsmodels 0.15.0: multipletests(p, method='bonferroni'); scipy 1.17.1: d.mean() ± stats.t.ppf(1 - 0.025/3, 4) * d.std(ddof=1) *
    // sqrt(1/5 + 1/4).
    const references = [
      ['d', 1, -0.008809795483967552, 0.0136097954839676, 'noise'],
      ['b', 0.16535663940816242, -0.004005547468941063, 0.020805547468941032, 'noise'],
      ['c', 0.0006616028396771387, 0.013768838136736777, 0.026231161863263217, 'better'],
    ] as const;
    expect(pairing.pairs.map(({ other, finding }) => [other, finding])).toEqual(
      references.map(([other, , , , finding]) => [other, finding]),
    );
    references.forEach(([, p, low, high], i) => {
      const pair = pairing.pairs[i];
      expect(pair?.p).toBeCloseTo(p, 11);
      expect(pair?.folds?.p).toBe(pair?.p);
      expect(pair?.folds?.interval.low).toBeCloseTo(low, 11);
      expect(pair?.folds?.interval.high).toBeCloseTo(high, 11);
    });
    expect(verdict).toBe(
      'a has the highest val/f1_macro over the folds. Its lead over d is within noise: 0.0024 (95 % interval -0.0088 to 0.0136, p = 1). ' +
        'Its lead over b is within noise: 0.0084 (95 % interval -0.0040 to 0.0208, p = 0.17). It is better than c: 0.0200 (95 % interval 0.0138 to 0.0262, p < 0.001). ' +
        'The intervals and p values hold for all 3 comparisons together.',
    );
  });

  it('never have an interval that says otherwise than the finding, whatever the scores', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const noise = (i: number): number => Math.sin(seed * 12.9898 + i * 78.233) * 0.01;
      const runs = [0, 1, 2].map((run) => ({ scores: [0, 1, 2, 3, 4].map((fold) => [0.8 + 0.006 * run + noise(run * 5 + fold)]) }));
      const { pairing } = await compared(...runs);
      for (const { folds, finding, p } of pairing.paired ? pairing.pairs : []) {
        const holdsZero = folds !== null && folds.interval.low <= 0 && folds.interval.high >= 0;
        expect([seed, finding, (p ?? 0) >= 0.05]).toEqual([seed, holdsZero ? 'noise' : 'better', holdsZero]);
      }
    }
  });

  it('of which one has no number in a fold leave that one out, and say so', async () => {
    const root = temporaryFolder();
    const [first, ...rest] = await Promise.all(
      [better, worse, c, d].map((scores, i) =>
        readEvaluatedRun(writeEvaluatedRun(root, { name: 'abcdefg'[i] ?? '', classes: ['0', '1'], rows, scores })),
      ),
    );
    const [second, third, fourth] = rest as [EvaluatedRun, EvaluatedRun, EvaluatedRun];
    const [fold, ...folds] = third.metrics.folds as [FoldHistory, ...FoldHistory[]];
    const without = {
      ...third,
      metrics: { ...third.metrics, folds: [{ ...fold, best: { ...fold.best, 'val/f1_macro': NaN } }, ...folds] },
    };
    const runs = [first as EvaluatedRun, second, without, fourth] as const;
    const { pairing, verdict } = comparisonOf(runs, pairRuns(runs));
    expect(pairing).toMatchObject({ paired: true, setAside: [{ run: 'c', reason: 'its val/f1_macro is not a number in every fold' }] });
    expect(verdict).toContain('c is left out: its val/f1_macro is not a number in every fold.');
    expect(verdict).toContain('for all 2 comparisons');
  });
});

describe('the metric', () => {
  /** Runs whose order by accuracy of all rows is not that of their folds' macro F1. */
  const runs = (): readonly Partial<Scripted>[] => [{ scores: better, rows: other }, { scores: worse, rows }];

  it('is the one that is asked for, in the ranking, the test and the sentence', async () => {
    const { pairing, verdict, ranking } = await comparedBy('oof/f1_macro', ...runs());
    expect(ranking).toMatchObject({ metric: 'oof/f1_macro', row: 'oof/f1_macro', order: [1, 0] });
    expect(pairing).toMatchObject({ best: 'b', metric: 'val/f1_macro', pairs: [{ best: 'b', other: 'a', finding: 'noise' }] });
    expect(verdict).toMatch(
      /^b has the better oof\/f1_macro\. The difference is within noise: the val\/f1_macro of b is lower than that of a by 0\.0084 \(95 % interval -0\.0003 to 0\.0171/,
    );
    expect((await comparedBy('cv/f1_macro/mean', ...runs())).ranking).toMatchObject({ row: 'cv/f1_macro', order: [0, 1] });
  });

  it('may say the opposite in all rows together and fold by fold, which is told', async () => {
    const { pairing, verdict } = await comparedBy(
      'oof/f1_macro',
      { scores: [[0.8], [0.81], [0.8], [0.79], [0.8]], rows: other },
      { scores: [[0.7], [0.71], [0.7], [0.69], [0.705]], rows },
    );
    expect(pairing).toMatchObject({ best: 'b', pairs: [{ finding: 'worse', significant: false }] });
    expect(verdict).toMatch(
      /^b has the better oof\/f1_macro\. Fold by fold it is the other way round: the val\/f1_macro of b is lower than that of a by 0\.0990/,
    );
  });

  it('is macro F1 where the runs watched different ones, and the sentence says why', async () => {
    const change: Scripted['change'] = (experiment) => ({
      ...experiment,
      training: { ...experiment.training, best_model: { monitor: 'val/accuracy', mode: 'max' } },
    });
    const { verdict } = await compared({ change }, {});
    expect(verdict).toMatch(
      /They are compared by val\/f1_macro, because the runs chose their best epochs by different metrics \(val\/accuracy, val\/f1_macro\)\.$/,
    );
  });

  it('that no run has leaves nothing to compare', async () => {
    const { verdict, ranking } = await comparedBy('oof/nothing', ...runs());
    expect(ranking.order).toEqual([]);
    expect(verdict).toBe('No test was made: a’s val/nothing is not a number in every fold; b’s val/nothing is not a number in every fold.');
  });
});

describe('runs are not paired', () => {
  const elsewhere = 'Scores on different rows say nothing about which run is better, so none is marked.';

  it.each<[string, Partial<Scripted>, string, boolean]>([
    ['on other data', { rows: rows.map((row) => ({ ...row, text: `${row.text}!` })) }, 'a and b were trained on different data', false],
    ['on fewer rows', { rows: rows.slice(0, 190) }, 'a and b were trained on different data', false],
    ['in other folds', { rows: rows.map((row) => ({ ...row, fold: (row.fold + 1) % 5 })) }, 'a and b have different folds', true],
    [
      'in fewer folds',
      { rows: rows.map((row) => ({ ...row, fold: row.fold % 2 })), scores: better.slice(0, 2) },
      'a and b have different folds',
      true,
    ],
  ])('%s', async (_, part, reason, sameRows) => {
    const { pairing, verdict, metrics } = await compared({}, { scores: worse, ...part });
    expect(pairing).toEqual({ paired: false, reason, sameRows });
    expect(verdict).toBe(`No test was made: ${reason}.${sameRows ? '' : ` ${elsewhere}`}`);
    // Nothing is marked as the best between scores of different rows.
    expect(metrics.some(({ best }) => best.length > 0)).toBe(sameRows);
  });

  it('where one of them trained some folds only', async () => {
    const shared = temporaryFolder();
    const whole = await readEvaluatedRun(writeEvaluatedRun(shared, { name: 'a', classes: ['0', '1'], rows, scores: better }));
    const part = writeEvaluatedRun(shared, { name: 'b', classes: ['0', '1'], rows, scores: worse });
    const table = readFileSync(join(part, 'oof.csv'), 'utf8').split('\n');
    writeFileSync(join(part, 'oof.csv'), `${table.filter((line, i) => i === 0 || line.split(',')[1] === '0').join('\n')}\n`);
    const { verdict, metrics } = await compareRuns([whole, await readEvaluatedRun(part)]);
    expect(verdict).toBe(`No test was made: a and b were judged on different rows. ${elsewhere}`);
    expect(metrics.flatMap(({ best }) => best)).toEqual([]);
  });

  it('before they are evaluated', async () => {
    const run = await readEvaluatedRun(writeEvaluatedRun(temporaryFolder(), { name: 'a', classes: ['0', '1'], rows, scores: better }));
    const { verdict } = await compareRuns([run, { ...run, name: 'b', metrics: null }]);
    expect(verdict).toBe('No test was made: b has not been evaluated.');
  });

  it('where metrics.json has lost its folds', async () => {
    const run = await readEvaluatedRun(writeEvaluatedRun(temporaryFolder(), { name: 'a', classes: ['0', '1'], rows, scores: better }));
    const without = { ...run, metrics: { ...run.metrics, folds: [] } };
    expect(pairRuns([without, { ...without, name: 'b' }])).toMatchObject({
      paired: false,
      reason: 'a’s val/f1_macro is not a number in every fold; b’s val/f1_macro is not a number in every fold',
    });
  });
});
