import type { Experiment, MetricName } from '../config/index.ts';
import type { Problem } from '../core/errors.ts';
import type { CleanedExamples, CleaningOptions, LabelledExamples, Targets, TargetWords } from '../data/examples/index.ts';
import type { Finding } from '../data/findings/index.ts';
import type { Strata } from '../data/folds/index.ts';
import type { LinearTargets } from '../data/linear/index.ts';
import type { ListOptions, SampleColumn, ValueWriter } from '../data/submission/index.ts';
import type { TableColumns } from '../data/tables/index.ts';
import type { TextColumns } from '../data/texts/index.ts';
import type { Averaged, Loss, OutputScale, RankLayer } from '../engine/models/index.ts';
import type { Prediction } from './prediction-objects.ts';
import type { Predictions } from './predictions.ts';
import type { ReportedRun, TaskReport } from './report.ts';

/**
 * What is learned: what the numbers of targets and predictions mean, how a model is held against them and measured, and how they are
 * written. A task is made for the targets of one table; nothing outside this room asks how many classes there are. A new kind is a folder
 * beside `classification`, an entry in kinds.ts, and the names of its metrics in config/metric-names.ts.
 */
export interface Task {
  /** What the numbers stand for, as files keep it: `openTask` makes the same task of it. */
  readonly description: TaskDescription;
  /** What is told apart or measured, as a phrase: `2 classes`. */
  readonly summary: string;
  readonly words: TargetWords;
  /** The classes, labels or grades, or the columns of numbers, in their order. */
  readonly names: readonly string[];
  /** Width of the logits. */
  readonly outputs: number;
  /** Of logits and encoded targets, [rows, outputs] each. */
  readonly loss: Loss;
  /** How the outputs say a rank; each output has weights of its own where it is left out. */
  readonly ranks?: RankLayer;
  /** What a row weighs in the loss because of its target; all count alike where it is left out. */
  readonly weights?: TargetWeights;
  /**
   * The same task trained by the loss that is asked for, or what is wrong with asking for it. The config has seen to it that tasks of this
   * name can be. Without it there is nothing to choose.
   *
   * @param targets of all rows that are trained on and validated, for what is balanced by them
   */
  withLoss?(options: LossOptions, targets: Targets): Task | Refused;
  /** Writes what a row's logits are held against into `into`, which is all zeros: [width] → [outputs]. */
  encode(target: Float64Array, into: Float32Array): void;
  /** What logits, row-major [rows, outputs], say about their rows. */
  predict(logits: Float32Array): Predictions;
  /** How other tools take a model. */
  readonly published: PublishedModel;
  /** Measured of every epoch and of every run, in the order in which they are shown. */
  readonly metrics: readonly Metric[];
  /** One of these, or one that is measured only where somebody names it; undefined where the task has none of that name. */
  metric(name: string): Metric | undefined;
  /** Where a metric has no value, what to watch instead and why, as the end of a sentence after `Watch another metric, `. */
  readonly watchInstead: string;
  /** What runs are compared by that chose their best epochs by different metrics. */
  readonly usualMetric: MetricName;
  /** Why there is no metric of that name; undefined where there is. */
  unmeasured(metric: string): Unmeasured | undefined;
  /** What is wrong with watching metrics that say nothing on the rows of some fold; undefined where nothing is. */
  undefinedMetrics(watched: readonly Watched[], divided: Divided): Refused | undefined;
  /** What `stratified-kfold` holds in equal shares; of numbers as many ranges as `bins` says. */
  strata(targets: Targets, bins?: number): Strata;
  /** What is to be known about groups of rows that have the same text and different targets. */
  conflicts(
    all: LabelledExamples<unknown>,
    groups: readonly (readonly number[])[],
    settling: CleaningOptions['conflicts'],
  ): readonly Finding[];
  /** What else is to be known about the targets before training. */
  findings(inspected: InspectedTargets): readonly Finding[];
  /** How oof.csv and predictions.csv are written and read. */
  readonly columns: TaskColumns;
  /** True where predictions are numbers in the targets' unit, which a submission holds with all their digits. */
  readonly isContinuous?: true;
  /** What goes into the columns of a submission, given those of the sample beside the id; or why nothing fits, as a sentence. */
  submissionValues(predictions: Predictions, columns: readonly SampleColumn[], asked?: ListOptions): ValueWriter | string;
  /** What a column holds for which a configuration asks for `what`; undefined where the task has no such thing. */
  value(what: string, predictions: Predictions): ValueWriter | undefined;
  /** What can be asked for, as a phrase: `prediction and probability:<class>`. */
  readonly values: string;
  /** What a column of the sample that could be read in two ways receives, and how to have the other, as a sentence. */
  choiceNotice?(columns: readonly SampleColumn[]): string | undefined;
  /** Rows for programs, beside their ids. */
  objects(predictions: Predictions): (row: number) => Prediction;
  /** What the targets are for the linear model of a baseline, whose answers are predictions, unless `ofLinear` makes them so. */
  readonly linear: LinearTargets;
  ofLinear?(numbers: Float64Array): Predictions;
  /** What somebody would predict for so many rows who knows the targets of others and no text. */
  baseline(targets: Targets, rows: number): Predictions;
  /** How well each row is predicted, more being better: 1 or 0 where it is right or wrong, or minus a distance. */
  right(targets: Targets, predictions: Predictions): Uint8Array | Float32Array;
  /** What the page of a run shows of its targets and predictions. */
  report(run: ReportedRun): TaskReport;
  /** Why predictions that are all alike are worth a word, as a sentence; undefined where they are not. */
  constantPredictions(predictions: Predictions): string | undefined;
}

/**
 * JSON that the files of examples, metrics and models hold among their own keys, which are therefore taken: `train` and `test`, `folds`,
 * `seeds`, `cv`, `oof` and `baseline`, `head` and `max_seq_length`. `task` names the kind, unless it is a classification.
 */
export type TaskDescription = Readonly<Record<string, unknown>>;

/** As the configuration has it. */
export type LossOptions = Experiment['training']['loss'];

export interface TargetWeights {
  /** Whether a row has one weight, or each of its outputs, as where some are not known. */
  readonly of: 'rows' | 'elements';
  /**
   * Writes what the losses of a row are multiplied by into `into`, [1] or [outputs], all of it; answers what the row counts in the sum
   * that the loss of a batch is divided by.
   */
  weigh(target: Float64Array, into: Float64Array): number;
}

export interface Metric {
  readonly name: MetricName;
  /** Which values are better. */
  readonly better: 'high' | 'low';
  /** NaN where it is undefined. The loss is that of predictions whose logits are gone, as those of several models are. */
  of(targets: Targets, predictions: Predictions): number;
}

export interface Unmeasured {
  /** As a phrase after the metric's name: `is measured for two classes only; the training rows have 3`. */
  readonly reason: string;
  /** The nearest that is measured. */
  readonly instead: string;
}

/** A key of the configuration and the metric that it watches. */
export interface Watched {
  readonly field: string;
  readonly monitor: string;
}

/** What is trained on, and the fold in which each row is validated; −1 where it is always trained on. */
export interface Divided {
  readonly targets: Targets;
  readonly foldOf: Int32Array;
  readonly folds: number;
  /** Those that are trained, by their numbers. */
  readonly trained: readonly number[];
}

/** A training table, and what is trained on. */
export interface InspectedTargets {
  readonly table: TableColumns;
  /** The columns that the experiment uses. */
  readonly used: {
    readonly id: string | null;
    readonly text: TextColumns;
    readonly target: string | readonly string[];
    readonly weight?: string | null;
  };
  /** Every row of the table. */
  readonly all: LabelledExamples<unknown>;
  /** The rows that are trained on, and the fold that validates each; −1 where none does. */
  readonly kept: CleanedExamples<unknown>;
  readonly foldOf: Int32Array;
  readonly folds: number;
  readonly shuffle: boolean;
}

export interface Refused {
  readonly problems: readonly Problem[];
  readonly remedy: string;
}

export interface PublishedModel {
  /** Whether the one output x is given away as two, 0 and x. */
  readonly asPair: boolean;
  /** The outputs z are given away as mean + sd · z. */
  readonly scale?: OutputScale;
  /** Width of the logits that are given away. */
  readonly outputs: number;
  /** What those logits stand for, where several models are given away as one that averages them. */
  readonly averaged: Averaged;
  /** What those logits say. */
  predict(logits: Float32Array): Predictions;
  /** Keys of a Hugging Face config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface TaskColumns {
  /** Names of the columns that hold the target. */
  readonly targets: readonly string[];
  /** Names of the columns that hold what is predicted. */
  readonly predictions: readonly string[];
  targetCells(targets: Targets): Cells;
  predictionCells(predictions: Predictions): Cells;
  /** The numbers of a row that `targetCells` made, [width], or what is wrong with it. */
  readTarget(cells: readonly string[]): readonly number[] | Misread;
  /** The numbers of a row that `predictionCells` made, [width], or what is wrong with it. */
  readPrediction(cells: readonly string[]): readonly number[] | Misread;
}

/** The cells of a row, which are made when they are asked for. */
export type Cells = (row: number) => readonly (number | string)[];

/** A cell that cannot be read. */
export interface Misread {
  /** `a probability` */
  readonly what: string;
  readonly cell: string;
  /** What it should have been: `one of the run's classes`. */
  readonly instead?: string;
}
