import { OrtrainError } from '../../core/errors.ts';

/** Float32 numbers in a WebAssembly memory. */
export interface Region {
  /** Byte offset, a multiple of 64. */
  readonly address: number;
  readonly data: Float32Array;
}

/** Regions by the names of what they hold. */
export type Regions = ReadonlyMap<string, Region>;

export interface StateMemory {
  readonly memory: WebAssembly.Memory;
  /** One for each group asked for. */
  readonly groups: readonly Regions[];
}

/** The width of a cache line and of the widest registers: what the runtime's kernels like best. */
export const ALIGNMENT = 64;
export const PAGE = 65536;
const LARGEST = 2 ** 32; // bytes, the reach of a 32-bit address

/** One memory, zeroed, with room for groups of arrays of these lengths. Throws OrtrainError `environment` where they do not fit. */
export function reserve(groups: readonly ReadonlyMap<string, number>[]): StateMemory {
  let end = 0;
  const placed = groups.map((group) =>
    [...group].map(([name, length]) => {
      const address = end;
      end = roundUp(end + 4 * length, ALIGNMENT);
      return { name, address, length };
    }),
  );
  if (end > LARGEST) throw noRoom(end, `the CPU device holds ${gibibytes(LARGEST)}`);
  const memory = allocate(end);
  const region = (address: number, length: number): Region => ({ address, data: new Float32Array(memory.buffer, address, length) });
  return { memory, groups: placed.map((group) => new Map(group.map(({ name, address, length }) => [name, region(address, length)]))) };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function allocate(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw noRoom(bytes, 'this machine does not give as much', cause);
  }
}

function noRoom(bytes: number, why: string, cause?: unknown): OrtrainError {
  return new OrtrainError('environment', `parameters and optimizer state take ${gibibytes(bytes)}, and ${why}`, {
    remedy:
      'Take a smaller model, freeze the encoder, or use an optimizer that keeps less state (adam: two numbers a ' +
        'parameter, sgd without momentum: none).',
    cause,
  });
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
