import { describe, expect, it } from 'vitest';
import { binomialCdf, incompleteBeta, studentCdf, studentQuantile, studentTails } from '../../../src/data/statistics/distributions.ts';
import { mcnemar, pairedTest, resampledInterval, wilsonInterval, meanAndSd } from '../../../src/data/statistics/significance.ts';

// Every reference value here was printed with repr() by scipy 1.17.1 (numpy 2.4.6); the call stands beside it.

/** Relative distance; the formulas lose about four of a number's sixteen digits. */
function expectNear(value: number | undefined, reference: number): void {
  expect(Math.abs((value ?? NaN) - reference) / Math.max(Math.abs(reference), 1e-300)).toBeLessThan(1e-11);
}

describe('distributions', () => {
  it.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 4, 2.7764451051977934],
    [0.975, 9, 2.262157162798205],
    [0.6, 3, 0.2766706623326898],
    [0.025, 2, -4.302652729749464],
    [0.9995, 120, 3.373453768562533],
  ])('quantile %d of Student’s t with %d degrees of freedom: stats.t.ppf', (p, freedom, reference) => {
    expectNear(studentQuantile(p, freedom), reference);
  });

  it.each([
    [0.5, 1, 0.6475836176504333, 0.7048327646991335],
    [-2.3, 4, 0.04146951855619118, 0.08293903711238236],
    [12, 9, 0.9999996150056889, 7.699886222985653e-7],
    [1.1, 1000, 0.8642015743040109, 0.2715968513919782],
  ])('chances of t = %d with %d degrees of freedom: stats.t.cdf and 2 · stats.t.sf', (t, freedom, below, tails) => {
    expectNear(studentCdf(t, freedom), below);
    expectNear(studentTails(t, freedom), tails);
  });

  it.each([
    [0.3, 2, 5, 0.5798250000000003],
    [0.5, 0.5, 0.5, 0.5000000000000001],
    [0.99, 300, 4, 0.6404789806604001],
    [0.5, 3806, 3808, 0.5091436451933591],
  ])('I(%d; %d, %d): special.betainc', (x, a, b, reference) => {
    expectNear(incompleteBeta(x, a, b), reference);
  });

  it.each([
    [0, 10, 0.5, 0.0009765625],
    [3, 17, 0.5, 0.0063629150390625],
    [100, 230, 0.5, 0.02780678889069619],
    [480, 1000, 0.5, 0.10872414660207075],
    [7, 7, 0.5, 1],
    [4, 20, 0.1, 0.9568255047155366],
  ])('at most %d of %d with chance %d: stats.binom.cdf', (k, n, p, reference) => {
    expectNear(binomialCdf(k, n, p), reference);
  });
});

describe('the corrected resampled t-test', () => {
  const a = [0.812, 0.798, 0.805, 0.821, 0.809];
  const b = [0.801, 0.795, 0.799, 0.806, 0.802];

  it('has numpy’s t with the variance (1/k + 1/(k − 1)) s², and scipy’s p and quantile', () => {
    // d = a - b; se = d.std(ddof=1) * sqrt(1/5 + 1/4); p = 2 * stats.t.sf(d.mean() / se, 4); interval: d.mean() ± stats.t.ppf(.975, 4) * se
    const test = pairedTest(a, b, 1 / 4);
    expect(test?.folds).toBe(5);
    expect(test?.difference).toBeCloseTo(0.008399999999999986, 14);
    expect(test?.p).toBeCloseTo(0.05511887980272081, 11);
    expect(test?.interval.low).toBeCloseTo(-0.00029608137102875645, 12);
    expect(test?.interval.high).toBeCloseTo(0.017096081371028728, 12);
  });

  it('of one of three comparisons has an interval that says what its p says', () => {
    // stats.t.ppf(1 - 0.025/3, 4); statsmodels 0.15.0: multipletests(p, method='bonferroni')
    const test = pairedTest(a, b, 1 / 4, 3);
    expect(test?.p).toBeCloseTo(0.16535663940816242, 11);
    expectNear(test?.interval.low, -0.004005547468941063);
    expectNear(test?.interval.high, 0.020805547468941032);
    expect(pairedTest(a, b, 1 / 4, 40)?.p).toBe(1);
  });

  it('gives a mean over folds its interval', () => {
    const interval = resampledInterval(a, 1 / 4);
    expectNear(interval?.low, 0.7931414180284454);
    expectNear(interval?.high, 0.8248585819715545);
  });

  it('would see a difference where the uncorrected test does, not here', () => {
    expect(pairedTest(a, b, 0)?.p).toBeLessThan(0.05);
    expect(pairedTest(a, b, 1 / 4)?.p).toBeGreaterThan(0.05);
  });

  it('finds no difference between equal scores, and nothing at all in one fold', () => {
    expect(pairedTest(a, a, 1 / 4)).toMatchObject({ difference: 0, p: 1 });
    expect(pairedTest([0.8], [0.7], 1 / 4)).toBeUndefined();
    expect(resampledInterval([0.8], 1 / 4)).toBeUndefined();
  });
});

describe('McNemar’s test', () => {
  it.each([
    [22, 40, 0.030015864349067285],
    [0, 6, 0.03125],
    [13, 13, 1],
    [3, 1, 0.625],
    [0, 0, 1],
  ])('with %d and %d rows that only one gets right: stats.binomtest(min, sum, .5).pvalue', (onlyA, onlyB, reference) => {
    const rows = (of: number, value: boolean): boolean[] => Array.from({ length: of }, () => value);
    const right = [...rows(onlyA, true), ...rows(onlyB, false), ...rows(9, true), ...rows(4, false)];
    const other = [...rows(onlyA, false), ...rows(onlyB, true), ...rows(9, true), ...rows(4, false)];
    const test = mcnemar(right, other);
    expect(test).toMatchObject({ onlyA, onlyB });
    expectNear(test.p, reference);
  });
});

describe('Wilson’s interval', () => {
  it.each([
    [90, 100, 0.8256343384950865, 0.9447708629393249],
    [0, 12, 0, 0.24249400665524085],
    [7011, 7613, 0.9146484440781939, 0.926776447676386],
  ])('of %d in %d: stats.binomtest(…).proportion_ci(method="wilson")', (hits, rows, low, high) => {
    const interval = wilsonInterval(hits, rows);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  });
});

describe('meanAndSd', () => {
  it('divides by n − 1', () => {
    expect(meanAndSd([2, 4, 4, 4, 5, 5, 7, 9]).mean).toBe(5);
    expect(meanAndSd([2, 4, 4, 4, 5, 5, 7, 9]).sd).toBeCloseTo(Math.sqrt(32 / 7), 14);
    expect(meanAndSd([3])).toEqual({ mean: 3, sd: NaN });
  });
});
