import type { Symbols } from '../../graph/index.ts';
import { deviceStep, summedStep, type DeviceStep, type StateSpec, type SummedStep } from '../../optim/index.ts';
import type { HostTensor, ParameterSpec } from '../../program.ts';
import { batchInputsOf, bindSymbols, checkRows } from '../batch.ts';
import { openEvaluator } from '../evaluator.ts';
import type { StepAt } from '../gpu/parts.ts';
import type { Keeper } from './keeper.ts';
import { openLoop, openSummedLoop, type LoopFeeds, type LoopOptions, type LoopSession } from './loop-session.ts';
import { isFiniteStep, isUpdate, openLossScaler, scalingOf } from '../loss-scaler.ts';
import { consecutive, maskStarts, microBatchesOf } from '../micro-batches.ts';
import { requireLengths, elementCount, trainedSpec, union } from '../parameters.ts';
import type { HostProvider } from '../session.ts';
import type {
  ForwardModel,
  ForwardOptions,
  MicroBatch,
  OptimizerState,
  ParameterWriter,
  StepBatch,
  StepFeeds,
  StepResult,
  Tensors,
  Trainer,
  TrainerOptions,
} from '../trainer.ts';

/** A forward pass with the parameters in the session, so that they go to the device once. */
export async function openLoopForward({ program, source, threads }: ForwardOptions, provider: HostProvider): Promise<ForwardModel> {
  const evaluator = openEvaluator(program, new Map(program.parameters.map((spec) => [spec.name, filled(spec, source)])), {
    threads,
    spinning: false,
    provider,
  });
  await evaluator.load();
  return evaluator;
}

/**
 * A trainer for a device on which nothing stays between runs: parameters and slots go there with each run and come back with it, and
 * a run is a loop over many steps, which ends early with one whose loss or gradients are not finite. Such a run is undone by forgetting
 * what it brought, and made again up to that step; but where a scaled loss may overflow, the loop has left the state as it was before it.
 *
 * @param keeper keeps the loop when the trainer is released, for a trainer with the same graph
 */
export async function openLoopTrainer(options: TrainerOptions, provider: HostProvider, keeper?: Keeper<LoopSession>): Promise<Trainer> {
  const { step: program, forward: evaluation, source, threads, optimizer, clipNorm, seed } = options;
  for (const gradient of program.gradients) trainedSpec(program, gradient);
  const step = deviceStep(program, optimizer, clipNorm, { stacked: true });
  let summed: SummedStep | undefined;
  const inParts = (): SummedStep => (summed ??= summedStep(program, optimizer, clipNorm, { stacked: true }));
  const batchInputs = batchInputsOf(program);
  const held = new Map<string, HostTensor>();
  const state = stateIn(held, step, optimizer.rule.slots, union(program.parameters, evaluation.parameters), source);
  const sessionOptions: LoopOptions = { threads, spinning: provider === 'cpu', provider, ...(keeper === undefined ? {} : { keeper }) };
  const loop = await openLoop(step, program, sessionOptions);
  let summedLoop: LoopSession | undefined;
  const evaluator = openEvaluator(evaluation, held, { threads, spinning: false, provider });
  const scaler = openLossScaler(program);
  let updates = 0;

  const advance = async (session: LoopSession, feeds: readonly LoopFeeds[]): Promise<readonly StepResult[]> => {
    const { results: found, next } = await session.run(feeds, held);
    const bad = found.findIndex((result) => !isFiniteStep(result));
    if (bad === -1 || step.mayOverflow) {
      const results = found.map(scaler.settle);
      state.replace(next);
      updates += results.filter(isUpdate).length;
      return results;
    }
    const before = bad === 0 ? [] : await advance(session, feeds.slice(0, bad));
    return Number.isNaN(before.at(-1)?.loss) ? before : [...before, scaler.settle(found[bad]!)];
  };
  const wholeFeeds = ({ feeds }: MicroBatch, symbols: Symbols, at: StepAt): LoopFeeds => ({
    feeds: { ...step.stepFeeds(at, seed), ...step.shapeFeeds(symbols) },
    parts: [{ feeds, symbols }],
  });
  const partFeeds = (parts: readonly MicroBatch[], symbols: readonly Symbols[], at: StepAt): LoopFeeds => {
    const [starts, { add, apply }] = [maskStarts(program.masks, symbols), inParts()];
    const settings = (i: number) => ({ seed, step: at.step, share: parts[i]!.share, isFirst: i === 0, before: starts[i]! });
    return {
      feeds: apply.stepFeeds(at),
      parts: parts.map(({ feeds }, i) => ({
        feeds: { ...feeds, ...add.partFeeds(settings(i)), ...add.shapeFeeds(symbols[i]!) },
        symbols: symbols[i]!,
      })),
    };
  };
  const steps = async (batches: readonly StepBatch<StepFeeds>[]): Promise<readonly StepResult[]> => {
    const scales = scaler.ahead(batches.length);
    const all = batches.map(({ feeds: given, rates }, i) => {
      const at = { ...rates, step: updates + 1 + i };
      const parts = microBatchesOf(given);
      const symbols = parts.map(({ feeds }) => bindSymbols(batchInputs, feeds));
      for (const { feeds } of parts) for (const gradient of program.gradients) checkRows(gradient, feeds);
      const fed = parts.length === 1 ? wholeFeeds(parts[0]!, symbols[0]!, at) : partFeeds(parts, symbols, at);
      return { ...fed, feeds: { ...fed.feeds, ...scaler.feeds(scales?.[i]) } };
    });
    await evaluator.unload();
    const results: StepResult[] = [];
    // A batch goes the same way whatever comes with it, so that its numbers are the same.
    for (const group of consecutive(all, ({ parts }) => parts.length > 1)) {
      const isCut = group[0]!.parts.length > 1;
      if (isCut) summedLoop ??= await openSummedLoop(inParts(), program, sessionOptions);
      results.push(...(await advance(isCut ? summedLoop! : loop, group)));
      if (!isUpdate(results.at(-1)!)) break;
    }
    return results;
  };
  return {
    forward: evaluator.forward,
    steps,
    stepsPerRun: () => (summedLoop ?? loop).stepsPerRun(),
    async step(feeds, rates) {
      const [result] = await steps([{ feeds, rates }]);
      return result!;
    },
    snapshot: async () => copies(state.parameters()),
    async restore(snapshot) {
      state.setParameters(snapshot);
      await evaluator.unload();
    },
    look: async () => ({ parameters: state.parameters(), optimizer: { step: updates, slots: state.slots(), ...scalingOf(scaler) } }),
    optimizerState: async () => ({
      step: updates,
      slots: Object.fromEntries(Object.entries(state.slots()).map(([slot, tensors]) => [slot, copies(tensors)])),
      ...scalingOf(scaler),
    }),
    async restoreOptimizerState(saved) {
      state.setSlots(saved.slots);
      updates = saved.step;
      scaler.restore(saved.scaling);
    },
    async release() {
      await loop.release();
      await summedLoop?.release();
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

/**
 * Puts all parameters and slots into `held`: the state's tensors by the names of the step's inputs, and each parameter by its own,
 * which for some is a part of a tensor of several. Slots begin as zeros.
 */
function stateIn(
  held: Map<string, HostTensor>,
  { state }: DeviceStep,
  slotNames: readonly string[],
  specs: readonly ParameterSpec[],
  source: ParameterWriter,
): HeldState {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const trained = state.filter(({ slot }) => slot === null);
  const slots = slotNames.map((slot) => [slot, state.filter((spec) => spec.slot === slot)] as const);
  const put = (spec: StateSpec, data: Float32Array): void => {
    held.set(spec.input, { dtype: 'float32', shape: spec.shape, data });
    if (spec.slot === null)
      for (const [name, values] of partsOf(spec, data)) held.set(name, { dtype: 'float32', shape: byName.get(name)!.shape, data: values });
  };
  const read = (of: readonly StateSpec[]): Tensors =>
    Object.fromEntries(of.flatMap((spec) => partsOf(spec, held.get(spec.input)!.data as Float32Array)));
  const require = (of: readonly StateSpec[], tensors: Tensors, what: string): void =>
    requireLengths(
      new Map(of.flatMap((spec) => spec.parameters.map((name) => [name, elementCount(spec.shape) / spec.parameters.length] as const))),
      tensors,
      what,
    );
  const write = (of: readonly StateSpec[], tensors: Tensors): void =>
    of.forEach((spec) => {
      const data = new Float32Array(elementCount(spec.shape));
      for (const [name, values] of partsOf(spec, data)) values.set(tensors[name]!);
      put(spec, data);
    });
  for (const spec of trained) {
    const data = new Float32Array(elementCount(spec.shape));
    for (const [name, values] of partsOf(spec, data)) source(byName.get(name)!, values);
    put(spec, data);
  }
  for (const spec of slots.flatMap(([, of]) => of)) put(spec, new Float32Array(elementCount(spec.shape)));
  for (const spec of specs) if (!held.has(spec.name)) held.set(spec.name, filled(spec, source));
  return {
    parameters: () => read(trained),
    slots: () => Object.fromEntries(slots.map(([slot, of]) => [slot, read(of)])),
    setParameters(tensors) {
      require(trained, tensors, 'snapshot');
      write(trained, tensors);
    },
    setSlots(saved) {
      for (const [slot, of] of slots) require(of, saved[slot] ?? {}, `optimizer state (${slot})`);
      for (const [slot, of] of slots) write(of, saved[slot]!);
    },
    replace: (next) => state.forEach((spec) => put(spec, next.get(spec.input)!)),
  };
}

/** Views of a state tensor's numbers, by parameter. */
function partsOf({ parameters }: StateSpec, data: Float32Array): readonly (readonly [string, Float32Array])[] {
  const size = data.length / parameters.length;
  return parameters.map((name, i) => [name, data.subarray(i * size, (i + 1) * size)]);
}

function filled(spec: ParameterSpec, source: ParameterWriter): HostTensor {
  const data = new Float32Array(elementCount(spec.shape));
  source(spec, data);
  return { dtype: 'float32', shape: spec.shape, data };
}

function copies(tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, values.slice()]));
}
