import type { Experiment } from '../../config/index.ts';
import { holm, mcnemar, pairedTest, type McNemar, type PairedTest } from '../../data/significance.ts';
import type { EvaluatedRun, OutOfFold } from '../run-files.ts';

/** The best run beside one of the others, on the same folds and the same rows. */
export interface Pair {
  readonly best: string;
  readonly other: string;
  /** Mean of the best run's score minus the other's; absent where only one fold was trained. */
  readonly folds: PairedTest | null;
  /** p of the folds' test after Holm's correction for the number of pairs. */
  readonly p: number | null;
  /** A is the best run. */
  readonly rows: McNemar;
  /** Whether the test over the folds, or where there is none that over the rows, is surer than 5 %. */
  readonly significant: boolean;
}

/** Runs that were trained and measured on the same rows in the same folds, or the reason why they cannot be paired. */
export type Pairing =
  | { readonly paired: true; readonly metric: string; readonly smallerIsBetter: boolean; /** The closest first. */ readonly pairs: readonly Pair[] }
  | { readonly paired: false; readonly reason: string };

/** A difference that chance would produce less often than this is not called noise. */
export const SIGNIFICANT = 0.05;

/** Tests the run that has the best mean of the metric against each of the others. */
export function pairRuns(runs: readonly EvaluatedRun[]): Pairing {
  const [first, ...rest] = runs;
  if (first === undefined || rest.length === 0) return { paired: false, reason: 'there is only one run' };
  const reason = rest.map((run) => whyNotPaired(first, run)).find((found) => found !== undefined);
  if (reason !== undefined) return { paired: false, reason };

  const { metric, smallerIsBetter } = comparedMetric(runs);
  const scores = runs.map(({ metrics }) => metrics.folds.map(({ best }) => best[metric] ?? NaN));
  const means = scores.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  // Without folds, and for numbers too large to add, there is no mean either.
  if ([...scores.flat(), ...means].some((score) => !Number.isFinite(score))) return { paired: false, reason: `${metric} is not a number in every fold` };
  const winner = means.indexOf(smallerIsBetter ? Math.min(...means) : Math.max(...means));
  const best = runs[winner]!;
  const others = runs.flatMap((run, i) => (i === winner ? [] : [{ run, scores: scores[i]! }]));

  const testToTrain = 1 / (best.experiment.split.folds - 1);
  const tests = others.map((other) => ({
    other: other.run.name,
    folds: pairedTest(scores[winner]!, other.scores, testToTrain) ?? null,
    rows: mcnemar(rightRows(best.outOfFold), rightRows(other.run.outOfFold)),
  }));
  const corrected = holm(tests.map(({ folds, rows }) => (folds ?? rows).p));
  const pairs = tests.map(({ other, folds, rows }, i): Pair => {
    const p = corrected[i]!;
    return { best: best.name, other, folds, p: folds === null ? null : p, rows, significant: p < SIGNIFICANT };
  });
  const lead = ({ folds: of }: Pair): number => Math.abs(of?.difference ?? 0);
  return { paired: true, metric, smallerIsBetter, pairs: pairs.toSorted((a, b) => lead(a) - lead(b)) };
}

/** The metric by which all runs chose their best models, or macro F1 where they differ in that. */
export function comparedMetric(runs: readonly { readonly experiment: Experiment }[]): { readonly metric: string; readonly smallerIsBetter: boolean } {
  const monitors = new Set(runs.map(({ experiment }) => experiment.training.best_model.monitor));
  const [monitor] = monitors;
  const metric = monitors.size === 1 && monitor?.startsWith('val/') === true ? monitor : 'val/f1_macro';
  return { metric, smallerIsBetter: metric === 'val/loss' };
}

/** Scores of other rows or other folds differ for more reasons than the models. */
function whyNotPaired(a: EvaluatedRun, b: EvaluatedRun): string | undefined {
  const both = `${a.name} and ${b.name}`;
  if (trainHash(a) !== trainHash(b)) return `${both} were trained on different data`;
  if (a.metrics.classes.join('\n') !== b.metrics.classes.join('\n')) return `${both} have different classes`;
  const [left, right] = [a.outOfFold, b.outOfFold];
  const isSameRow = (id: string, row: number): boolean => id === right.ids[row] && left.labels[row] === right.labels[row] && left.folds[row] === right.folds[row];
  if (left.ids.length !== right.ids.length || !left.ids.every(isSameRow)) return `${both} have different folds`;
  return undefined;
}

function trainHash({ experiment, environment }: EvaluatedRun): string | undefined {
  return environment.data[experiment.data.train];
}

function rightRows({ labels, predictions }: OutOfFold): readonly boolean[] {
  return Array.from(labels, (label, row) => label === predictions[row]);
}
