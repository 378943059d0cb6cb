import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ConstantData, DType, Graph } from '../../src/engine/graph/index.ts';
import { toOnnx } from '../../src/engine/graph/onnx/to-onnx.ts';

/** A tensor in a test; its dtype is that of the graph input that it is fed to. */
export interface Fed {
  readonly shape: readonly number[];
  readonly data: ConstantData;
}

/** An open graph: run it as often as you like, then close it. */
export interface OpenGraph {
  run(feeds: Readonly<Record<string, Fed>>): Promise<Readonly<Record<string, Fed>>>;
  close(): Promise<void>;
}

/** These would change what a training graph computes: they drop LayerNormalization's further outputs, or ignore training mode. */
const HARMFUL_OPTIMIZERS = 'SkipLayerNormFusion;BiasSkipLayerNormFusion;BiasGeluFusion;EliminateDropout';

export async function openGraph(graph: Graph, threads = 1): Promise<OpenGraph> {
  const session = await InferenceSession.create(toOnnx(graph), {
    intraOpNumThreads: threads,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { optimization: { disable_specified_optimizers: HARMFUL_OPTIMIZERS } },
  });
  const dtypes = new Map(graph.inputs.map(({ name, dtype }) => [name, dtype]));
  return {
    async run(feeds) {
      const tensors = Object.entries(feeds).map(
        ([name, { shape, data }]) =>
          [name, new Tensor((dtypes.get(name) ?? 'float32') as Exclude<DType, 'bfloat16'>, data, shape)] as const,
      );
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, { shape: tensor.dims, data: tensor.data as ConstantData }]),
      );
    },
    close: () => session.release(),
  };
}

/** One run of a graph. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Fed>> = {},
  threads = 1,
): Promise<Readonly<Record<string, Fed>>> {
  const open = await openGraph(graph, threads);
  try {
    return await open.run(feeds);
  } finally {
    await open.close();
  }
}

/** Float32 tensor of a shape and its elements. */
export function floats(shape: readonly number[], data: readonly number[]): Fed {
  return { shape, data: Float32Array.from(data) };
}
