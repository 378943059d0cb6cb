/*
 * The package for programs: what the commands do, without a terminal. Nothing here prints, and settings are read from nowhere but the
 * arguments.
 */

export { check, checkAll } from './api/check.ts';
export { openClassifier, type ClassifierOptions } from './api/classifier.ts';
export { compare, type ComparedRuns, type CompareOptions } from './api/compare.ts';
export { evaluate, type EvaluateOptions, type LabelledTable } from './api/evaluate.ts';
export { defineExperiment, type ExperimentOptions, type ExperimentSource } from './api/experiments.ts';
export { plan, planAll, type PlanOfAll, type PlanOptions } from './api/plan.ts';
export { run, runAll, type CommandOptions, type RunAllOptions, type RunLimits, type RunOptions } from './api/run.ts';
export type { Running } from './api/running.ts';
export type { Surroundings } from './api/surroundings.ts';
export { sweep, type SweepOptions } from './api/sweep.ts';
export type { Experiment, ExperimentConfig, LaunchChange, Overrides, PartOf } from './config/index.ts';
export { OrtrainError, type ErrorCode, type Problem } from './core/errors.ts';
export type { Listener, Notice, RunEvent, StageEvent } from './core/events.ts';
export type { Variables } from './core/variables.ts';
export type { DataSizes, InspectedExperiment } from './runner/check/index.ts';
export type {
  AnyClassifier,
  Classifier,
  ClassifierDescription,
  ClassifyOptions,
  DescribedModel,
  OpenClassifierOptions,
  Text,
} from './runner/classifier/index.ts';
export type { AskedDevice, Finding, RunMetrics, RunOutcome, RunResult, RunsObserver } from './runner/index.ts';
export type { LaunchEvent } from './runner/launchers/index.ts';
export type { EvaluatedTable, MetricInterval } from './runner/models/index.ts';
export type { ExperimentPlan, JobPlan, PlannedTogether, TokenCount } from './runner/plan/index.ts';
export type { RankedMember, SweepDocument, SweepOutcome, SweepResult } from './runner/search/index.ts';
export type {
  ClassPrediction,
  GradePrediction,
  LabelPrediction,
  NumberPrediction,
  Prediction,
  PredictionsByTask,
  TaskDescription,
  TaskName,
} from './tasks/index.ts';
export type { ComparedMetric, ComparedValue, Comparison, SideBySide } from './tracking/comparison/index.ts';
