import { validationPerTrainingRow } from '../../config/index.ts';
import { lookup, valueAt } from '../../core/values.ts';
import { figureIfMeasured } from '../../core/measures.ts';
import { mcnemar, pairedTest, type McNemar, type PairedTest } from '../../data/statistics/index.ts';
import { scoreBy, type Criterion } from './criterion.ts';
import type { Judged, SetAside } from './judged.ts';

/** The best run beside one of the others, on the same folds and the same rows. */
export interface Pair {
  readonly best: string;
  readonly other: string;
  /** Mean over the folds of the best run's score minus the other's. */
  readonly difference: number;
  /** The test of that difference, corrected for the number of pairs: p and interval alike. Null where none can be made. */
  readonly folds: PairedTest | null;
  /** That of `folds`. */
  readonly p: number | null;
  /** Why there is no test, as a phrase; null where there is one. */
  readonly untested: string | null;
  /** A is the best run; p is corrected for the number of pairs. It is about these models on these rows, and decides nothing. */
  readonly rows: McNemar;
  readonly finding: PairedOutcome;
  /** Whether the best run is better than the other; so its interval lies on one side of zero. */
  readonly significant: boolean;
}

/**
 * `better`: the interval of the difference lies on the best run's side of zero. `worse`: on the other's, which a metric of all rows
 * together can come to. `noise`: it holds zero. `equal`: no fold tells them apart. `unknown`: no test can be made.
 */
export type PairedOutcome = 'better' | 'worse' | 'noise' | 'equal' | 'unknown';

/** Runs that were trained and measured on the same rows in the same folds, or the reason why they cannot be paired. */
export type Pairing = Paired | { readonly paired: false; readonly reason: string; readonly sameRows: boolean };

export interface Paired {
  readonly paired: true;
  readonly sameRows: true;
  readonly best: string;
  /** What the folds are tested in. */
  readonly metric: string;
  readonly smallerIsBetter: boolean;
  /** The closest first. */
  readonly pairs: readonly Pair[];
  /** Present where a row is not right or wrong, but predicted more or less closely. */
  readonly byDistance?: boolean;
  readonly setAside: readonly SetAside[];
}

/** A difference that chance would produce less often than this is not called noise. */
export const SIGNIFICANT = 0.05;

/** Sums of the same numbers in another order differ by less. */
export const ROUNDING = 1e-12;

/**
 * Tests the run that is best by the criterion against each of the others, with intervals and p values that hold for all pairs together
 * (Bonferroni's correction of both, so that an interval excludes zero exactly where its p is below 5 %). Runs without a number in every
 * fold are set aside.
 */
export function pairJudged(judged: readonly Judged[], unread: readonly SetAside[], criterion: Criterion): Pairing {
  const { perFold, smallerIsBetter } = criterion;
  const differs = judged.find((run) => run.differs !== null)?.differs;
  if (differs !== undefined && differs !== null)
    return { paired: false, ...(judged.find((run) => run.differs?.sameRows === false)?.differs ?? differs) };
  const all = judged.map((run) => ({ run, score: scoreBy(criterion, run.metrics), folds: foldScores(run, perFold) }));
  const whole = all.filter(({ score, folds }) => Number.isFinite(score) && folds.size > 0 && [...folds.values()].every(Number.isFinite));
  const without = all
    .filter((each) => !whole.includes(each))
    .map(({ run }): SetAside => ({ run: run.name, reason: `its ${perFold} is not a number in every fold` }));
  const setAside = [...unread, ...without];
  if (whole.length < 2) return { paired: false, sameRows: true, reason: tooFew(setAside) };
  const top = whole.reduce((best, each) => ((smallerIsBetter ? each.score < best.score : each.score > best.score) ? each : best));
  const others = whole.filter((each) => each !== top);
  const unlike = others.find(({ folds }) => folds.size !== top.folds.size || [...folds.keys()].some((fold) => !top.folds.has(fold)));
  if (unlike !== undefined)
    return { paired: false, sameRows: true, reason: `${top.run.name} and ${unlike.run.name} have trained different folds` };
  const pairs = others.map((other) => pairOf(top, other, others.length, smallerIsBetter));
  return {
    paired: true,
    sameRows: true,
    best: top.run.name,
    metric: perFold,
    smallerIsBetter,
    pairs: pairs.toSorted((a, b) => Math.abs(a.difference) - Math.abs(b.difference)),
    setAside,
    ...(top.run.right instanceof Float32Array ? { byDistance: true } : {}),
  };
}

interface Scored {
  readonly run: Judged;
  readonly folds: ReadonlyMap<number, number>;
}

function pairOf(top: Scored, other: Scored, comparisons: number, smallerIsBetter: boolean): Pair {
  const numbers = [...top.folds.keys()];
  const [a, b] = [top, other].map(({ folds }) => numbers.map((fold) => lookup(folds, fold))) as [number[], number[]];
  const differences = a.map((score, i) => score - valueAt(b, i));
  const difference = differences.reduce((sum, each) => sum + each, 0) / differences.length;
  const untested = whyUntested(differences);
  const folds = untested === null ? (pairedTest(a, b, validationPerTrainingRow(top.run.experiment.split), comparisons) ?? null) : null;
  const rows = mcnemar(top.run.right, other.run.right);
  const finding = findingOf(differences, folds, smallerIsBetter);
  return {
    best: top.run.name,
    other: other.run.name,
    difference,
    folds,
    p: folds?.p ?? null,
    untested: folds === null ? untested : null,
    rows: { ...rows, p: Math.min(1, comparisons * rows.p) },
    finding,
    significant: finding === 'better',
  };
}

/** A spread that does not show cannot be taken for none: of two folds of 50 rows each may have one more right by chance. */
function whyUntested(differences: readonly number[]): string | null {
  if (differences.length < 2) return 'only one fold was trained, so the spread over folds is unknown';
  const isConstant = Math.max(...differences) - Math.min(...differences) <= ROUNDING;
  return isConstant && Math.abs(differences[0] ?? 0) > ROUNDING
    ? 'the difference is the same in every fold, so its spread is unknown'
    : null;
}

function findingOf(differences: readonly number[], folds: PairedTest | null, smallerIsBetter: boolean): PairedOutcome {
  if (differences.length > 1 && differences.every((difference) => Math.abs(difference) <= ROUNDING)) return 'equal';
  if (folds === null) return 'unknown';
  if (folds.p >= SIGNIFICANT) return 'noise';
  return folds.difference < 0 === smallerIsBetter ? 'better' : 'worse';
}

function foldScores({ metrics }: Judged, name: string): ReadonlyMap<number, number> {
  return new Map(metrics.folds.map(({ fold, best }) => [fold, figureIfMeasured(best, name)]));
}

function tooFew(setAside: readonly SetAside[]): string {
  if (setAside.length === 0) return 'there is only one run';
  const shown = setAside
    .slice(0, MOST_NAMED)
    .map(({ run, reason }) => `${run}${reason.startsWith('its ') ? `’s ${reason.slice('its '.length)}` : reason.slice('it'.length)}`);
  return [...shown, ...(setAside.length > MOST_NAMED ? [`and ${setAside.length - MOST_NAMED} more cannot be tested either`] : [])].join(
    '; ',
  );
}

const MOST_NAMED = 3;
