import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { OrtrainError } from '../../../core/errors.ts';
import { concrete, lower, type Graph, type Symbols } from '../../graph/index.ts';
import type { Feeds, HostTensor } from '../../program.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import { HARMFUL_OPTIMIZERS, loadRuntime, reportingFailure } from '../session.ts';

/**
 * A tensor in a GPU buffer. Nobody collects it: whoever holds it disposes it. Its numbers are read by a session that returns them
 * to the host, since asking the tensor for them aborts the process (onnxruntime-node 1.30).
 */
export type GpuTensor = Tensor;

export interface GpuRun {
  readonly host: Readonly<Record<string, Float32Array>>;
  readonly buffers: Readonly<Record<string, GpuTensor>>;
}

/** A graph of which every node runs on the GPU. `run` blocks the thread for as long as it takes. */
export interface GpuSession {
  /** Takes inputs from the host and from GPU buffers; answers with new buffers for the outputs that were to be kept there. */
  run(feeds: Feeds, buffers: ReadonlyMap<string, GpuTensor>, symbols: Symbols): Promise<GpuRun>;
  release(): Promise<void>;
}

/** @param kept names of the outputs that stay in GPU buffers */
export async function openGpuSession(graph: Graph, kept: readonly string[]): Promise<GpuSession> {
  const [ort, { toShapeFedOnnx }] = await Promise.all([loadRuntime(), import('../../graph/onnx/to-onnx.ts')]);
  const { bytes, shapes } = toShapeFedOnnx(lower(graph, 'webgpu'));
  const place = (name: string): Tensor.DataLocation => (kept.includes(name) ? 'gpu-buffer' : 'cpu');
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['webgpu'],
    logSeverityLevel: 4,
    preferredOutputLocation: Object.fromEntries([...graph.outputs.keys()].map((name) => [name, place(name)])),
    extra: {
      session: { disable_cpu_ep_fallback: '1' },
      optimization: { disable_specified_optimizers: HARMFUL_OPTIMIZERS.join(';') },
    },
  };
  const session = await withAdapter(() =>
    reportingFailure(
      graph.name,
      `the graph ${graph.name} does not load on webgpu`,
      () => ort.InferenceSession.create(bytes, options),
      'webgpu',
    ),
  );
  const tensor = ({ dtype, shape, data }: HostTensor): Tensor => new ort.Tensor(dtype, data, shape);
  return {
    async run(feeds, buffers, symbols) {
      const lengths = [...shapes].map(([name, dims]) => [name, tensor(int64(concrete(dims, symbols)))] as const);
      const fed = Object.entries(feeds).map(([name, feed]) => [name, tensor(feed)] as const);
      const outputs = await reportingFailure(
        graph.name,
        `the graph ${graph.name} failed on webgpu`,
        () => session.run(Object.fromEntries([...fed, ...buffers, ...lengths])),
        'webgpu',
      );
      const on = (location: string): (readonly [string, Tensor])[] => Object.entries(outputs).filter(([name]) => place(name) === location);
      return {
        host: Object.fromEntries(on('cpu').map(([name, { data }]) => [name, data as Float32Array])),
        buffers: Object.fromEntries(on('gpu-buffer')),
      };
    },
    release: () => session.release(),
  };
}

function int64(list: readonly number[]): HostTensor {
  return { dtype: 'int64', shape: [list.length], data: BigInt64Array.from(list, BigInt) };
}

/** Says so in a sentence where there is no GPU to be had. */
async function withAdapter<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (isOutOfMemory(cause) || !(cause instanceof Error) || !/adapter|Vulkan|WebGPU (device|instance)/i.test(cause.message)) throw cause;
    throw new OrtrainError('environment', 'WebGPU finds no GPU on this machine', {
      subject: 'webgpu',
      remedy: "Install the GPU's driver (on Linux with Vulkan: libvulkan1 and the driver's ICD), or use --device cpu.",
      cause,
    });
  }
}
