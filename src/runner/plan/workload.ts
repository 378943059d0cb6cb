import {
  emptyStates,
  initialWeights,
  learnedFrom,
  tokenSource,
  trainedPart,
  type InitialWeights,
  type TrainedPart,
} from '../../training/index.ts';
import { withLoss, type Task } from '../../tasks/index.ts';
import { featureFeeds, headModel, type ClassifierOptions, type TrainingLoss } from '../../engine/models/index.ts';
import type { Precision } from '../../engine/precision.ts';
import type { Feeds } from '../../engine/program.ts';
import type { PreparedRun } from '../prepare.ts';
import { predictingModels, refittedModels, seedOf, trainedModels } from '../jobs/job-graph.ts';
import { modelName, type ModelId } from '../../core/model-name.ts';
import { modelBatches, textLengths, tableBatches, type BatchSize, type ModelBatches, type PlannedBatches } from './planned-batches.ts';
import { plannedTokens, type PlannedRows, type PlannedTokens } from './tokens.ts';

/** The table that rows belong to. */
export type Part = 'train' | 'test';

/** What goes through the models of a run, and what it looks like. */
export interface Workload {
  readonly tokens: PlannedTokens;
  readonly weights: InitialWeights;
  readonly whole: ClassifierOptions & TrainingLoss;
  readonly task: Task;
  /** What of the models is trained, and what it is fed. */
  readonly part: TrainedPart;
  /** Of the training. */
  readonly precision: Precision;
  /** Of every fold's model that is trained, by its name. */
  readonly models: ReadonlyMap<string, ModelBatches>;
  /** Of one of them; undefined where it is none of these. */
  of(model: ModelId): ModelBatches | undefined;
  /** Where what is frozen is computed once: each text through it. */
  readonly encoding: ReadonlyMap<Part, PlannedBatches>;
  /** Each row to predict through every fold's model; undefined where there are none. */
  readonly prediction: PlannedBatches | undefined;
  /** A batch for the model that is trained and predicts. */
  feeds(part: Part, size: BatchSize): Feeds;
  /** A batch for the encoder. */
  texts(part: Part, size: BatchSize): Feeds;
}

/** Undefined where the tasks at hand run no model. */
export async function workloadOf(prepared: PreparedRun, data: PlannedRows): Promise<Workload | undefined> {
  const { experiment, jobs } = prepared;
  const files = jobs.find(({ stage }) => ['train', 'encode'].includes(stage.name))?.files;
  const tokens = files === undefined ? undefined : await plannedTokens(prepared, data);
  if (files === undefined || tokens === undefined) return undefined;
  const weights = initialWeights(files, experiment.model, experiment.seed);
  const trained = trainedPart(experiment, weights.config, jobs.some(({ stage }) => stage.name === 'encode'));
  const onFeatures = trained.fed === 'features';
  const { task } = data.labelled;
  const { pooling, head } = experiment.model;
  const trainedTask = withLoss(task, experiment.training.loss, data.labelled.targets);
  const whole = { encoder: weights.config, pooling, head, ...learnedFrom(trainedTask, experiment.data.weight !== null) };
  const { eval_batch_size: evalBatch } = experiment.training;
  const [inEncoder, inModel] = [textLengths(tokens.train, tokens.test, false), textLengths(tokens.train, tokens.test, onFeatures)];
  const batchesOf = (all: readonly ModelId[]): ReadonlyMap<string, ModelBatches> =>
    new Map(
      all.map((model) => {
        const own = { ...experiment, seed: seedOf(model, experiment) };
        return [modelName(model), modelBatches(model, data.division, inModel.train, own)];
      }),
    );
  const [models, refitted] = [batchesOf(trainedModels(experiment)), batchesOf(refittedModels(experiment))];
  const texts: Workload['texts'] = (part, { rows, width }) => tokenSource(tokens[part] ?? tokens.train, weights.config).feeds(rows, width);
  const { width } = headModel(whole);
  return {
    tokens,
    weights,
    whole,
    task,
    part: trained,
    precision: prepared.precisionChoice.precision,
    models,
    of: (model) => models.get(modelName(model)) ?? refitted.get(modelName(model)),
    encoding: new Map(
      trained.fed === 'tokens' ? [] : parts(inEncoder).map(([part, lengths]) => [part, tableBatches(lengths, evalBatch, 1)]),
    ),
    prediction: inModel.test === undefined ? undefined : tableBatches(inModel.test, evalBatch, predictingModels(experiment)),
    feeds: onFeatures
      ? (_, { rows }) => featureFeeds(new Float32Array(rows.length * width), width)
      : (part, size) => ({ ...texts(part, size), ...emptyStates(whole, trained, size.rows.length, size.width) }),
    texts,
  };
}

function parts({ train, test }: ReturnType<typeof textLengths>): readonly (readonly [Part, Int32Array])[] {
  return [['train', train], ...(test === undefined ? [] : [['test', test] as const])];
}
