import { sharedCriterion } from '../../src/tracking/comparison/criterion.ts';
import { judgedBeside } from '../../src/tracking/comparison/judged.ts';
import { pairJudged, type Pairing } from '../../src/tracking/comparison/pairing.ts';
import type { EvaluatedRun } from '../../src/tracking/evaluated-run.ts';

/** The pairing of runs that are in memory. */
export function pairRuns(runs: readonly [EvaluatedRun, ...EvaluatedRun[]]): Pairing {
  return pairJudged(runs.map((run) => judgedBeside(runs[0], run)), [], sharedCriterion(runs));
}
