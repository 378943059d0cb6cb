import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { OrtrainError } from '../../core/errors.ts';
import { lower, type Graph, type Provider } from '../graph/index.ts';
import type { HostTensor } from '../program.ts';
import { runtimeMissing } from './installed.ts';
import { isOutOfMemory, outOfMemory } from './out-of-memory.ts';
import type { Device, Tensors } from './trainer.ts';

/** The runtime's handle on a tensor: a view of the host's memory, not a copy. */
export type SessionTensor = Tensor;

/** Providers whose sessions take their inputs from the host and leave their outputs there. */
export type HostProvider = Extract<Provider, 'cpu' | 'cuda'>;

export interface SessionOptions {
  readonly threads: number;
  /** Keep threads spinning between runs: faster for runs that follow each other, but it burns idle cores. */
  readonly spinning: boolean;
  /** Fuse all that can be, which a graph without a backward pass allows. */
  readonly fused?: boolean;
  /** The CPU where it is left out. */
  readonly provider?: HostProvider;
}

/** A graph made ready to run. `run` blocks the thread for as long as it takes. */
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

export async function openSession(graph: Graph, options: SessionOptions): Promise<Session> {
  const { toOnnx } = await import('../graph/onnx/to-onnx.ts');
  return openModel(graph.name, toOnnx(lower(graph, options.provider ?? 'cpu')), options);
}

/**
 * A model of ours, in bytes. On CUDA, what has no kernel there runs on the CPU; products of matrices are taken in TF32 unless the
 * process was started with NVIDIA_TF32_OVERRIDE=0, since onnxruntime-node passes no such option on.
 *
 * @param files what the model keeps outside of its bytes, by file name
 */
export async function openModel(
  name: string,
  bytes: Uint8Array,
  { threads, spinning, fused = false, provider = 'cpu' }: SessionOptions,
  files: Tensors = {},
): Promise<Session> {
  const ort = await loadRuntime();
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: true,
    enableMemPattern: false, // a pattern is kept for each batch shape: a third more memory, no time won
    logSeverityLevel: 4, // failures come as errors; the runtime need not print them too
    externalData: Object.entries(files).map(([path, { buffer, byteOffset, byteLength }]) => ({
      path,
      data: new Uint8Array(buffer, byteOffset, byteLength),
    })),
    extra: {
      session: { intra_op: { allow_spinning: spinning ? '1' : '0' } },
      ...(fused ? {} : { optimization: { disable_specified_optimizers: HARMFUL_OPTIMIZERS.join(';') } }),
    },
  };
  const session = await withDevice(provider, () =>
    reportingFailure(name, `the graph ${name} does not load`, () => ort.InferenceSession.create(bytes, options), provider),
  );
  return opened(ort, name, `the graph ${name} failed`, session, provider);
}

/** The model in an ONNX file, as any program would run it. */
export async function openModelFile(path: string, threads: number): Promise<Session> {
  const ort = await loadRuntime();
  const options: InferenceSession.SessionOptions = { executionProviders: ['cpu'], intraOpNumThreads: threads, logSeverityLevel: 4 };
  const session = await reportingFailure(path, `${path} does not load`, () => ort.InferenceSession.create(path, options));
  return opened(ort, path, `${path} failed`, session);
}

function opened(
  ort: typeof import('onnxruntime-node'),
  subject: string,
  failure: string,
  session: InferenceSession,
  device: HostProvider = 'cpu',
): Session {
  return {
    tensor: ({ dtype, shape, data }) => new ort.Tensor(dtype, data, shape),
    async run(feeds) {
      const outputs = await reportingFailure(subject, failure, () => session.run(feeds), device);
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
    },
    release: () => session.release(),
  };
}

export async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') throw runtimeMissing(cause);
    throw new OrtrainError('environment', `onnxruntime-node does not load on ${process.platform} ${process.arch}`, {
      subject: 'onnxruntime-node',
      remedy: 'Install the packages again on this machine (`npm ci`); `pipeline doctor` shows what is missing.',
      cause,
    });
  }
}

/** Puts what was tried before the runtime's own words; where memory ran out, says so in words of our own. */
export async function reportingFailure<T>(subject: string, failure: string, action: () => Promise<T>, device: Device = 'cpu'): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw outOfMemory(reason, device, cause) ?? new OrtrainError('run', `${failure} in onnxruntime: ${reason}`, { subject, cause });
  }
}

/** Says so in a sentence where CUDA does not work: its libraries are no part of the package, and its driver is the machine's. */
async function withDevice<T>(provider: HostProvider, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (
      provider !== 'cuda' ||
      isOutOfMemory(cause) ||
      !(cause instanceof Error) ||
      !/cuda|cudnn|cublas|providers_shared/i.test(cause.message)
    )
      throw cause;
    throw new OrtrainError('environment', 'CUDA does not work on this machine', {
      subject: 'cuda',
      remedy: '`pipeline doctor` says what is missing; `--device cpu` works without it.',
      cause,
    });
  }
}
