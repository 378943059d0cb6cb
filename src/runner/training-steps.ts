import { join } from 'node:path';
import { loadTokens, type TokenSet } from '../data/tokens.ts';
import { targetFeeds, type ClassifierOptions, type EncoderConfig, type TrainingLoss } from '../engine/models/index.ts';
import { operationsPerNumber, type UpdateRule } from '../engine/optim/index.ts';
import type { Feeds, StepProgram } from '../engine/program.ts';
import { bindSymbols } from '../engine/runtime/batch.ts';
import { stepMemory, stepWork, type StepMemory, type StepWork } from '../engine/step-analysis.ts';
import { classifierPrograms, optimizerOf } from '../training/classifier.ts';
import { initialWeights } from '../training/classifier-folder.ts';
import { exampleBatches, featureBatch, type BatchShape, type FedBatch } from './example-batches.ts';
import type { PreparedRun } from './prepare.ts';
import { addressOf } from './task-graph.ts';

/** What one training step over a batch takes. */
export interface StepCost {
  readonly batch: BatchShape;
  readonly memory: StepMemory;
  readonly work: StepWork;
}

/** What the step learns. */
type Learned = Pick<ClassifierOptions, 'outputs'> & TrainingLoss;

/** The training step of an experiment, and what it takes for a typical batch and for the largest, found without training. */
export interface TrainingSteps {
  readonly encoder: EncoderConfig;
  /** True where the encoder is frozen, so that the step is that of the head alone. */
  readonly onFeatures: boolean;
  readonly step: StepProgram;
  /** Batches of tokens, whether the step sees them or not. */
  readonly texts: readonly FedBatch[];
  /** Of the typical batch first. */
  readonly costs: readonly StepCost[];
}

/** Reads the model's config, and the tokens where the cache has them. */
export async function trainingSteps(prepared: PreparedRun, { outputs, loss }: Learned): Promise<TrainingSteps> {
  const { experiment, tasks, precisionChoice } = prepared;
  const encoder = encoderOf(prepared);
  const onFeatures = tasks.some(({ stage }) => stage.name === 'encode');
  const { step } = classifierPrograms({ encoder, head: experiment.model.head, outputs, loss }, onFeatures, precisionChoice.precision);
  const { rule } = optimizerOf(experiment.training);
  const texts = exampleBatches(experiment, encoder, await cachedTokens(prepared));
  const batches = onFeatures ? [featureBatch(experiment.training.batch_size, encoder.hiddenSize)] : texts;
  return { encoder, onFeatures, step, texts, costs: batches.map((batch) => costOf(step, batch, rule, outputs)) };
}

function costOf(step: StepProgram, { shape, feeds }: FedBatch, rule: UpdateRule, outputs: number): StepCost {
  const lengths = lengthsOf(step, { ...feeds, ...targetFeeds(new Float32Array(shape.texts * outputs), outputs) });
  return { batch: shape, memory: stepMemory(step, lengths, rule.slots.length), work: stepWork(step, lengths, operationsPerNumber(rule)) };
}

/** The length of every symbol of the graph that a batch gives. */
export function lengthsOf({ graph }: Pick<StepProgram, 'graph'>, feeds: Feeds): ReturnType<typeof bindSymbols> {
  return bindSymbols(graph.inputs.filter(({ name }) => feeds[name] !== undefined), feeds);
}

function encoderOf({ experiment, tasks }: PreparedRun): EncoderConfig {
  const files = tasks.find(({ stage }) => stage.name === 'train')?.files ?? {};
  return initialWeights(files, experiment.model, experiment.seed).config;
}

async function cachedTokens({ tasks, cache }: PreparedRun): Promise<TokenSet | undefined> {
  const task = tasks.find(({ stage }) => stage.name === 'tokenize');
  if (task === undefined || (await cache.inspect(addressOf(task))).kind !== 'sound') return undefined;
  return loadTokens(join(task.output, 'train.tokens'));
}
