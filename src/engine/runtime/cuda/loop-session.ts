import { hashOf, sha256 } from '../../../core/hash.ts';
import { concrete, innerBatches, loopBatches, loopNames, lower, product, type Loop, type Shape, type Symbols } from '../../graph/index.ts';
import { loopStep, summedLoopStep, type DeviceStep, type SummedStep } from '../../optim/index.ts';
import type { Feeds, HostTensor, StepProgram } from '../../program.ts';
import { bytesOf, packFeeds, packParts } from './loop-feeds.ts';
import { openModel, type Session, type SessionOptions } from '../session.ts';
import type { Keeper } from './keeper.ts';
import { openPacer } from './steps-per-run.ts';
import type { StepResult } from '../trainer.ts';

/** What one step of a loop is fed. */
export interface LoopFeeds {
  /** What the step as a whole is fed. */
  readonly feeds: Feeds;
  /** Its batch, or the parts of it, each with the lengths that it gives to symbols. */
  readonly parts: readonly { readonly feeds: Feeds; readonly symbols: Symbols }[];
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
  /** Hands the loop to the keeper, if it has one and no run has failed; frees its memory otherwise. */
  release(): Promise<void>;
}

export interface LoopOptions extends SessionOptions {
  readonly keeper?: Keeper<LoopSession>;
}

/** Many training steps in one run. `held`, by the names of the step's inputs, are all parameters and slots. */
export function openLoop(step: DeviceStep, { parameters, graph, ...names }: StepProgram, options: LoopOptions): Promise<LoopSession> {
  const loop = loopStep({ ...step, graph: lower(step.graph, options.provider ?? 'cpu') }, parameters);
  return openLoopModel(loop, { ...names, logitsShape: logitsShapeOf(graph, names), gradientNorm: step.gradientNorm }, options);
}

/** The same of steps over batches in parts. */
export function openSummedLoop(
  { add, apply }: SummedStep,
  { parameters, graph, ...names }: StepProgram,
  options: LoopOptions,
): Promise<LoopSession> {
  const lowered = <T extends Pick<DeviceStep, 'graph'>>(part: T): T => ({ ...part, graph: lower(part.graph, options.provider ?? 'cpu') });
  const loop = summedLoopStep({ add: lowered(add), apply: lowered(apply) }, parameters, names.loss);
  return openLoopModel(loop, { ...names, logitsShape: logitsShapeOf(graph, names), gradientNorm: apply.gradientNorm }, options);
}

function logitsShapeOf({ outputs }: StepProgram['graph'], { logits }: Pick<StepProgram, 'logits'>): Shape {
  return outputs.get(logits)?.shape as Shape;
}

/** What a step's results are called. */
interface Results extends Pick<StepProgram, 'loss' | 'logits'> {
  readonly gradientNorm: string;
  readonly logitsShape: Shape;
}

async function openLoopModel(loop: Loop, results: Results, { keeper, ...options }: LoopOptions): Promise<LoopSession> {
  const { toLoopOnnx } = await import('../../graph/onnx/loop.ts');
  const bytes = toLoopOnnx(loop);
  const open = async (): Promise<LoopSession> => loopOver(await openModel(loop.body.name, bytes, options), loop, results);
  if (keeper === undefined) return open();
  const key = hashOf({ graph: sha256(bytes), options });
  return keptBy(keeper, key, (await keeper.take(key)) ?? (await open()));
}

function keptBy(keeper: Keeper<LoopSession>, key: string, loop: LoopSession): LoopSession {
  let hasFailed = false;
  return {
    ...loop,
    async run(steps, held) {
      try {
        return await loop.run(steps, held);
      } catch (cause) {
        hasFailed = true;
        throw cause;
      }
    },
    async release() {
      if (hasFailed) await loop.release();
      else keeper.keep(key, loop);
    },
  };
}

function loopOver(session: Session, loop: Loop, { loss, logits, gradientNorm, logitsShape }: Results): LoopSession {
  const batches = loopBatches(loop);
  const inner = loop.inner === undefined ? undefined : innerBatches(loop.inner, loop);
  const { all, first, last } = loopNames;
  const packed = (steps: readonly LoopFeeds[]): Feeds => {
    if (inner === undefined)
      return packFeeds(
        batches,
        steps.map(({ feeds, parts }) => ({ ...feeds, ...parts[0]!.feeds })),
      );
    return {
      ...packParts(
        inner,
        steps.map(({ parts }) => parts.map(({ feeds }) => feeds)),
      ),
      ...packFeeds(
        batches,
        steps.map(({ feeds }) => feeds),
      ),
    };
  };
  const timed = async (feeds: Feeds): Promise<readonly [Readonly<Record<string, Float32Array>>, seconds: number]> => {
    const began = performance.now();
    const outputs = await session.run(Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, session.tensor(feed)])));
    return [outputs, (performance.now() - began) / 1000];
  };
  const stateFeeds = (held: ReadonlyMap<string, HostTensor>): Feeds => {
    const places = [
      ...[...loop.fixed].map((name) => [name, name] as const),
      ...[...loop.carried.keys()].map((name) => [first(name), name] as const),
    ];
    return Object.fromEntries(places.map(([place, name]) => [place, held.get(name)!]));
  };
  const elements = ({ parts }: LoopFeeds): number =>
    parts.reduce((sum, { symbols }) => sum + (product(concrete(logitsShape, symbols)) as number), 0);
  const pacer = openPacer();

  return {
    async run(steps, held) {
      const given = packed(steps);
      const feeds = { ...given, ...stateFeeds(held) };
      const [outputs, seconds] = await timed(feeds);
      const losses = outputs[all(loss)]!;
      pacer.ended({ steps: losses.length, seconds, bytes: bytesOf(given) });
      const begin = product(logitsShape.slice(1)) as number; // a row of zeros comes first
      return {
        results: resultsOf(losses, outputs[all(gradientNorm)]!, outputs[all(logits)]!.subarray(begin), steps.map(elements)),
        next: new Map([...loop.carried.keys()].map((name) => [name, outputs[last(name)]!])),
      };
    },
    stepsPerRun: pacer.stepsPerRun,
    release: () => session.release(),
  };
}

/** @param elements how many of the logits each step has */
function resultsOf(losses: Float32Array, norms: Float32Array, logits: Float32Array, elements: readonly number[]): readonly StepResult[] {
  let at = 0;
  return Array.from(losses, (loss, i): StepResult => {
    const begin = at;
    at += elements[i]!;
    const gradientNorm = norms[i]!;
    return { loss, logits: logits.slice(begin, at), gradientNorm };
  });
}
