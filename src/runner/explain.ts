import { isUsualLoss, type Experiment, type LoadedExperiment } from '../config/index.ts';
import { lower, loweredOperators, print, type Graph, type LoweredOperator, type PrecisionCount } from '../engine/graph/index.ts';
import { depthOf, type ClassifierOptions, type EncoderConfig } from '../engine/models/index.ts';
import { deviceStep, groupOf, operationsPerNumber, type Optimizer } from '../engine/optim/index.ts';
import { nodesByPrecision, type Precision } from '../engine/precision.ts';
import type { ParameterSpec, StepProgram } from '../engine/program.ts';
import { HARMFUL_OPTIMIZERS, type Device } from '../engine/runtime/index.ts';
import { operatorCounts, parameterSums, sumOf, totalWork, workOf, type OperatorCount, type ParameterSum } from '../engine/step-analysis.ts';
import { choicesOf, deviceChoicesOf, type Choice } from '../engine/step-choices.ts';
import { encodingPrograms, learnedFrom, optimizerOf, type TrainedPart } from '../training/index.ts';
import { openTask, withLoss, type Task } from '../tasks/index.ts';
import { checkData } from './check/aside.ts';
import { readData } from './check/data.ts';
import { assumeDevice } from './machine/devices.ts';
import type { BatchShape, FedBatch } from './jobs/example-batches.ts';
import { prepareRun, type RunnerOptions } from './prepare.ts';
import { lengthsOf, trainingSteps, type StepCost } from './jobs/training-steps.ts';

/** What training an experiment amounts to, found without training it. */
export interface Explanation {
  readonly experiment: string;
  readonly device: string;
  /** The training step as a program, as the device has it: on a GPU with masks and update, in operators that there are kernels for. */
  readonly graph: string;
  readonly trained: ParameterSum;
  readonly frozen: ParameterSum;
  /** The rates that parts of the model start with, from the lowest; empty where all have the same. */
  readonly rates: readonly { readonly part: string; readonly lr: number }[];
  readonly optimizer: { readonly name: string; readonly slots: readonly string[]; readonly operationsPerNumber: number };
  /** Every node of the step, by operator. */
  readonly operators: readonly (OperatorCount & { readonly provider: string })[];
  readonly choices: readonly Choice[];
  /** What matrix products are taken in and, where the graph has more than one type, what of it is computed in which. */
  readonly precision: { readonly products: Precision; readonly why: string | null; readonly nodes: readonly PrecisionCount[] };
  /** Operators that were rewritten because the device's provider lacks them. */
  readonly lowered: readonly LoweredOperator[];
  /** Fusions of onnxruntime that are kept from the graph. */
  readonly switchedOff: readonly string[];
  /** Where what is frozen is computed once: what that takes for a batch. Its parameters are the frozen ones. */
  readonly encoding: readonly { readonly batch: BatchShape; readonly operations: number }[];
  readonly steps: readonly StepCost[];
}

/** Reads configuration, data and the model's config; no weights, no device. Throws as `planExperiment` does. */
export async function explainExperiment(loaded: LoadedExperiment, options: RunnerOptions): Promise<Explanation> {
  const prepared = await prepareRun(loaded, { ...options, choose: assumeDevice });
  const { experiment, device, precisionChoice } = prepared;
  const learned = learnedFrom(await trainedTask(experiment), experiment.data.weight !== null);
  const { whole, part, step, texts, costs } = await trainingSteps(prepared, learned);
  const optimizer = optimizerOf(experiment.training, whole.encoder);
  const { rule } = optimizer;
  const { graph, lowered, choices } = onDevice(step, { optimizer, clipNorm: experiment.training.clip_norm }, device);
  const { trained, frozen } = parameterSums(step);
  return {
    experiment: experiment.name,
    device,
    graph: print(graph),
    trained,
    rates: ratesOf(step, optimizer, { lr: experiment.training.optimizer.lr, encoder: whole.encoder }),
    frozen: part.fed === 'tokens' ? frozen : sumOf(frozenBelow(whole, part, step)),
    optimizer: { name: rule.name, slots: rule.slots, operationsPerNumber: operationsPerNumber(rule) },
    operators: operatorCounts(graph).map((each) => ({ ...each, provider: device })),
    choices,
    precision: {
      products: precisionChoice.precision,
      why: precisionChoice.why,
      nodes: nodesByPrecision(step.graph, precisionChoice.precision),
    },
    lowered,
    switchedOff: HARMFUL_OPTIMIZERS,
    encoding: part.fed === 'tokens' ? [] : texts.map((batch) => encodingOf(whole, part, batch)),
    steps: costs,
  };
}

/** Of the targets themselves where the loss asks for them. */
async function trainedTask(experiment: Experiment): Promise<Task> {
  const { loss } = experiment.training;
  if (isUsualLoss(loss)) return openTask((await checkData(experiment)).task);
  const { task, targets } = (await readData(experiment)).labelled;
  return withLoss(task, loss, targets);
}

/** On the CPU the graph ends with the gradients; on a GPU it includes the update, and all its nodes run there. */
function onDevice(
  step: StepProgram,
  { optimizer, clipNorm }: { readonly optimizer: Optimizer; readonly clipNorm: number | null },
  device: Device,
): { readonly graph: Graph } & Pick<Explanation, 'lowered' | 'choices'> {
  if (device === 'cpu')
    return { graph: lower(step.graph, device), lowered: loweredOperators(step.graph, device), choices: choicesOf(step) };
  const whole = deviceStep(step, optimizer, clipNorm, { stacked: device === 'cuda' }).graph;
  const graph = lower(whole, device);
  return { graph, lowered: loweredOperators(whole, device), choices: deviceChoicesOf(step, graph) };
}

type Encoded = Exclude<TrainedPart, { readonly fed: 'tokens' }>;

function encodingOf(whole: ClassifierOptions, part: Encoded, { shape, feeds }: FedBatch): Explanation['encoding'][number] {
  const works = encodingPrograms(whole, part).map((program) => totalWork(workOf(program.graph.nodes, lengthsOf(program, feeds))));
  return { batch: shape, operations: works.reduce((total, work) => total + work, 0) };
}

/** What is computed once, and what the step has of it all the same, as tables that several layers share. */
function frozenBelow(whole: ClassifierOptions, part: Encoded, { parameters, gradients }: StepProgram): readonly ParameterSpec[] {
  const trained = new Set(gradients.map(({ parameter }) => parameter));
  const all = [...encodingPrograms(whole, part).flatMap((program) => program.parameters), ...parameters];
  return [...new Map(all.filter(({ name }) => !trained.has(name)).map((spec) => [spec.name, spec])).values()];
}

function ratesOf(
  { gradients }: StepProgram,
  optimizer: Optimizer,
  { lr, encoder }: { readonly lr: number; readonly encoder: EncoderConfig },
): Explanation['rates'] {
  const byDepth = new Map(
    gradients.map(({ parameter }) => [depthOf(encoder, parameter), lr * groupOf(optimizer, parameter).lrScale] as const),
  );
  if (new Set(byDepth.values()).size < 2) return [];
  const part = (depth: number): string =>
    depth === 0 ? 'embeddings' : depth > encoder.layers ? 'head and pooler' : `layer ${depth} of ${encoder.layers}`;
  return [...byDepth].sort(([a], [b]) => a - b).map(([depth, rate]) => ({ part: part(depth), lr: rate }));
}
