import { join } from 'node:path';
import type { Experiment, LoadedExperiment } from '../config/index.ts';
import { loadTokens, type TokenSet } from '../data/tokens.ts';
import { lower, loweredOperators, print, type Graph, type LoweredOperator } from '../engine/graph/index.ts';
import { encoderForward, targetFeeds, type EncoderConfig } from '../engine/models/index.ts';
import { deviceStep, operationsPerNumber, type UpdateRule } from '../engine/optim/index.ts';
import type { Feeds, StepProgram } from '../engine/program.ts';
import { bindSymbols } from '../engine/runtime/batch.ts';
import { HARMFUL_OPTIMIZERS } from '../engine/runtime/session.ts';
import {
  operatorCounts, parameterSums, stepMemory, stepWork, sumOf, totalWork, workOf,
  type OperatorCount, type ParameterSum, type StepMemory, type StepWork,
} from '../engine/step-analysis.ts';
import type { Device } from '../engine/runtime/index.ts';
import { choicesOf, deviceChoicesOf, type Choice } from '../engine/step-choices.ts';
import { classifierPrograms, optimizerOf } from '../training/classifier.ts';
import { initialWeights, outputsFor } from '../training/classifier-folder.ts';
import { checkData } from './check-data.ts';
import { assumeDevice } from './devices.ts';
import { exampleBatches, featureBatch, type BatchShape, type FedBatch } from './example-batches.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from './prepare.ts';
import { addressOf } from './task-graph.ts';

/** What training an experiment amounts to, found without training it. */
export interface Explanation {
  readonly experiment: string;
  readonly device: string;
  /** The training step as a program, as the device has it: on a GPU with masks and update, in operators that there are kernels for. */
  readonly graph: string;
  readonly trained: ParameterSum;
  readonly frozen: ParameterSum;
  readonly optimizer: { readonly name: string; readonly slots: readonly string[]; readonly operationsPerNumber: number };
  /** Every node of the step, by operator. */
  readonly operators: readonly (OperatorCount & { readonly provider: string })[];
  readonly choices: readonly Choice[];
  /** Operators that were rewritten because the device's provider lacks them. */
  readonly lowered: readonly LoweredOperator[];
  /** Fusions of onnxruntime that are kept from the graph. */
  readonly switchedOff: readonly string[];
  /** Where the encoder is frozen: what its one forward pass over a batch takes. Its parameters are the frozen ones. */
  readonly encoding: readonly { readonly batch: BatchShape; readonly operations: number }[];
  readonly steps: readonly { readonly batch: BatchShape; readonly memory: StepMemory; readonly work: StepWork }[];
}

/** Reads configuration, data and the model's config; no weights, no device. Throws as `planExperiment` does. */
export async function explainExperiment(loaded: LoadedExperiment, options: RunnerOptions): Promise<Explanation> {
  const prepared = await prepareRun(loaded, { ...options, choose: assumeDevice });
  const { experiment, device } = prepared;
  const { classes } = await checkData(experiment);
  const whole = { encoder: encoderOf(prepared), head: experiment.model.head, outputs: outputsFor(classes) };
  const onFeatures = prepared.tasks.some(({ stage }) => stage.name === 'encode');
  const { step } = classifierPrograms(whole, onFeatures);
  const { rule } = optimizerOf(experiment.training);
  const { graph, lowered, choices } = onDevice(step, experiment.training, device);
  const texts = exampleBatches(experiment, whole.encoder, await cachedTokens(prepared));
  const { trained, frozen } = parameterSums(step);
  return {
    experiment: experiment.name,
    device,
    graph: print(graph),
    trained,
    frozen: onFeatures ? sumOf(encoderForward(whole.encoder).parameters) : frozen,
    optimizer: { name: rule.name, slots: rule.slots, operationsPerNumber: operationsPerNumber(rule) },
    operators: operatorCounts(graph).map((each) => ({ ...each, provider: device })),
    choices,
    lowered,
    switchedOff: HARMFUL_OPTIMIZERS,
    encoding: onFeatures ? texts.map((batch) => encodingOf(whole.encoder, batch)) : [],
    steps: (onFeatures ? [featureBatch(experiment.training.batch_size, whole.encoder.hiddenSize)] : texts).map((batch) => stepOf(step, batch, rule, whole.outputs)),
  };
}

/** On the CPU the graph ends with the gradients; on a GPU it goes on to the updated state, and every node of it stays there. */
function onDevice(step: StepProgram, training: Experiment['training'], device: Device): { readonly graph: Graph } & Pick<Explanation, 'lowered' | 'choices'> {
  if (device === 'cpu') return { graph: step.graph, lowered: loweredOperators(step.graph, device), choices: choicesOf(step) };
  const whole = deviceStep(step, optimizerOf(training), training.clip_norm).graph;
  const graph = lower(whole, device);
  return { graph, lowered: loweredOperators(whole, device), choices: deviceChoicesOf(step, graph) };
}

function stepOf(step: StepProgram, { shape, feeds }: FedBatch, rule: UpdateRule, outputs: number): Explanation['steps'][number] {
  const lengths = lengthsOf(step, { ...feeds, ...targetFeeds(new Int32Array(shape.texts), outputs) });
  return { batch: shape, memory: stepMemory(step, lengths, rule.slots.length), work: stepWork(step, lengths, operationsPerNumber(rule)) };
}

function encodingOf(encoder: EncoderConfig, { shape, feeds }: FedBatch): Explanation['encoding'][number] {
  const forward = encoderForward(encoder);
  return { batch: shape, operations: totalWork(workOf(forward.graph.nodes, lengthsOf(forward, feeds))) };
}

/** The length of every symbol of the graph that a batch gives. */
export function lengthsOf({ graph }: Pick<StepProgram, 'graph'>, feeds: Feeds): ReturnType<typeof bindSymbols> {
  return bindSymbols(graph.inputs.filter(({ name }) => feeds[name] !== undefined), feeds);
}

function encoderOf({ experiment, tasks }: PreparedRun): EncoderConfig {
  const files = tasks.find(({ stage }) => stage.name === 'train')?.files ?? {};
  return initialWeights(files, experiment.model.weights, experiment.seed).config;
}

async function cachedTokens({ tasks, cache }: PreparedRun): Promise<TokenSet | undefined> {
  const task = tasks.find(({ stage }) => stage.name === 'tokenize');
  if (task === undefined || (await cache.inspect(addressOf(task))).kind !== 'sound') return undefined;
  return loadTokens(join(task.output, 'train.tokens'));
}
