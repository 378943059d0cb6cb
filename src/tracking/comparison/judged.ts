import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, type Experiment } from '../../config/index.ts';
import { targetOf } from '../../data/examples/index.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../evaluated-run.ts';
import { withNamedMetric } from '../named-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** A run that has been evaluated, with what a comparison takes of its rows: a few bytes each, so that a thousand runs fit into memory. */
export interface Judged {
  readonly name: string;
  readonly experiment: Experiment;
  readonly metrics: RunMetrics;
  /** How well the run predicts each row, in the order of its rows: 1 or 0, or minus a distance. */
  readonly right: Uint8Array | Float32Array;
  /** In what it was judged otherwise than the first run; null for the first one, and where they can be paired. */
  readonly differs: Difference | null;
}

export interface Difference {
  /** As a phrase: `a and b have different folds`. */
  readonly reason: string;
  /** Whether both were judged on the same rows all the same. */
  readonly sameRows: boolean;
}

/** A run that a comparison leaves out of the test, and why, as a phrase. */
export interface SetAside {
  readonly run: string;
  readonly reason: string;
}

type Stored = { readonly name: string; readonly folder: string; readonly metrics: RunMetrics | null };

/** Reads runs one after the other, measures each by `metric` where one is named, and keeps the rows of the first one alone. */
export async function readJudged(
  runs: readonly Stored[],
  metric?: string,
): Promise<{ readonly judged: readonly Judged[]; readonly setAside: readonly SetAside[] }> {
  const [judged, setAside]: [Judged[], SetAside[]] = [[], []];
  let reference: EvaluatedRun | undefined;
  for (const { name, folder, metrics } of runs) {
    if (metrics === null || !existsSync(join(folder, 'oof.csv'))) {
      setAside.push({ run: name, reason: metrics === null ? 'it has not been evaluated' : 'it has no oof.csv any more' });
      continue;
    }
    const evaluated = await readEvaluatedRun(folder);
    const run = { ...evaluated, name, metrics: metric === undefined ? evaluated.metrics : withNamedMetric(evaluated, metric) };
    reference ??= run;
    judged.push(judgedBeside(reference, run));
  }
  return { judged, setAside };
}

/** What a comparison takes of a run, beside the first one of those that are compared. */
export function judgedBeside(reference: EvaluatedRun, run: EvaluatedRun): Judged {
  const { name, experiment, metrics, task, outOfFold } = run;
  const right = task.right(outOfFold.targets, outOfFold.predictions);
  return { name, experiment, metrics, right, differs: reference === run ? null : (differenceOf(reference, run) ?? null) };
}

/** Scores of other rows or other folds differ for more reasons than the models. */
function differenceOf(a: EvaluatedRun, b: EvaluatedRun): Difference | undefined {
  const both = `${a.name} and ${b.name}`;
  if (trainHash(a) !== trainHash(b)) return { reason: `${both} were trained on different data`, sameRows: false };
  if (JSON.stringify(a.task.description) !== JSON.stringify(b.task.description))
    return { reason: `${both} have different ${a.task.words.many}`, sameRows: false };
  const [left, right] = [a.outOfFold, b.outOfFold];
  const isSameRow = (id: string, row: number): boolean =>
    id === right.ids[row] && sameValues(targetOf(left.targets, row), targetOf(right.targets, row));
  if (left.ids.length !== right.ids.length || !left.ids.every(isSameRow))
    return { reason: `${both} were judged on different rows`, sameRows: false };
  if (!left.folds.every((fold, row) => fold === right.folds[row])) return { reason: `${both} have different folds`, sameRows: true };
  return undefined;
}

function sameValues(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, k) => Object.is(value, b[k]));
}

/** Of the tables that a run was trained on and validated by. */
function trainHash({ experiment: { data }, environment }: EvaluatedRun): string {
  const paths = [pathOf(data.train), ...(data.validation === null ? [] : [pathOf(data.validation) ?? ''])];
  return paths.map((path) => environment.data[path]).join();
}
