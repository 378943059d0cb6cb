import { graphBuilder, type Graph } from '../../graph/index.ts';
import { openGpuSession, type GpuSession, type GpuTensor } from './session.ts';

/** Float32 tensors in GPU buffers, by the names of what they hold. */
export interface GpuMemory {
  readonly tensors: ReadonlyMap<string, GpuTensor>;
  write(name: string, shape: readonly number[], data: Float32Array): Promise<void>;
  read(name: string): Promise<Float32Array>;
  /** Takes a buffer over and gives the one before it back. */
  replace(name: string, tensor: GpuTensor): void;
  /** Gives all buffers back. */
  release(): Promise<void>;
}

/** Copies from and to the host by sessions of one Identity node, a pair for each number of axes. */
export function openGpuMemory(): GpuMemory {
  const tensors = new Map<string, GpuTensor>();
  const sessions = new Map<string, GpuSession>();
  const copier = async (rank: number, to: 'host' | 'gpu'): Promise<GpuSession> => {
    const key = `${rank} ${to}`;
    const session = sessions.get(key) ?? (await openGpuSession(copy(rank), to === 'gpu' ? ['y'] : []));
    sessions.set(key, session);
    return session;
  };
  const memory: GpuMemory = {
    tensors,
    async write(name, shape, data) {
      const session = await copier(shape.length, 'gpu');
      const { buffers } = await session.run({ x: { dtype: 'float32', shape, data } }, new Map(), new Map());
      memory.replace(name, buffers['y']!);
    },
    async read(name) {
      const tensor = tensors.get(name)!;
      const session = await copier(tensor.dims.length, 'host');
      const { host } = await session.run({}, new Map([['x', tensor]]), new Map());
      return host['y']!;
    },
    replace(name, tensor) {
      tensors.get(name)?.dispose();
      tensors.set(name, tensor);
    },
    async release() {
      for (const tensor of tensors.values()) tensor.dispose();
      tensors.clear();
      for (const session of sessions.values()) await session.release();
    },
  };
  return memory;
}

function copy(rank: number): Graph {
  const g = graphBuilder('copy');
  g.output('y', g.Identity(g.input('x', 'float32', Array.from({ length: rank }, (_, axis) => `D${axis}`))));
  return g.build();
}
