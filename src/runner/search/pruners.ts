import { signedRankTest } from './wilcoxon.ts';

/*
 * When a trial is not worth going on with. Each rule is a function of what is recorded, so that a sweep which is resumed decides as it
 * would have. `sign` is 1 where larger scores are better and -1 where smaller ones are.
 */

/** Scores of a trial by their steps, which are epochs or folds. */
export type Scores = ReadonlyMap<number, number>;

type Sign = 1 | -1;

/**
 * Successive halving, asynchronously (Li et al., A system for massively parallel hyperparameter tuning, 2020): of those that came to a
 * rung, the best of every `factor` go on, at least one, and those that are as good.
 *
 * @param others scores of the other trials at the rung, however they ended
 */
export function survivesRung(own: number, others: readonly number[], factor: number, sign: Sign): boolean {
  if (Number.isNaN(own)) return false;
  const all = [...others.filter((score) => !Number.isNaN(score)), own].toSorted((a, b) => sign * (b - a));
  const last = all[Math.max(1, Math.floor(all.length / factor)) - 1] as number;
  return sign * (own - last) >= 0;
}

/** Epochs at which trials are looked at, each `factor` times the one before, or with factor 1 every epoch; not the last one. */
export function rungsUpTo(epochs: number, first: number, factor: number): readonly number[] {
  const rungs: number[] = [];
  for (let rung = first; rung < epochs; rung = factor === 1 ? rung + 1 : rung * factor) rungs.push(rung);
  return rungs;
}

/** The median rule (Golovin et al., Google Vizier, 2017): the best score so far is worse than half of the complete trials at this step. */
export function isBelowMedian(
  own: Scores,
  step: number,
  complete: readonly Scores[],
  { startup, least = 1, percentile = 50 }: { readonly startup: number; readonly least?: number; readonly percentile?: number },
  sign: Sign,
): boolean {
  if (complete.length === 0 || complete.length < startup) return false;
  const reached = [...own].flatMap(([at, score]) => (at <= step && !Number.isNaN(score) ? [sign * score] : []));
  if (reached.length === 0) return true;
  const there = complete.flatMap((scores) => {
    const score = scores.get(step);
    return score === undefined || Number.isNaN(score) ? [] : [sign * score];
  });
  if (there.length < least || there.length === 0) return false;
  return Math.max(...reached) < quantile(there, (100 - percentile) / 100);
}

/**
 * Whether a trial has lost a race: on the folds that it shares with the best complete one its scores are lower by Wilcoxon's test, and
 * lower on the mean.
 *
 * @param best all folds of the best trial
 * @param least folds that both must have; two at least
 */
export function losesRace(own: Scores, best: Scores, { p, least }: { readonly p: number; readonly least: number }, sign: Sign): boolean {
  const differences = [...own].flatMap(([fold, score]) => {
    const other = best.get(fold);
    return other === undefined || Number.isNaN(score) || Number.isNaN(other) ? [] : [score - other];
  });
  if (differences.length < Math.max(2, least)) return false;
  if (sign * (mean([...own.values()]) - mean([...best.values()])) >= 0) return false;
  return signedRankTest(differences, sign === 1 ? 'less' : 'greater') < p;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Between the two nearest, as numpy's default has it. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return low + (high - low) * (place - Math.floor(place));
}
