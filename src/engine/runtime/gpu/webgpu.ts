import type { Symbols } from '../../graph/index.ts';
import { deviceStep, summedStep, type StateSpec } from '../../optim/index.ts';
import type { Feeds, ForwardProgram, ParameterSpec } from '../../program.ts';
import { batchInputsOf, bindSymbols, checkRows, inputsBesides } from '../batch.ts';
import { openGpuMemory, type GpuMemory } from './memory.ts';
import { openGpuSession, type GpuSession } from './session.ts';
import { openGpuParts, type GpuParts, type StepAt, type Stepped } from './parts.ts';
import { isUpdate, openLossScaler, scalingOf } from '../loss-scaler.ts';
import { microBatchesOf } from '../micro-batches.ts';
import { separateSteps } from '../separate-steps.ts';
import { requireLengths, elementCount, trainedSpec, union } from '../parameters.ts';
import type { ForwardModel, ForwardOptions, OptimizerState, ParameterWriter, Tensors, Trainer, TrainerOptions } from '../trainer.ts';

/** A forward pass on the GPU. */
export function openForward({ program, source }: ForwardOptions): Promise<ForwardModel> {
  return together(async (gpu) => {
    await fill(gpu.memory, program.parameters, source);
    return { forward: forwardPass(program, await gpu.session(program.graph, []), gpu.memory), release: gpu.release };
  });
}

/**
 * A trainer on the GPU: parameters and slots stay in GPU buffers from the first step to the last, and one graph goes from the
 * batch to the updated state. Each step puts the state into new buffers and gives the old ones back; a step whose loss or gradients
 * are not finite is undone by keeping the old ones.
 */
export function openTrainer(options: TrainerOptions): Promise<Trainer> {
  const { step: program, forward: evaluation, source, optimizer, clipNorm, seed } = options;
  for (const gradient of program.gradients) trainedSpec(program, gradient);
  const step = deviceStep(program, optimizer, clipNorm);
  const batchInputs = batchInputsOf(program);
  const trained = step.state.filter(({ slot }) => slot === null);
  const slots = optimizer.rule.slots.map((slot) => [slot, step.state.filter((spec) => spec.slot === slot)] as const);
  const scaler = openLossScaler(program);
  let updates = 0;

  return together(async (gpu) => {
    const { memory } = gpu;
    await fill(memory, union(program.parameters, evaluation.parameters), source);
    for (const { input, shape } of slots.flatMap(([, specs]) => specs)) {
      await memory.write(input, shape, new Float32Array(elementCount(shape)));
    }
    const session = await gpu.session(step.graph, step.state.map(({ output }) => output));
    const whole = async (feeds: Feeds, at: StepAt, symbols: Symbols): Promise<Stepped> => {
      const { host, buffers } = await session.run(
        { ...feeds, ...step.stepFeeds(at, seed), ...step.shapeFeeds(symbols), ...scaler.feeds() },
        memory.tensors,
        symbols,
      );
      return { loss: host[step.loss]![0]!, logits: host[step.logits]!, gradientNorm: host[step.gradientNorm]![0]!, buffers };
    };
    let summed: GpuParts | undefined;
    const inParts: GpuParts['step'] = async (...args) => {
      summed ??= await openGpuParts(summedStep(program, optimizer, clipNorm), {
        masks: program.masks,
        seed,
        tensors: memory.tensors,
        session: gpu.session,
        scaleFeeds: scaler.feeds,
      });
      return summed.step(...args);
    };
    const optimizerState = async (): Promise<OptimizerState> => {
      const found: Record<string, Tensors> = {};
      for (const [slot, specs] of slots) found[slot] = await read(memory, specs);
      return { step: updates, slots: found, ...scalingOf(scaler) };
    };
    return {
      forward: forwardPass(evaluation, await gpu.session(evaluation.graph, []), memory),
      ...separateSteps(async (given, rates) => {
        const at = { ...rates, step: updates + 1 };
        const parts = microBatchesOf(given);
        const symbols = parts.map(({ feeds }) => bindSymbols(batchInputs, feeds));
        for (const { feeds } of parts) for (const gradient of program.gradients) checkRows(gradient, feeds);
        const { buffers, ...found } =
          parts.length === 1 ? await whole(parts[0]!.feeds, at, symbols[0]!) : await inParts(parts, at, symbols);
        const result = scaler.settle(found);
        if (!isUpdate(result)) {
          for (const buffer of Object.values(buffers)) buffer.dispose();
          return result;
        }
        for (const { input, output } of step.state) memory.replace(input, buffers[output]!);
        updates = at.step;
        return result;
      }),
      snapshot: () => read(memory, trained),
      async restore(snapshot) {
        requireLengths(lengthsOf(trained), snapshot, 'snapshot');
        await write(memory, trained, snapshot);
      },
      look: async () => ({ parameters: await read(memory, trained), optimizer: await optimizerState() }),
      optimizerState,
      async restoreOptimizerState(state) {
        for (const [slot, specs] of slots) requireLengths(lengthsOf(specs), state.slots[slot] ?? {}, `optimizer state (${slot})`);
        for (const [slot, specs] of slots) await write(memory, specs, state.slots[slot]!);
        updates = state.step;
        scaler.restore(state.scaling);
      },
      release: gpu.release,
    };
  });
}

/** What is opened for one model, and given back together. */
interface Gpu {
  readonly memory: GpuMemory;
  session(...of: Parameters<typeof openGpuSession>): Promise<GpuSession>;
  release(): Promise<void>;
}

/** Gives back what was opened so far where `open` fails. */
async function together<T>(open: (gpu: Gpu) => Promise<T>): Promise<T> {
  const memory = openGpuMemory();
  const sessions: GpuSession[] = [];
  const gpu: Gpu = {
    memory,
    async session(...of) {
      const session = await openGpuSession(...of);
      sessions.push(session);
      return session;
    },
    async release() {
      await memory.release();
      for (const session of sessions) await session.release();
    },
  };
  try {
    return await open(gpu);
  } catch (error) {
    await gpu.release();
    throw error;
  }
}

function forwardPass(program: ForwardProgram, session: GpuSession, memory: GpuMemory): ForwardModel['forward'] {
  const batchInputs = inputsBesides(program.graph.inputs, program.parameters.map(({ name }) => name));
  return async (feeds) => {
    const { host } = await session.run(feeds, memory.tensors, bindSymbols(batchInputs, feeds));
    return host[program.output]!;
  };
}

async function fill(memory: GpuMemory, specs: readonly ParameterSpec[], source: ParameterWriter): Promise<void> {
  for (const spec of specs) {
    const values = new Float32Array(elementCount(spec.shape));
    source(spec, values);
    await memory.write(spec.name, spec.shape, values);
  }
}

async function read(memory: GpuMemory, specs: readonly StateSpec[]): Promise<Tensors> {
  const tensors: Record<string, Float32Array> = {};
  for (const { parameters: [name], input } of specs) tensors[name!] = await memory.read(input);
  return tensors;
}

async function write(memory: GpuMemory, specs: readonly StateSpec[], tensors: Tensors): Promise<void> {
  for (const { parameters: [name], input, shape } of specs) await memory.write(input, shape, tensors[name!]!);
}

function lengthsOf(specs: readonly StateSpec[]): ReadonlyMap<string, number> {
  return new Map(specs.map(({ parameters: [name], shape }) => [name!, elementCount(shape)]));
}
