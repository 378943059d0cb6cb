import { clipFactor, groupOf } from '../../optim/index.ts';
import type { Feeds, ForwardProgram, GradientSpec, ParameterSpec, StepProgram } from '../../program.ts';
import { batchInputsOf, bindSymbols, checkRows, inputsBesides } from '../batch.ts';
import { openEvaluator } from '../evaluator.ts';
import { openGradientSum, type GradientLayout, type GradientSum } from './gradient-sum.ts';
import { isUpdate, openLossScaler, scalingOf } from '../loss-scaler.ts';
import { maskWriter } from './mask-writer.ts';
import { reserve, type Regions } from './memory.ts';
import { joined, maskStarts, microBatchesOf } from '../micro-batches.ts';
import { separateSteps } from '../separate-steps.ts';
import { copyIn, copyOut, lengthsOf, elementCount, trainedSpec, union, viewOf } from '../parameters.ts';
import { openSession, type Session, type SessionTensor } from '../session.ts';
import type { ForwardModel, ForwardOptions, ParameterWriter, StepFeeds, Tensors, Trainer, TrainerOptions } from '../trainer.ts';
import { openUpdater, workspaceLengths, type Gradient, type Updater } from './updater.ts';

/** A forward pass on the CPU. */
export async function openForward({ program, source, threads, isKept = false }: ForwardOptions): Promise<ForwardModel> {
  if (isKept) return openKept(program, source, threads);
  const parameters = reserve([lengthsOf(program.parameters)]).groups[0]!;
  fill(program.parameters, parameters, source);
  const session = await openSession(program.graph, { threads, spinning: false });
  return {
    forward: forwardPass(program, session, parameters),
    release: () => session.release(),
  };
}

/** The forward pass of a model whose parameters are the session's constants. */
async function openKept(program: ForwardProgram, source: ParameterWriter, threads: number): Promise<ForwardModel> {
  const held = new Map(
    program.parameters.map((spec) => {
      const data = new Float32Array(elementCount(spec.shape));
      source(spec, data);
      return [spec.name, { dtype: 'float32' as const, shape: spec.shape, data }];
    }),
  );
  const model = openEvaluator(program, held, { threads, spinning: false, fused: true });
  await model.load();
  held.clear(); // the runtime has copied them
  return model;
}

/**
 * A trainer on the CPU: the graph computes loss and gradients, parameters and slots stay in WebAssembly memories that the
 * runtime reads in place, and a SIMD kernel updates them there.
 */
export async function openTrainer(options: TrainerOptions): Promise<Trainer> {
  const { step: program, forward: evaluation, source, threads, clipNorm, seed } = options;
  const specs = union(program.parameters, evaluation.parameters);
  const { parameters, trained, slots, updater } = openState(program, specs, options);
  fill(specs, parameters, source);
  const masks = maskWriter(program.masks, seed);
  const batchInputs = batchInputsOf(program);

  const session = await openSession(program.graph, { threads, spinning: true });
  const evaluationSession = await openSession(evaluation.graph, { threads, spinning: false }).catch(async (error: unknown) => {
    await session.release();
    throw error;
  });
  const fixed = parameterTensors(session, program.parameters, parameters);
  const scaler = openLossScaler(program);
  let updates = 0;
  let sum: GradientSum | undefined;

  /** Loss, logits and gradients of a batch, or, added up, of its micro-batches. */
  const pass = async (step: number, given: StepFeeds): Promise<Passed> => {
    const parts = microBatchesOf(given);
    const symbols = parts.map(({ feeds }) => bindSymbols(batchInputs, feeds));
    const starts = maskStarts(program.masks, symbols);
    let loss = 0;
    const logits: Float32Array[] = [];
    for (const [i, { feeds, share }] of parts.entries()) {
      const drawn = masks(step, symbols[i]!, starts[i]);
      const outputs = await session.run({ ...tensors(session, { ...feeds, ...drawn, ...scaler.feeds() }), ...fixed });
      const gradients = program.gradients.map((spec) => gradientOf(spec, outputs, feeds));
      loss += share * outputs[program.loss]![0]!;
      logits.push(outputs[program.logits]!);
      if (parts.length === 1) return { loss, logits: logits[0]!, gradients };
      for (const spec of program.gradients) checkRows(spec, feeds);
      sum ??= openGradientSum(program.gradients.map((spec) => layoutOf(program, spec)), options.memoryLimit);
      sum.add(gradients, share);
    }
    return { loss, logits: joined(logits), gradients: sum?.take() ?? [] };
  };

  return {
    forward: forwardPass(evaluation, evaluationSession, parameters),
    ...separateSteps(async (feeds, rates) => {
      const at = { ...rates, step: updates + 1 };
      const { loss, logits, gradients } = await pass(at.step, feeds);
      const scale = scaler.state()?.scale ?? 1;
      const gradientNorm = Math.sqrt(updater.sumOfSquares(gradients)) / scale;
      const result = scaler.settle({ loss, logits, gradientNorm });
      if (!isUpdate(result)) return result;
      updater.update(gradients, at, clipFactor(gradientNorm, clipNorm) / scale);
      updates = at.step;
      return result;
    }),
    snapshot: async () => copyOut(trained),
    look: async () => ({ parameters: viewOf(trained), optimizer: { step: updates, slots: bySlot(slots, viewOf), ...scalingOf(scaler) } }),
    restore: async (snapshot) => copyIn(trained, snapshot, 'snapshot'),
    optimizerState: async () => ({ step: updates, slots: bySlot(slots, copyOut), ...scalingOf(scaler) }),
    async restoreOptimizerState(state) {
      for (const [slot, regions] of slots) copyIn(regions, state.slots[slot] ?? {}, `optimizer state (${slot})`);
      updates = state.step;
      scaler.restore(state.scaling);
    },
    async release() {
      await session.release();
      await evaluationSession.release();
    },
  };
}

interface Passed {
  readonly loss: number;
  readonly logits: Float32Array;
  readonly gradients: readonly Gradient[];
}

function layoutOf(program: StepProgram, gradient: GradientSpec): GradientLayout {
  const spec = trainedSpec(program, gradient);
  return gradient.rows === undefined ? { length: elementCount(spec.shape) } : { width: rowWidth(spec) };
}

function bySlot(slots: State['slots'], read: (regions: Regions) => Tensors): Readonly<Record<string, Tensors>> {
  return Object.fromEntries([...slots].map(([slot, regions]) => [slot, read(regions)]));
}

function fill(specs: readonly ParameterSpec[], parameters: Regions, source: ParameterWriter): void {
  for (const spec of specs) source(spec, parameters.get(spec.name)!.data);
}

interface State {
  readonly parameters: Regions;
  /** Those of the parameters that have gradients. */
  readonly trained: Regions;
  /** By slot, then by parameter. */
  readonly slots: ReadonlyMap<string, Regions>;
  readonly updater: Updater;
}

function openState(
  program: StepProgram,
  specs: readonly ParameterSpec[],
  { optimizer, memoryLimit }: TrainerOptions,
): State {
  const { rule } = optimizer;
  const trainedSpecs = program.gradients.map((gradient) => trainedSpec(program, gradient));
  const widths = program.gradients.map(({ rows }, i) => (rows === undefined ? undefined : rowWidth(trainedSpecs[i]!)));
  const { memories, groups, beside } = reserve(
    [lengthsOf(specs), ...rule.slots.map(() => lengthsOf(trainedSpecs))],
    workspaceLengths(widths),
    memoryLimit,
  );
  const [parameters, ...slots] = groups as [Regions, ...Regions[]];
  const homes = memories.map((memory, home) => ({
    memory,
    workspace: { dense: beside[home]!.get('dense')!, sparse: beside[home]!.get('sparse')! },
  }));
  const updated = trainedSpecs.map(({ name }, i) => ({
    name,
    parameter: parameters.get(name)!,
    slots: slots.map((regions) => regions.get(name)!),
    group: groupOf(optimizer, name),
    width: widths[i],
  }));
  return {
    parameters,
    trained: new Map(updated.map(({ name, parameter }) => [name, parameter])),
    slots: new Map(rule.slots.map((slot, i) => [slot, slots[i]!])),
    updater: openUpdater(rule, homes, updated),
  };
}

function rowWidth({ shape }: ParameterSpec): number {
  return elementCount(shape.slice(1));
}

function gradientOf({ output, rows }: GradientSpec, outputs: Readonly<Record<string, Float32Array>>, feeds: Feeds): Gradient {
  return { values: outputs[output]!, rows: rows === undefined ? undefined : (feeds[rows]!.data as Int32Array) };
}

function forwardPass(program: ForwardProgram, session: Session, parameters: Regions): ForwardModel['forward'] {
  const fixed = parameterTensors(session, program.parameters, parameters);
  const batchInputs = inputsBesides(program.graph.inputs, Object.keys(fixed));
  return async (feeds) => {
    bindSymbols(batchInputs, feeds);
    const outputs = await session.run({ ...tensors(session, feeds), ...fixed });
    return outputs[program.output]!;
  };
}

type SessionFeeds = Readonly<Record<string, SessionTensor>>;

/** Views of the parameters, made once: an update shows in them. */
function parameterTensors(session: Session, specs: readonly ParameterSpec[], parameters: Regions): SessionFeeds {
  const view = ({ name, shape }: ParameterSpec): SessionTensor =>
    session.tensor({ dtype: 'float32', shape, data: parameters.get(name)!.data });
  return Object.fromEntries(specs.map((spec) => [spec.name, view(spec)]));
}

function tensors(session: Session, feeds: Feeds): SessionFeeds {
  return Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, session.tensor(feed)]));
}
