import { describe, expect, it } from 'vitest';
import { compareRuns, type Comparison } from '../../../src/tracking/comparison/compare.ts';
import { pairRuns } from '../../../src/tracking/comparison/pairing.ts';
import { readEvaluatedRun } from '../../../src/tracking/run-files.ts';
import { twoClassRows, writeEvaluatedRun, type Scripted } from '../../helpers/evaluated-run.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const better = [[0.812], [0.798], [0.805], [0.821], [0.809]];
const worse = [[0.801], [0.795], [0.799], [0.806], [0.802]];
const rows = twoClassRows(200, 5, (row) => row % 10 === 0);

async function compared(...scripted: readonly Partial<Scripted>[]): Promise<Comparison> {
  // One training table for all, unless a run brings its own rows.
  const shared = temporaryFolder();
  const runs = [];
  for (const [i, part] of scripted.entries()) {
    const folder = writeEvaluatedRun(part.rows === undefined ? shared : temporaryFolder(), { name: 'abc'[i] ?? '', classes: ['0', '1'], rows, scores: better, ...part });
    runs.push(await readEvaluatedRun(folder));
  }
  return compareRuns(runs);
}

/** The same texts, other answers: a table of the same content has the same hash wherever it lies. */
const other = twoClassRows(200, 5, (row) => row % 10 === 0 || row % 10 === 3);

describe('two runs on the same folds', () => {
  it('are tested by the numbers of scipy, and what it could not tell apart is called noise', async () => {
    const { pairing, verdict } = await compared({ scores: worse }, { scores: better });
    // The t-test's numbers are those of test/data/significance.test.ts, made by scipy.
    expect(pairing).toMatchObject({ paired: true, metric: 'val/f1_macro', pairs: [{ best: 'b', other: 'a', significant: false, rows: { onlyA: 0, onlyB: 0, p: 1 } }] });
    expect(verdict).toBe(
      'The difference is within noise: the val/f1_macro of b is higher than that of a by 0.0084 (95 % interval -0.0003 to 0.0171, p = 0.055; corrected resampled t-test over 5 folds). ' +
        'The single predictions agree: of the rows that only one of them gets right, 0 are b’s and 0 are a’s (p = 1, McNemar’s exact test).',
    );
  });

  it('differ where every fold says the same', async () => {
    const { pairing, verdict } = await compared({ scores: [[0.7], [0.71], [0.7], [0.69], [0.7]], rows: other }, { scores: better });
    expect(pairing).toMatchObject({ paired: true, pairs: [{ best: 'b', significant: true, rows: { onlyA: 20, onlyB: 0 } }] });
    expect(verdict).toMatch(/^b is better than a: its val\/f1_macro is higher by 0\.1090 \(95 % interval 0\.\d+ to 0\.\d+, p < 0\.001; .* The single predictions agree: .* 20 are b’s and 0 are a’s \(p < 0\.001/);
  });

  it('that are the same are within noise', async () => {
    const { verdict } = await compared({}, {});
    expect(verdict).toMatch(/^Within noise: a and b have the same mean val\/f1_macro\./);
  });

  it('are told apart by the rows alone where one fold was trained', async () => {
    const one = twoClassRows(200, 1, (row) => row % 10 === 0);
    const { pairing, verdict } = await compared({ scores: [[0.8]], rows: one }, { scores: [[0.7]], rows: one });
    expect(pairing).toMatchObject({ paired: true, pairs: [{ folds: null, p: null }] });
    expect(verdict).toMatch(/^Only one fold was trained.* the difference is within noise/);
  });

  it('prefer the smaller loss where that chose the best models', async () => {
    const change: Scripted['change'] = (experiment) => ({ ...experiment, training: { ...experiment.training, best_model: { monitor: 'val/loss', mode: 'min' } } });
    const { pairing, verdict } = await compared({ change, scores: [[0.5, 0.6], [0.5, 0.6]] }, { change, scores: [[0.5], [0.5]] });
    expect(pairing).toMatchObject({ metric: 'val/loss', smallerIsBetter: true, pairs: [{ best: 'a' }] });
    expect(verdict).toContain('its val/loss is lower by 0.3500');
  });
});

describe('three runs', () => {
  it('are measured against the best, with p corrected for two comparisons', async () => {
    const { pairing, verdict } = await compared({ scores: worse }, { scores: better }, { scores: [[0.7], [0.71], [0.7], [0.69], [0.7]] });
    if (!pairing.paired) throw new Error(pairing.reason);
    const [a, c] = pairing.pairs;
    expect(a?.p).toBeCloseTo(0.05511887980272081, 9);
    expect(c?.p).toBeCloseTo(2 * (c?.folds?.p ?? NaN), 12);
    expect(verdict).toMatch(/^b has the best mean val\/f1_macro\. Its lead over a is within noise: 0\.0084 .* It is better than c: 0\.1090 .* corrected for 2 comparisons, each interval is that of its pair alone\.$/);
  });
});

describe('runs are not paired', () => {
  it.each<[string, Partial<Scripted>, string]>([
    ['on other data', { rows: rows.map((row) => ({ ...row, text: `${row.text}!` })) }, 'a and b were trained on different data'],
    ['in other folds', { rows: rows.map((row) => ({ ...row, fold: (row.fold + 1) % 5 })) }, 'a and b have different folds'],
    ['in fewer folds', { rows: rows.map((row) => ({ ...row, fold: row.fold % 2 })), scores: better.slice(0, 2) }, 'a and b have different folds'],
  ])('%s', async (_, part, reason) => {
    const { pairing, verdict } = await compared({}, part);
    expect(pairing).toEqual({ paired: false, reason });
    expect(verdict).toBe(`No test was made: ${reason}.`);
  });

  it('before they are evaluated', async () => {
    const run = await readEvaluatedRun(writeEvaluatedRun(temporaryFolder(), { name: 'a', classes: ['0', '1'], rows, scores: better }));
    const { verdict } = await compareRuns([run, { ...run, name: 'b', metrics: null }]);
    expect(verdict).toBe('No test was made: b has not been evaluated.');
  });

  it('where metrics.json has lost its folds', async () => {
    const run = await readEvaluatedRun(writeEvaluatedRun(temporaryFolder(), { name: 'a', classes: ['0', '1'], rows, scores: better }));
    const without = { ...run, metrics: { ...run.metrics, folds: [] } };
    expect(pairRuns([without, { ...without, name: 'b' }])).toEqual({ paired: false, reason: 'val/f1_macro is not a number in every fold' });
  });
});
