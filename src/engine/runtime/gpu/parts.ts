import type { Graph, Symbols } from '../../graph/index.ts';
import type { Rates, SummedStep } from '../../optim/index.ts';
import type { Feeds, MaskSpec } from '../../program.ts';
import type { GpuSession, GpuTensor } from './session.ts';
import { joined, maskStarts } from '../micro-batches.ts';
import type { MicroBatch, StepResult } from '../trainer.ts';

export type StepAt = Rates & { readonly step: number };

/** A step that was made, with the new state. Whoever takes it replaces the old one, or disposes it. */
export interface Stepped extends StepResult {
  readonly buffers: Readonly<Record<string, GpuTensor>>;
}

/** Steps over batches that go through the model in parts: sums of gradients live in GPU buffers from a batch's first part to its update. */
export interface GpuParts {
  step(parts: readonly MicroBatch[], at: StepAt, symbols: readonly Symbols[]): Promise<Stepped>;
}

interface GpuRun {
  readonly masks: readonly MaskSpec[];
  readonly seed: number;
  /** Parameters and slots. */
  readonly tensors: ReadonlyMap<string, GpuTensor>;
  /** The scale of the loss, where there is one. */
  scaleFeeds(): Feeds;
  session(graph: Graph, kept: readonly string[]): Promise<GpuSession>;
}

export async function openGpuParts(
  { add, apply }: SummedStep,
  { masks, seed, tensors, scaleFeeds, session }: GpuRun,
): Promise<GpuParts> {
  const adding = await session(
    add.graph,
    add.sums.map(({ output }) => output),
  );
  const applying = await session(
    apply.graph,
    apply.state.map(({ output }) => output),
  );
  return {
    async step(parts, at, symbols) {
      const starts = maskStarts(masks, symbols);
      // The first part does not read the sums; any tensor of their shapes will do.
      let sums = new Map(add.sums.map(({ parameters, input }) => [input, tensors.get(parameters)!]));
      let own: readonly GpuTensor[] = [];
      let loss = new Float32Array(1);
      const logits: Float32Array[] = [];
      try {
        for (const [i, { feeds, share }] of parts.entries()) {
          const settings = { seed, step: at.step, share, isFirst: i === 0, before: starts[i]! };
          const fed = {
            ...feeds,
            ...add.partFeeds(settings),
            ...add.shapeFeeds(symbols[i]!),
            ...scaleFeeds(),
            [add.loss.input]: { dtype: 'float32', shape: [], data: loss } as const,
          };
          const { host, buffers } = await adding.run(fed, new Map([...tensors, ...sums]), symbols[i]!);
          for (const sum of own) sum.dispose();
          own = Object.values(buffers);
          sums = new Map(add.sums.map(({ input, output }) => [input, buffers[output]!]));
          loss = Float32Array.from(host[add.loss.output]!);
          logits.push(host[add.logits]!);
        }
        const { host, buffers } = await applying.run(
          { ...apply.stepFeeds(at), ...scaleFeeds() },
          new Map([...tensors, ...sums]),
          new Map(),
        );
        return { loss: loss[0]!, logits: joined(logits), gradientNorm: host[apply.gradientNorm]![0]!, buffers };
      } finally {
        for (const sum of own) sum.dispose();
      }
    },
  };
}
