import { deviceStep, type DeviceStep, type StateSpec } from '../optim/index.ts';
import type { HostTensor, ParameterSpec } from '../program.ts';
import { bindSymbols, checkRows, inputsBesides } from './batch.ts';
import { openEvaluator } from './evaluator.ts';
import { openLoop, type LoopFeeds } from './loop-session.ts';
import { requireLengths, sizeOf, trainedSpec, union } from './parameters.ts';
import type { HostProvider } from './session.ts';
import type { ForwardModel, ForwardOptions, OptimizerState, ParameterSource, StepBatch, StepResult, Tensors, Trainer, TrainerOptions } from './trainer.ts';

/** A forward pass with the parameters in the session, so that they go to the device once. */
export async function openLoopForward({ program, source, threads }: ForwardOptions, provider: HostProvider): Promise<ForwardModel> {
  const evaluator = openEvaluator(program, fill(program.parameters, source), { threads, spinning: false, provider });
  await evaluator.load();
  return evaluator;
}

/**
 * A trainer for a device on which nothing stays between runs: parameters and slots go there with each run and come back with it, and
 * a run is a loop over many steps. A run with a step whose loss or gradients are not finite is undone by forgetting what it brought, and
 * made again up to that step.
 */
export async function openLoopTrainer(options: TrainerOptions, provider: HostProvider): Promise<Trainer> {
  const { step: program, forward: evaluation, source, threads, optimizer, clipNorm, seed } = options;
  for (const gradient of program.gradients) trainedSpec(program, gradient);
  const step = deviceStep(program, optimizer, clipNorm);
  const batchInputs = inputsBesides(program.graph.inputs, [...program.parameters.map(({ name }) => name), ...program.masks.map(({ input }) => input)]);
  const held = fill(union(program.parameters, evaluation.parameters), source);
  const state = stateIn(held, step, optimizer.rule.slots);
  const loop = await openLoop(step, program.parameters, { threads, spinning: true, provider });
  const evaluator = openEvaluator(evaluation, held, { threads, spinning: false, provider });
  let updates = 0;

  const advance = async (feeds: readonly LoopFeeds[]): Promise<readonly StepResult[]> => {
    const { results, next } = await loop.run(feeds, held);
    const bad = results.findIndex(({ loss }) => Number.isNaN(loss));
    if (bad === -1) {
      state.replace(next);
      updates += results.length;
      return results;
    }
    const before = bad === 0 ? [] : await advance(feeds.slice(0, bad));
    return Number.isNaN(before.at(-1)?.loss) ? before : [...before, results[bad]!];
  };
  const steps = async (batches: readonly StepBatch[]): Promise<readonly StepResult[]> => {
    const feeds = batches.map(({ feeds: batch, rates }, i): LoopFeeds => {
      const symbols = bindSymbols(batchInputs, batch);
      for (const gradient of program.gradients) checkRows(gradient, batch);
      return { feeds: { ...batch, ...step.stepFeeds({ ...rates, step: updates + 1 + i }, seed), ...step.shapeFeeds(symbols) }, symbols };
    });
    await evaluator.unload();
    return advance(feeds);
  };
  return {
    forward: evaluator.forward,
    steps,
    stepsPerRun: loop.stepsPerRun,
    async step(feeds, rates) {
      const [result] = await steps([{ feeds, rates }]);
      return result!;
    },
    snapshot: async () => copies(state.parameters()),
    async restore(snapshot) {
      state.setParameters(snapshot);
      await evaluator.unload();
    },
    look: async () => ({ parameters: state.parameters(), optimizer: { step: updates, slots: state.slots() } }),
    optimizerState: async () => ({ step: updates, slots: Object.fromEntries(Object.entries(state.slots()).map(([slot, tensors]) => [slot, copies(tensors)])) }),
    async restoreOptimizerState(saved) {
      state.setSlots(saved.slots);
      updates = saved.step;
    },
    async release() {
      await loop.release();
      await evaluator.release();
    },
  };
}

/** A step's state among the tensors held. */
interface HeldState {
  /** Views. */
  parameters(): Tensors;
  slots(): OptimizerState['slots'];
  /** Takes copies; throws OrtrainError `data` where they are not this model's. */
  setParameters(tensors: Tensors): void;
  setSlots(slots: OptimizerState['slots']): void;
  /** Takes over what a run has made of the state. */
  replace(next: ReadonlyMap<string, Float32Array>): void;
}

/** Slots begin as zeros. */
function stateIn(held: Map<string, HostTensor>, { state }: DeviceStep, slotNames: readonly string[]): HeldState {
  const trained = state.filter(({ slot }) => slot === null);
  const slots = slotNames.map((slot) => [slot, state.filter((spec) => spec.slot === slot)] as const);
  const put = ({ input, shape }: StateSpec, data: Float32Array): unknown => held.set(input, { dtype: 'float32', shape, data });
  const read = (specs: readonly StateSpec[]): Tensors => Object.fromEntries(specs.map(({ parameter, input }) => [parameter, held.get(input)!.data as Float32Array]));
  const require = (specs: readonly StateSpec[], tensors: Tensors, what: string): void =>
    requireLengths(new Map(specs.map(({ parameter, shape }) => [parameter, sizeOf(shape)])), tensors, what);
  const write = (specs: readonly StateSpec[], tensors: Tensors): void => specs.forEach((spec) => put(spec, tensors[spec.parameter]!.slice()));
  for (const spec of slots.flatMap(([, specs]) => specs)) put(spec, new Float32Array(sizeOf(spec.shape)));
  return {
    parameters: () => read(trained),
    slots: () => Object.fromEntries(slots.map(([slot, specs]) => [slot, read(specs)])),
    setParameters(tensors) {
      require(trained, tensors, 'snapshot');
      write(trained, tensors);
    },
    setSlots(saved) {
      for (const [slot, specs] of slots) require(specs, saved[slot] ?? {}, `optimizer state (${slot})`);
      for (const [slot, specs] of slots) write(specs, saved[slot]!);
    },
    replace: (next) => state.forEach((spec) => put(spec, next.get(spec.input)!)),
  };
}

function fill(specs: readonly ParameterSpec[], source: ParameterSource): Map<string, HostTensor> {
  const filled = specs.map((spec) => {
    const data = new Float32Array(sizeOf(spec.shape));
    source(spec, data);
    return [spec.name, { dtype: 'float32', shape: spec.shape, data } as const] as const;
  });
  return new Map(filled);
}

function copies(tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, values.slice()]));
}
