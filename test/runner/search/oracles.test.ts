import { expect, test } from 'vitest';
import { drawFrom, logDensityAt, type Dimension, type Parzen } from '../../../src/runner/search/parzen.ts';
import { isBelowMedian, losesRace, survivesRung, type Scores } from '../../../src/runner/search/pruners.ts';
import { candidates, densities, split, type Observation } from '../../../src/runner/search/tpe.ts';
import { signedRankTest } from '../../../src/runner/search/wilcoxon.ts';
import { RandomState } from '../../../src/core/random.ts';
import { describeShared, sharedJson } from '../../helpers/shared.ts';

type Direction = 'minimize' | 'maximize';
type Value = number | string;

interface TpeCase {
  readonly name: string;
  readonly direction: Direction;
  readonly space: Readonly<Record<string, { readonly type: string; readonly low: number; readonly high: number; readonly log: boolean; readonly step: number | null; readonly choices?: readonly Value[] }>>;
  readonly trials: readonly { readonly params: Readonly<Record<string, Value>>; readonly state: string; readonly value: number | null; readonly intermediate: Readonly<Record<string, number>> }[];
  readonly below: readonly number[];
  readonly above: readonly number[];
  readonly points: readonly Readonly<Record<string, Value>>[];
  readonly log_l: readonly number[];
  readonly log_g: readonly number[];
  readonly above_estimator: { readonly kernels: Readonly<Record<string, { readonly sigma?: readonly number[] }>> };
}

const signOf = (direction: Direction): 1 | -1 => (direction === 'maximize' ? 1 : -1);

function spaceOf({ space }: TpeCase): readonly Dimension[] {
  return Object.values(space).map(({ type, low, high, log, step, choices }) =>
    type === 'categorical' ? { kind: 'choice', size: choices?.length ?? 0 } : { kind: 'number', low, high, log, step: type === 'int' ? 1 : step },
  );
}

/** Of categories the index. */
function indexed(dimension: TpeCase['space'][string] | undefined, value: Value | undefined): number {
  return dimension?.choices === undefined ? Number(value) : dimension.choices.indexOf(value as Value);
}

function observationsOf({ direction, space, trials }: TpeCase): readonly Observation[] {
  return trials.map(({ params, state, value, intermediate }) => {
    const step = Math.max(-1, ...Object.keys(intermediate).map(Number));
    const score = state === 'PRUNED' ? (intermediate[step] ?? NaN) : (value ?? NaN);
    return {
      point: Object.keys(space).map((key) => indexed(space[key], params[key])),
      state: state === 'COMPLETE' ? 'complete' : state === 'PRUNED' ? 'pruned' : 'running',
      loss: -signOf(direction) * score,
      step,
    };
  });
}

describeShared('the densities of TPE', ['oracles2/sweeps/tpe.json'], () => {
  test.each(sharedJson<TpeCase[]>('oracles2/sweeps/tpe.json').map((each) => [each.name, each] as const))('are those of Optuna: %s', (_, each) => {
    const [space, trials] = [spaceOf(each), observationsOf(each)];
    expect(split(trials)).toEqual({ below: each.below, above: each.above });
    const { l, g } = densities(space, trials);
    const points = each.points.map((point) => Object.keys(each.space).map((key) => indexed(each.space[key], point[key])));
    const apart = (density: Parzen, wanted: readonly number[]): number =>
      Math.max(...points.map((point, i) => Math.abs(logDensityAt(density, point) - (wanted[i] as number))));
    expect(apart(l, each.log_l)).toBeLessThan(1e-9);
    // Of equal whole numbers among more than 16, numpy's sort, which is not stable, decides which has the wider kernel: the widths agree.
    const hasTies = each.above.length > 16 && space.length > 1 && space.some((one) => one.kind === 'number' && one.step !== null);
    if (!hasTies) return void expect(apart(g, each.log_g)).toBeLessThan(1e-9);
    const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);
    for (const [d, key] of Object.keys(each.space).entries()) {
      const [own, wanted] = [g.kernels[d], each.above_estimator.kernels[key]];
      if (own?.kind !== 'number') continue;
      const widths = sorted(wanted?.sigma ?? []);
      for (const [i, sigma] of sorted(own.sigma).entries()) expect(Math.abs(sigma - (widths[i] ?? NaN))).toBeLessThan(1e-9);
    }
  });
});

interface Event {
  readonly trial: number;
  readonly step: number;
  readonly value: number | null;
  readonly prune: boolean;
  readonly rungs?: Readonly<Record<string, number>>;
  readonly complete?: number;
  readonly p?: number;
}

interface Script<P> {
  readonly name: string;
  readonly params: P;
  readonly direction: Direction;
  readonly events: readonly Event[];
}

describeShared('successive halving', ['oracles2/sweeps/successive_halving.json'], () => {
  type Halving = { readonly min_resource: number | 'auto'; readonly reduction_factor: number; readonly min_early_stopping_rate: number; readonly bootstrap_count: number };
  // Rungs that follow from the lengths of other trials, and a number of trials that are stopped without a look, are not ours.
  const scripts = sharedJson<Script<Halving>[]>('oracles2/sweeps/successive_halving.json').filter(
    ({ params }) => params.min_resource !== 'auto' && params.bootstrap_count === 0,
  );
  test.each(scripts.map((script) => [script.name, script] as const))('decides as Optuna does: %s', (_, { params, direction, events }) => {
    const sign = signOf(direction);
    const rungs = new Map<number, Map<number, number>>();
    const decided = events.map(({ trial, step, value }) => {
      for (let rung = 0; ; rung += 1) {
        if (step < (params.min_resource as number) * params.reduction_factor ** (params.min_early_stopping_rate + rung)) return false;
        const recorded = rungs.get(rung) ?? new Map<number, number>();
        rungs.set(rung, recorded);
        if (recorded.has(trial)) continue;
        const own = value ?? NaN;
        const others = [...recorded.values()];
        if (!Number.isNaN(own)) recorded.set(trial, own);
        if (!survivesRung(own, others, params.reduction_factor, sign)) return true;
      }
    });
    expect(decided).toEqual(events.map(({ prune }) => prune));
  });
});

describeShared('the median rule', ['oracles2/sweeps/percentile.json'], () => {
  type Percentile = { readonly percentile: number; readonly n_startup_trials: number; readonly n_warmup_steps: number; readonly interval_steps: number; readonly n_min_trials: number };
  const scripts = sharedJson<Script<Percentile>[]>('oracles2/sweeps/percentile.json').filter(({ params }) => params.interval_steps === 1);
  test.each(scripts.map((script) => [script.name, script] as const))('decides as Optuna does: %s', (_, { params, direction, events }) => {
    const all = new Map<number, Map<number, number>>();
    const complete: Scores[] = [];
    const decided = events.map(({ trial, step, value, complete: final }) => {
      const own = all.get(trial) ?? new Map<number, number>();
      all.set(trial, own);
      own.set(step, value ?? NaN);
      const rule = { startup: params.n_startup_trials, least: params.n_min_trials, percentile: params.percentile };
      const isPruned = step >= params.n_warmup_steps && isBelowMedian(own, step, complete, rule, signOf(direction));
      if (final !== undefined) complete.push(own);
      return isPruned;
    });
    expect(decided).toEqual(events.map(({ prune }) => prune));
  });
});

describeShared('races over folds', ['oracles2/sweeps/wilcoxon.json'], () => {
  type Wilcoxon = { readonly p_threshold: number; readonly n_startup_steps: number };
  const { scripts, tests } = sharedJson<{
    scripts: Script<Wilcoxon>[];
    tests: { differences: number[]; less: number; greater: number }[];
  }>('oracles2/sweeps/wilcoxon.json');
  test.each(scripts.map((script) => [script.name, script] as const))('are decided as Optuna does: %s', (_, { params, direction, events }) => {
    const sign = signOf(direction);
    const all = new Map<number, Map<number, number>>();
    let best: { readonly value: number; readonly scores: Scores } | undefined;
    const decided = events.map(({ trial, step, value, complete }) => {
      const own = all.get(trial) ?? new Map<number, number>();
      all.set(trial, own);
      own.set(step, value ?? NaN);
      const isPruned = best !== undefined && losesRace(own, best.scores, { p: params.p_threshold, least: params.n_startup_steps }, sign);
      if (complete !== undefined && (best === undefined || sign * (complete - best.value) > 0)) best = { value: complete, scores: own };
      return isPruned;
    });
    expect(decided).toEqual(events.map(({ prune }) => prune));
  });

  test('the p values of the signed-rank test are those of scipy', () => {
    for (const { differences, less, greater } of tests) {
      expect(Math.abs(signedRankTest(differences, 'less') - less)).toBeLessThan(1e-9);
      expect(Math.abs(signedRankTest(differences, 'greater') - greater)).toBeLessThan(1e-9);
    }
  });
});

test('draws keep to their range and their step, and the same seed draws the same', () => {
  const space: readonly Dimension[] = [
    { kind: 'number', low: 1e-5, high: 1e-2, log: true, step: null },
    { kind: 'number', low: 2, high: 5, log: false, step: 1 },
    { kind: 'choice', size: 3 },
  ];
  const trials = [1e-5, 1e-3, 1e-2].map((x, i): Observation => ({ point: [x, 2 + i, null], state: 'complete', loss: i, step: 0 }));
  const drawn = Array.from({ length: 300 }, (_, seed) => drawFrom(densities(space, trials).l, new RandomState(seed)));
  for (const [rate = NaN, whole = NaN, index = NaN] of drawn) {
    expect(rate).toBeGreaterThanOrEqual(1e-5 * (1 - 1e-12));
    expect(rate).toBeLessThanOrEqual(1e-2 * (1 + 1e-12));
    expect([2, 3, 4, 5]).toContain(whole);
    expect([0, 1, 2]).toContain(index);
  }
  expect(new Set(drawn.map(([, whole]) => whole)).size).toBe(4);
  expect(candidates(space, trials, 7)).toEqual(candidates(space, trials, 7));
  expect(candidates(space, trials, 7)).not.toEqual(candidates(space, trials, 8));
});
