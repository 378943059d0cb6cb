import { join } from 'node:path';
import { loadTokens, type TokenSet } from '../../data/tokens/index.ts';
import { headModel, type ClassifierOptions, type EncoderConfig } from '../../engine/models/index.ts';
import { bindSymbols, deviceMemory, type DeviceMemory, type DeviceMemoryOf } from '../../engine/runtime/index.ts';
import type { Symbols } from '../../engine/graph/index.ts';
import { operationsPerNumber, type Optimizer } from '../../engine/optim/index.ts';
import type { Feeds, StepProgram } from '../../engine/program.ts';
import { layerWork, stepMemory, stepWork, type LayerWork, type StepMemory, type StepWork } from '../../engine/step-analysis.ts';
import {
  classifierPrograms,
  emptyStates,
  emptyTargets,
  initialWeights,
  optimizerOf,
  trainedPart,
  type Learned,
  type TrainedPart,
} from '../../training/index.ts';
import { exampleBatches, featureBatch, withFeeds, type BatchShape, type FedBatch } from './example-batches.ts';
import type { PreparedRun } from '../prepare.ts';
import { addressOf } from './job-graph.ts';

/** What one training step over a batch takes. */
export interface StepCost {
  readonly batch: BatchShape;
  /** Rows of it that go through the model at a time, by training.micro_batch. */
  readonly rowsAtATime: number;
  /** While so many do. */
  readonly memory: StepMemory;
  /** Of a GPU's memory; null on the CPU. */
  readonly gpu: DeviceMemory | null;
  readonly work: StepWork;
  readonly layers: readonly LayerWork[];
}

/** The training step of an experiment, and what it takes for a typical batch and for the largest, found without training. */
export interface TrainingSteps {
  readonly whole: ClassifierOptions;
  /** What the step trains. */
  readonly part: TrainedPart;
  readonly step: StepProgram;
  /** Batches of tokens, whether the step sees them or not. */
  readonly texts: readonly FedBatch[];
  /** Of the typical batch first. */
  readonly costs: readonly StepCost[];
}

/** Reads the model's config, and the tokens where the cache has them. */
export async function trainingSteps(prepared: PreparedRun, learned: Learned): Promise<TrainingSteps> {
  const { experiment, jobs, device, precisionChoice } = prepared;
  const { training } = experiment;
  const encoder = encoderOf(prepared);
  const trained = trainedPart(experiment, encoder, jobs.some(({ stage }) => stage.name === 'encode'));
  const { pooling, head } = experiment.model;
  const whole = { encoder, pooling, head, ...learned };
  const { step } = classifierPrograms(whole, trained, precisionChoice.precision);
  const optimizer = optimizerOf(training, encoder);
  const texts = exampleBatches(experiment, encoder, await cachedTokens(prepared));
  const batches =
    trained.fed === 'features'
      ? [featureBatch(training.batch_size, headModel(whole).width)]
      : texts.map((batch) => withFeeds(batch, (rows) => emptyStates(whole, trained, rows, batch.shape.width)));
  const gpu = device === 'cpu' ? undefined : deviceMemory(step, optimizer, training.clip_norm, device);
  return {
    whole,
    part: trained,
    step,
    texts,
    costs: batches.map((batch) => costOf(step, batch, { optimizer, learned, gpu, rows: training.micro_batch ?? Infinity })),
  };
}

interface Costing {
  readonly optimizer: Optimizer;
  readonly learned: Learned;
  readonly gpu: DeviceMemoryOf | undefined;
  /** The most that go through the model at a time. */
  readonly rows: number;
}

function costOf(step: StepProgram, { shape, part }: FedBatch, { optimizer: { rule }, learned, gpu, rows }: Costing): StepCost {
  const rowsAtATime = Math.min(rows, shape.texts);
  const lengths = (texts: number): Symbols =>
    lengthsOf(step, { ...part(texts), ...emptyTargets(learned, texts) });
  const [whole, atATime] = [lengths(shape.texts), lengths(rowsAtATime)];
  const ofGpu = rowsAtATime < shape.texts ? gpu?.part(atATime) : gpu?.whole(atATime);
  return {
    batch: shape,
    rowsAtATime,
    memory: stepMemory(step, atATime, rule.slots.length),
    gpu: ofGpu ?? null,
    work: stepWork(step, whole, operationsPerNumber(rule)),
    layers: layerWork(step, whole),
  };
}

/** The length of every symbol of the graph that a batch gives. */
export function lengthsOf({ graph }: Pick<StepProgram, 'graph'>, feeds: Feeds): ReturnType<typeof bindSymbols> {
  return bindSymbols(graph.inputs.filter(({ name }) => feeds[name] !== undefined), feeds);
}

function encoderOf({ experiment, jobs }: PreparedRun): EncoderConfig {
  const files = jobs.find(({ stage }) => stage.name === 'train')?.files ?? {};
  return initialWeights(files, experiment.model, experiment.seed).config;
}

async function cachedTokens({ jobs, cache }: PreparedRun): Promise<TokenSet | undefined> {
  const job = jobs.find(({ stage }) => stage.name === 'tokenize');
  if (job === undefined || (await cache.inspect(addressOf(job))).kind !== 'sound') return undefined;
  return loadTokens(join(job.output, 'train.tokens'));
}
