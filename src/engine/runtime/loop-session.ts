import { concrete, loopBatches, loopNames, lower, product, type Shape, type Symbols } from '../graph/index.ts';
import { loopStep, type DeviceStep } from '../optim/index.ts';
import type { Feeds, HostTensor, ParameterSpec } from '../program.ts';
import { bytesOf, packFeeds } from './loop-feeds.ts';
import { openModel, type SessionOptions } from './session.ts';
import { stepsPerRun, type Pace } from './steps-per-run.ts';
import type { StepResult } from './trainer.ts';

/** What one step of a loop is fed, and the lengths that its batch gives to symbols. */
export interface LoopFeeds {
  readonly feeds: Feeds;
  readonly symbols: Symbols;
}

export interface LoopRun {
  /** Of the steps up to the first whose loss or gradients are not finite, if there is one; they come as they are. */
  readonly results: readonly StepResult[];
  /** What the state has become; not to be used after a step that was not finite, unless gradients may overflow. */
  readonly next: ReadonlyMap<string, Float32Array>;
}

export interface LoopSession {
  run(steps: readonly LoopFeeds[], held: ReadonlyMap<string, HostTensor>): Promise<LoopRun>;
  /** How many steps a run should have, as far as is known from those before. */
  stepsPerRun(): number;
  release(): Promise<void>;
}

/** Many training steps in one run. `held`, by the names of the step's inputs, are all parameters and slots. */
export async function openLoop(step: DeviceStep, parameters: readonly ParameterSpec[], options: SessionOptions): Promise<LoopSession> {
  const { toLoopOnnx } = await import('../graph/onnx-loop.ts');
  const loop = loopStep({ ...step, graph: lower(step.graph, options.provider ?? 'cpu') }, parameters);
  const batches = loopBatches(loop);
  const { all, first, last, iterations } = loopNames;
  const session = await openModel(loop.body.name, toLoopOnnx(loop), options);
  const logitsShape = step.graph.outputs.get(step.logits)?.shape as Shape;
  const timed = async (feeds: Feeds): Promise<readonly [Readonly<Record<string, Float32Array>>, seconds: number]> => {
    const began = performance.now();
    const outputs = await session.run(Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, session.tensor(feed)])));
    return [outputs, (performance.now() - began) / 1000];
  };
  /** Of a run without iterations; the first of two gets everything ready. */
  const overheadOf = async (feeds: Feeds): Promise<number> => {
    const none: HostTensor = { dtype: 'int64', shape: [], data: BigInt64Array.of(0n) };
    await timed({ ...feeds, [iterations]: none });
    return (await timed({ ...feeds, [iterations]: none }))[1];
  };
  const stateFeeds = (held: ReadonlyMap<string, HostTensor>): Feeds => {
    const places = [...[...loop.fixed].map((name) => [name, name] as const), ...[...loop.carried.keys()].map((name) => [first(name), name] as const)];
    return Object.fromEntries(places.map(([place, name]) => [place, held.get(name)!]));
  };
  let pace: Pace | undefined;

  return {
    async run(steps, held) {
      const packed = packFeeds(batches, steps.map(({ feeds }) => feeds));
      const feeds = { ...packed, ...stateFeeds(held) };
      const overhead = pace?.overhead ?? (await overheadOf(feeds));
      const [outputs, seconds] = await timed(feeds);
      const losses = outputs[all(step.loss)]!;
      const largest = Math.max(pace?.largest ?? 1, losses.length);
      pace = { overhead, step: (seconds - overhead) / losses.length, bytes: bytesOf(packed) / steps.length, largest };
      return {
        results: resultsOf(losses, outputs[all(step.gradientNorm)]!, outputs[all(step.logits)]!, steps.map(({ symbols }) => concrete(logitsShape, symbols))),
        next: new Map([...loop.carried.keys()].map((name) => [name, outputs[last(name)]!])),
      };
    },
    stepsPerRun: () => (pace === undefined ? 1 : stepsPerRun(pace)),
    release: () => session.release(),
  };
}

/** Logits come after a row of zeros. */
function resultsOf(losses: Float32Array, norms: Float32Array, logits: Float32Array, shapes: readonly (readonly number[])[]): readonly StepResult[] {
  let at = product(shapes[0]!.slice(1)) as number;
  return Array.from(losses, (loss, i): StepResult => {
    const begin = at;
    at += product(shapes[i]!) as number;
    const gradientNorm = norms[i]!;
    return { loss, logits: logits.slice(begin, at), gradientNorm };
  });
}
