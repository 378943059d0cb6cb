import { count, plural } from '../core/text.ts';
import { valueAt } from '../core/values.ts';
import type { CleanedExamples } from '../data/examples/index.ts';
import { examplesOf, partOf, type Finding } from '../data/findings/index.ts';
import { quoted } from '../data/problems.ts';
import type { Task } from './task.ts';

/** Rows weigh as much as so small a share of them would that all weigh alike: results will vary as much as theirs. */
const FEW = 0.1;
/** Classes that are named one by one. */
const SHOWN = 10;

/** What is odd about the weights of the rows that are trained on. */
export function weightFindings({ weights, task, targets, texts, rows }: CleanedExamples<Task>): readonly Finding[] {
  if (weights === undefined || weights.length === 0) return [];
  const none = [...weights.keys()].filter((row) => weights[row] === 0);
  if (weights.every((weight) => weight === weights[0])) {
    const message = `all rows have the weight ${weights[0]}, so data.weight changes nothing`;
    return [{ severity: 'info', code: 'equal-weights', message, count: weights.length, examples: [] }];
  }
  return [...weightless(none, weights.length, texts, rows), ...weightlessClasses({ task, targets }, weights), ...fewWeights(weights)];
}

function weightless(
  none: readonly number[],
  of: number,
  texts: CleanedExamples<Task>['texts'],
  rows: Int32Array,
): readonly Finding[] {
  if (none.length === 0) return [];
  const message = `${partOf(none.length, of, 'rows')} have the weight 0: they are validated, and nothing is learned from them`;
  const places = examplesOf('train', none.map((row) => [row]), texts).map((each) => ({
    ...each,
    rows: each.rows.map((row) => valueAt(rows, row - 1) + 1),
  }));
  return [{ severity: 'info', code: 'weightless-rows', message, count: none.length, examples: places }];
}

/** Classes and grades of which nothing is learned. */
function weightlessClasses({ task, targets }: Pick<CleanedExamples<Task>, 'task' | 'targets'>, weights: Float64Array): readonly Finding[] {
  const isOne = targets.width === 1 && (task.linear.kind === 'classes' || task.linear.kind === 'ranks');
  if (!isOne) return [];
  const nameOf = task.columns.targetCells(targets);
  const sums = new Map<string, { rows: number; weight: number }>();
  weights.forEach((weight, row) => {
    const name = String(nameOf(row)[0]);
    const known = sums.get(name) ?? { rows: 0, weight: 0 };
    sums.set(name, { rows: known.rows + 1, weight: known.weight + weight });
  });
  const found = [...sums].filter(([, { weight }]) => weight === 0);
  return found.slice(0, SHOWN).map(
    ([name, { rows }]): Finding => ({
      severity: 'warning',
      code: 'weightless-class',
      message:
        `${rows === 1 ? 'the only row' : `all ${count(rows)} rows`} of the ${task.words.one} ${quoted(name)} ` +
        `${rows === 1 ? 'has' : 'have'} the weight 0, so nothing is learned of it`,
      count: rows,
      examples: [],
      remedy: 'Look at the column that data.weight names.',
    }),
  );
}

/** Kish's effective sample size (Survey Sampling, 1965): (Σ w)² / Σ w². */
function fewWeights(weights: Float64Array): readonly Finding[] {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const [sum, squares] = [0, 1].map((power) => weights.reduce((all, weight) => all + (weight / largest) ** (power + 1), 0));
  const effective = Math.max(1, Math.round((sum! * sum!) / squares!));
  if (effective >= FEW * weights.length) return [];
  return [
    {
      severity: 'warning',
      code: 'few-weights',
      message:
        `a few rows have almost all the weight: ${plural(weights.length, 'row')} teach as surely as ${count(effective)} of ` +
        'equal weight would, (Σ w)² / Σ w²',
      count: weights.length,
      examples: [],
      remedy: 'If the weights are counts, their square root or logarithm spreads them less.',
    },
  ];
}
