import { count, metric, plural } from '../../core/text.ts';
import type { Interval } from '../../data/significance.ts';
import { SIGNIFICANT, type Pair, type Pairing } from './pairing.ts';

/** What a comparison comes to, in sentences: which run is better and by how much, or that the difference is within noise. */
export function verdict(pairing: Pairing): string {
  if (!pairing.paired) return `No test was made: ${pairing.reason}.`;
  const [only, ...more] = pairing.pairs;
  if (only === undefined) return '';
  if (more.length === 0) return `${ofTwo(only, pairing)} ${ofRows(only)}`;
  if (pairing.pairs.length > MOST_SENTENCES) return ofCrowd(pairing);
  const leads = pairing.pairs.map((pair) => ofMany(pair, pairing));
  return `${only.best} has the best mean ${pairing.metric}. ${leads.join(' ')} ${corrected(pairing.pairs.length)}`;
}

/** So an interval can exclude zero and its difference be within noise all the same. */
function corrected(comparisons: number): string {
  return `The p values are corrected for ${comparisons} comparisons, each interval is that of its pair alone.`;
}

/** `0.0041 to 0.0205` */
export function range({ low, high }: Interval): string {
  return `${metric(low)} to ${metric(high)}`;
}

/** `p = 0.012`, `p < 0.001` */
export function chance(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${Number(p.toPrecision(2))}`;
}

/** More runs than these are counted instead of named one by one: nobody reads thirty sentences. */
const MOST_SENTENCES = 5;

/** Sums of the same numbers in another order differ by less. */
const ROUNDING = 1e-12;

type Tested = Pairing & { readonly paired: true };

function ofTwo(pair: Pair, { metric: name, smallerIsBetter }: Tested): string {
  const { best, other, folds, significant } = pair;
  if (folds === null) return `Only one fold was trained, so the spread over folds is unknown.`;
  if (Math.abs(folds.difference) < ROUNDING) return `Within noise: ${best} and ${other} have the same mean ${name}.`;
  const by = `by ${metric(Math.abs(folds.difference))} (95 % interval ${range(upwards(folds.interval, smallerIsBetter))}, ${chance(folds.p)}; corrected resampled t-test over ${folds.folds} folds)`;
  const direction = smallerIsBetter ? 'lower' : 'higher';
  return significant
    ? `${best} is better than ${other}: its ${name} is ${direction} ${by}.`
    : `The difference is within noise: the ${name} of ${best} is ${direction} than that of ${other} ${by}.`;
}

function ofRows({ best, other, rows, folds, significant }: Pair): string {
  const counts = `of the rows that only one of them gets right, ${count(rows.onlyA)} are ${best}’s and ${count(rows.onlyB)} are ${other}’s (${chance(rows.p)}, McNemar’s exact test)`;
  const found = rows.p < SIGNIFICANT;
  if (folds === null) return `On the out-of-fold predictions ${found ? 'they differ' : 'the difference is within noise'}: ${counts}.`;
  const agrees = significant ? found && rows.onlyA > rows.onlyB : !found;
  return `The single predictions ${agrees ? 'agree' : 'do not bear that out'}: ${counts}.`;
}

/** The runs that the best one has no sure lead over are what a reader has to know. */
function ofCrowd({ metric: name, pairs, smallerIsBetter }: Tested): string {
  const best = pairs[0]?.best ?? '';
  const within = pairs.filter(({ significant }) => !significant);
  const others = plural(pairs.length, 'other');
  const lead =
    within.length === 0 ? `It is better than all ${others}.` : within.length === pairs.length ? `Its lead is within noise over all ${others}.` : `It is better than ${pairs.length - within.length} of the ${others}.`;
  const [second] = pairs;
  const nearest = second?.folds == null ? '' : ` The closest is ${second.other}: ${metric(Math.abs(second.folds.difference))} (95 % interval ${range(upwards(second.folds.interval, smallerIsBetter))}, ${chance(second.p ?? 1)}).`;
  const rest = within.length === 0 || within.length === pairs.length ? '' : ` Its lead is within noise over ${listed(within.map(({ other }) => other))}.`;
  return `${best} has the best mean ${name}. ${lead}${nearest}${rest} ${corrected(pairs.length)}`;
}

function listed(names: readonly string[]): string {
  const shown = names.length > MOST_SENTENCES + 1 ? [...names.slice(0, MOST_SENTENCES), `${names.length - MOST_SENTENCES} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function ofMany({ other, folds, p, rows, significant }: Pair, { smallerIsBetter }: Tested): string {
  const lead = significant ? `It is better than ${other}` : `Its lead over ${other} is within noise`;
  if (folds === null || p === null) return `${lead} (${count(rows.onlyA)} rows against ${count(rows.onlyB)} that only one gets right, ${chance(rows.p)}).`;
  return `${lead}: ${metric(Math.abs(folds.difference))} (95 % interval ${range(upwards(folds.interval, smallerIsBetter))}, ${chance(p)}).`;
}

/** The interval of how much better the best run is, whichever direction is better. */
function upwards({ low, high }: Interval, smallerIsBetter: boolean): Interval {
  return smallerIsBetter ? { low: -high, high: -low } : { low, high };
}
