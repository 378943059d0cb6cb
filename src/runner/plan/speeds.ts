import { lastOf } from '../../core/values.ts';
import type { Experiment } from '../../config/index.ts';
import { MOST_BASELINE_ROWS } from '../../stages/index.ts';
import { modelOf, predictingModels, trainedFolds, type Job } from '../jobs/job-graph.ts';
import type { BatchSize, PlannedBatches } from './planned-batches.ts';
import type { Workload } from './workload.ts';

/** Seconds that one batch of a size takes. */
export type Cost = (size: Pick<BatchSize, 'rows' | 'width'>) => number;

/** How fast this machine carries an experiment's models out. What is not known is undefined. */
export interface Speeds {
  /** Where this was found, as a phrase: `timed now`, `from the run quickstart`. */
  readonly source: string;
  /** Making a model ready, and writing it where it has been trained. */
  readonly open: number | undefined;
  readonly step: Cost | undefined;
  /** A batch through the model without training it. */
  readonly evaluate: Cost | undefined;
  /** A batch through a frozen encoder. */
  readonly encode: Cost | undefined;
}

/** A model that only predicts has one graph, in place of two and an optimizer. */
const FORWARD_OPENS = 0.5;

/** Stages that run no model read and write small files. */
const SMALL_STAGE = 0.1;

/** Seconds of the baseline for each row, fold and output: 1.1 for 7,613 short texts, 5 folds and 1 output, 3.8 for 5,452 and 6 outputs. */
const BASELINE_OF_ROW = 2.5e-5;

interface Known {
  readonly workload: Workload | undefined;
  readonly speeds: Speeds | undefined;
  readonly experiment: Experiment;
  /** Of the training table. */
  readonly rows: number;
  /** Share of the training that no checkpoint holds, 0 to 1. */
  readonly left: number;
}

/** How long a job takes, all epochs done; undefined where that depends on a speed that is not known. */
export function jobSeconds(
  job: Pick<Job, 'stage' | 'fold' | 'seed'>,
  { workload, speeds, experiment, rows, left }: Known,
): number | undefined {
  const { stage } = job;
  if (stage.name === 'tokenize' && workload !== undefined) return SMALL_STAGE + workload.tokens.seconds;
  if (stage.name === 'baseline' && workload !== undefined)
    return SMALL_STAGE + BASELINE_OF_ROW * baselineRows(rows, experiment) * workload.task.outputs;
  if (!['train', 'refit', 'encode', 'predict'].includes(stage.name)) return SMALL_STAGE;
  if (workload === undefined || speeds?.open === undefined) return undefined;
  const { open, step, evaluate, encode } = speeds;
  switch (stage.name) {
    case 'train':
    case 'refit': {
      const planned = workload.of(modelOf(job));
      const passing = sum(batchesSeconds(planned?.training, step), batchesSeconds(planned?.validation, evaluate));
      return sum(open, passing === undefined ? undefined : left * passing);
    }
    case 'encode':
      return sum(open, ...[...workload.encoding.values()].map((planned) => batchesSeconds(planned, encode)));
    default:
      return sum(FORWARD_OPENS * open * predictingModels(experiment), batchesSeconds(workload.prediction, evaluate));
  }
}

/** Rows of all models together; of several repeats, one has a baseline. */
function baselineRows(rows: number, experiment: Experiment): number {
  return rows > MOST_BASELINE_ROWS ? 0 : rows * Math.ceil(trainedFolds(experiment).length / (experiment.split.repeats ?? 1));
}

/** Undefined where one of them is. */
export function sum(...seconds: readonly (number | undefined)[]): number | undefined {
  return seconds.reduce((total, each) => (total === undefined || each === undefined ? undefined : total + each), 0);
}

function batchesSeconds(planned: PlannedBatches | undefined, cost: Cost | undefined): number | undefined {
  return planned === undefined
    ? 0
    : cost === undefined
      ? undefined
      : planned.sizes.reduce((total, size) => total + size.count * cost(size), 0);
}

/** A batch that was timed. */
export interface TimedSize {
  /** Tokens with padding: rows times width. */
  readonly positions: number;
  readonly seconds: number;
}

/**
 * Between two sizes that were timed, time goes straight from the one to the other; beyond them it goes on as between the last two.
 * Undefined where nothing was timed. From one size alone time is taken to be proportional, because most of it is matrix products.
 */
export function costBetween(timed: readonly TimedSize[]): Cost | undefined {
  const points = [...timed].sort((a, b) => a.positions - b.positions);
  const [first, second] = points;
  if (first === undefined) return undefined;
  if (second === undefined) return ({ rows, width }) => (first.seconds * rows.length * width) / first.positions;
  return ({ rows, width }) => {
    const positions = rows.length * width;
    const above = Math.max(1, Math.min(points.length - 1, points.findIndex((point) => point.positions >= positions)));
    const at = positions > lastOf(points).positions ? points.length - 1 : above;
    const [a, b] = [points[at - 1] ?? first, points[at] ?? second];
    return Math.max(0, a.seconds + ((positions - a.positions) / (b.positions - a.positions)) * (b.seconds - a.seconds));
  };
}
