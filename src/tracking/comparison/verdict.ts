import { count, metric, plural } from '../../core/text.ts';
import { required } from '../../core/values.ts';
import type { Interval } from '../../data/statistics/index.ts';
import type { Criterion } from './criterion.ts';
import { ROUNDING, SIGNIFICANT, type Pair, type Paired, type Pairing } from './pairing.ts';

/**
 * What a comparison comes to, in sentences: which run is better and by how much, that the difference is within noise, or why that is not
 * known. `first`: how many share the best score.
 */
export function verdict(pairing: Pairing, criterion: Criterion, first: number): string {
  if (!pairing.paired)
    return (
      'No test was made: ' +
      `${pairing.reason}.${pairing.sameRows ? '' : ' Scores on different rows say nothing about which run is better, so none is marked.'}`
    );
  const sentences = pairing.pairs.length === 1 ? ofTwo(pairing, criterion) : ofMany(pairing, criterion, first);
  return [...sentences, ...leftOut(pairing), criterion.note].filter((sentence) => sentence !== '').join(' ');
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

function ofTwo(pairing: Paired, criterion: Criterion): readonly string[] {
  const [pair] = pairing.pairs;
  if (pair === undefined) return [];
  const first = criterion.metric === pairing.metric ? '' : `${pair.best} has the better ${criterion.metric}.`;
  return [first, leadOfTwo(pair, pairing), rowsOfTwo(pair, pairing)];
}

function leadOfTwo(pair: Pair, { metric: name }: Paired): string {
  const { best, other, difference, folds, finding } = pair;
  if (finding === 'equal') return `Within noise: ${best} and ${other} have the same ${name} in every fold.`;
  if (folds === null)
    return (
      `${capital(reasonOf(pair))}, and neither run can be called ` +
      `better${difference === 0 ? '' : `: the ${name} of ${best} is ${direction(pair)} by ${metric(Math.abs(difference))}`}.`
    );
  if (Math.abs(difference) < ROUNDING) return `Within noise: ${best} and ${other} have the same mean ${name}.`;
  const by = `by ${metric(Math.abs(difference))} (${tested(pair)}; corrected resampled t-test over ${folds.folds} folds)`;
  switch (finding) {
    case 'better':
      return `${best} is better than ${other}: its ${name} is ${direction(pair)} ${by}.`;
    case 'worse':
      return `Fold by fold it is the other way round: the ${name} of ${best} is ${direction(pair)} than that of ${other} ${by}.`;
    default:
      return `The difference is within noise: the ${name} of ${best} is ${direction(pair)} than that of ${other} ${by}.`;
  }
}

/** Why a pair was not tested. */
function reasonOf({ untested }: Pair): string {
  return required(untested, 'reason why the pair was not tested');
}

function rowsOfTwo(pair: Pair, pairing: Paired): string {
  const { rows, finding, folds } = pair;
  const found = rows.p < SIGNIFICANT;
  if (folds === null && finding !== 'equal')
    return `On the out-of-fold predictions ${found ? 'they differ' : 'the difference is within noise'}: ${rowCounts(pair, pairing)}.`;
  const agrees = finding === 'better' ? found && rows.onlyA > rows.onlyB : finding === 'worse' ? found && rows.onlyB > rows.onlyA : !found;
  return `The predictions for single rows ${agrees ? 'agree' : 'do not confirm that'}: ${rowCounts(pair, pairing)}.`;
}

function rowCounts({ best, other, rows }: Pair, { byDistance = false }: Paired): string {
  const test = `${chance(rows.p)}, ${byDistance ? 'exact sign test' : 'McNemar’s exact test'}`;
  if (byDistance)
    return `on ${plural(rows.onlyA, 'row')} ${best} is nearer to the target, on ${count(rows.onlyB)} ${other} (${test})`;
  return (
    `of the rows that only one of them predicts correctly, ${count(rows.onlyA)} are ${best}’s and ${count(rows.onlyB)} are ${other}’s ` +
    `(${test})`
  );
}

function ofMany(pairing: Paired, criterion: Criterion, sharing: number): readonly string[] {
  const { pairs, best, smallerIsBetter } = pairing;
  const has = sharing > 1 ? ` and ${plural(sharing - 1, 'other')} have` : ' has';
  const first =
    `${best}${has} the ${smallerIsBetter ? 'lowest' : 'highest'} ` +
    `${criterion.metric}${criterion.metric.startsWith('val/') ? ' over the folds' : ''}.`;
  const [untested] = pairs.filter(({ folds, finding }) => folds === null && finding !== 'equal');
  if (pairs.every(({ folds }) => folds === null) && untested !== undefined)
    return [first, `${capital(reasonOf(untested))}, and no run can be called better than another.`];
  const tests = `The intervals and p values hold for all ${pairs.length} comparisons together.`;
  if (pairs.length > MOST_SENTENCES) return [first, ...ofCrowd(pairing, criterion), tests];
  return [first, ...pairs.map((pair) => leadOfMany(pair, pairing, criterion)), tests];
}

function leadOfMany(pair: Pair, pairing: Paired, criterion: Criterion): string {
  const { other, folds, finding, difference } = pair;
  if (finding === 'equal') return `${other} has the same ${pairing.metric} in every fold.`;
  if (folds === null) return `Whether it is better than ${other} is unknown, as ${reasonOf(pair)}.`;
  if (Math.abs(difference) < ROUNDING) return `${other} has the same mean ${pairing.metric}.`;
  const inside =
    `${pairing.metric === criterion.metric ? '' : `${pairing.metric} ${direction(pair)} by `}${metric(Math.abs(difference))} ` +
    `(${tested(pair)})`;
  if (finding === 'worse') return `Fold by fold it is worse than ${other}: ${inside}.`;
  return `${finding === 'better' ? `It is better than ${other}` : `Its lead over ${other} is within noise`}: ${inside}.`;
}

/** The runs that the best one has no sure lead over are what a reader has to know. */
function ofCrowd({ pairs, metric: name }: Paired, criterion: Criterion): readonly string[] {
  const found = (...findings: readonly Pair['finding'][]): readonly string[] =>
    pairs.filter(({ finding }) => findings.includes(finding)).map(({ other }) => other);
  const [better, within, worse, unknown] = [found('better'), found('noise', 'equal'), found('worse'), found('unknown')];
  const others = plural(pairs.length, 'other');
  const isAll = better.length === pairs.length || within.length === pairs.length;
  const closest = pairs.find(({ folds }) => folds !== null);
  const isEven = closest !== undefined && Math.abs(closest.difference) < ROUNDING;
  const by =
    closest === undefined
      ? ''
      : isEven
        ? `it has the same mean ${name}`
        : `${name === criterion.metric ? '' : `${name} ${direction(closest)} by `}${metric(Math.abs(closest.difference))} ` +
          `(${tested(closest)})`;
  return [
    better.length === pairs.length
      ? `It is better than all ${others}.`
      : within.length === pairs.length
        ? `Its lead is within noise over all ${others}.`
        : `It is better than ${better.length === 0 ? 'none' : better.length} of the ${others}.`,
    ...(closest === undefined ? [] : [`The closest is ${closest.other}: ${by}.`]),
    ...(within.length === 0 || isAll ? [] : [`Its lead is within noise over ${listed(within)}.`]),
    ...(worse.length === 0 ? [] : [`Fold by fold it is worse than ${listed(worse)}.`]),
    ...(unknown.length === 0 ? [] : [`Whether it is better than ${listed(unknown)} is unknown.`]),
  ];
}

function leftOut({ setAside }: Paired): readonly string[] {
  const reasons = [...new Set(setAside.map(({ reason }) => reason))];
  return reasons.map((reason) => {
    const runs = setAside.filter((each) => each.reason === reason).map(({ run }) => run);
    return (
      `${listed(runs)} ${runs.length === 1 ? 'is' : 'are'} left out: ` +
      `${runs.length === 1 ? reason : reason.replace(/^it has/, 'they have').replace(/^its/, 'their')}.`
    );
  });
}

/** `95 % interval 0.0041 to 0.0205, p = 0.012`, of the difference that is named, whichever sign it has. */
function tested({ folds, difference }: Pair): string {
  if (folds === null) return '';
  const { low, high } = folds.interval;
  return `95 % interval ${range(difference < 0 ? { low: -high, high: -low } : { low, high })}, ${chance(folds.p)}`;
}

function direction({ difference }: Pair): string {
  return difference < 0 ? 'lower' : 'higher';
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function listed(names: readonly string[]): string {
  const shown = names.length > MOST_SENTENCES + 1 ? [...names.slice(0, MOST_SENTENCES), `${names.length - MOST_SENTENCES} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
