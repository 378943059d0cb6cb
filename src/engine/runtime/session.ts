import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { OrtrainError } from '../../core/errors.ts';
import type { Graph } from '../graph/index.ts';
import type { HostTensor } from '../program.ts';

/** The runtime's handle on a tensor: a view of the host's memory, not a copy. */
export type SessionTensor = Tensor;

export interface SessionOptions {
  readonly threads: number;
  /** Keep threads spinning between runs: faster for runs that follow each other, but it burns idle cores. */
  readonly spinning: boolean;
}

/** A graph made ready to run on the CPU. `run` blocks the thread for as long as it takes. */
export interface Session {
  tensor(host: HostTensor): SessionTensor;
  /** Every graph input must be fed; the outputs, all float32, come in fresh buffers. */
  run(feeds: Readonly<Record<string, SessionTensor>>): Promise<Readonly<Record<string, Float32Array>>>;
  release(): Promise<void>;
}

/**
 * Fusions that break training graphs. The first three drop LayerNormalization's mean and deviation, which the backward pass
 * reads, or fuse across values that it reads; the last drops Dropout without looking at its training mode.
 */
export const HARMFUL_OPTIMIZERS = ['SkipLayerNormFusion', 'BiasSkipLayerNormFusion', 'BiasGeluFusion', 'EliminateDropout'];

export async function openSession(graph: Graph, { threads, spinning }: SessionOptions): Promise<Session> {
  const [ort, { toOnnx }] = await Promise.all([loadRuntime(), import('../graph/onnx.ts')]);
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: true,
    enableMemPattern: false, // a pattern is kept for each batch shape: a third more memory, no time won
    logSeverityLevel: 4, // failures come as errors; the runtime need not print them too
    extra: {
      session: { intra_op: { allow_spinning: spinning ? '1' : '0' } },
      optimization: { disable_specified_optimizers: HARMFUL_OPTIMIZERS.join(';') },
    },
  };
  const session = await named(graph.name, `the graph ${graph.name} does not load`, () => ort.InferenceSession.create(toOnnx(graph), options));
  return opened(ort, graph.name, `the graph ${graph.name} failed`, session);
}

/** The model in an ONNX file, as any program would run it. */
export async function openModelFile(path: string, threads: number): Promise<Session> {
  const ort = await loadRuntime();
  const options: InferenceSession.SessionOptions = { executionProviders: ['cpu'], intraOpNumThreads: threads, logSeverityLevel: 4 };
  return opened(ort, path, `${path} failed`, await named(path, `${path} does not load`, () => ort.InferenceSession.create(path, options)));
}

function opened(ort: typeof import('onnxruntime-node'), subject: string, failure: string, session: InferenceSession): Session {
  return {
    tensor: ({ dtype, shape, data }) => new ort.Tensor(dtype, data, shape),
    async run(feeds) {
      const outputs = await named(subject, failure, () => session.run(feeds));
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
    },
    release: () => session.release(),
  };
}

export async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new OrtrainError('environment', `onnxruntime-node does not load on ${process.platform} ${process.arch}`, {
      subject: 'onnxruntime-node',
      remedy: 'Install the packages again on this machine (`npm ci`); `pipeline doctor` shows what is missing.',
      cause,
    });
  }
}

/** Puts what was tried before the runtime's own words. */
export async function named<T>(subject: string, failure: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OrtrainError('run', `${failure} in onnxruntime: ${reason}`, { subject, cause });
  }
}
