import { OrtrainError } from '../../../core/errors.ts';

/** Float32 numbers in one of the memories. */
export interface Region {
  /** Its place among `StateMemory.memories`. */
  readonly home: number;
  /** Byte offset, a multiple of 64. */
  readonly address: number;
  readonly data: Float32Array;
}

/** Regions by the names of what they hold. */
export type Regions = ReadonlyMap<string, Region>;

export interface StateMemory {
  /** One where everything has room in it. */
  readonly memories: readonly WebAssembly.Memory[];
  /** One for each group asked for. */
  readonly groups: readonly Regions[];
  /** What every memory has of its own. */
  readonly beside: readonly Regions[];
}

type Lengths = ReadonlyMap<string, number>;

/** The width of a cache line and of the widest registers: what the runtime's kernels like best. */
export const ALIGNMENT = 64;
export const PAGE = 65536;
/** Bytes, the reach of a 32-bit address. */
export const LARGEST_MEMORY = 2 ** 32;

/**
 * Memory, zeroed, with room for groups of arrays of these lengths: in one WebAssembly memory, or in as many as it takes. Arrays of one name
 * are of one parameter, and lie in the same memory, for a kernel sees no other. Throws OrtrainError `environment` where they do not fit.
 *
 * @param beside arrays that every memory has of its own
 * @param most bytes of one memory
 */
export function reserve(groups: readonly Lengths[], beside: Lengths = new Map(), most = LARGEST_MEMORY): StateMemory {
  const homes = homesOf(groups, beside, most);
  const count = Math.max(1, ...[...homes.values()].map((home) => home + 1));
  const placed = Array.from({ length: count }, (_, home) => {
    const here = groups.map((group) => new Map([...group].filter(([name]) => homes.get(name) === home)));
    return place(here, beside, home);
  });
  const whole = placed.reduce((sum, { bytes }) => sum + bytes, 0);
  const memories = placed.map(({ bytes }) => allocate(bytes, whole));
  const region = ({ home, address, length }: Place): Region => ({
    home,
    address,
    data: new Float32Array(memories[home]!.buffer, address, length),
  });
  const regions = (places: ReadonlyMap<string, Place>): Regions => new Map([...places].map(([name, at]) => [name, region(at)]));
  return {
    memories,
    groups: groups.map((group, i) => {
      const all = new Map(placed.flatMap((memory) => [...regions(memory.groups[i]!)]));
      return new Map([...group.keys()].map((name) => [name, all.get(name)!]));
    }),
    beside: placed.map((memory) => regions(memory.beside)),
  };
}

/** In which memory the arrays of each name are: in the one that is being filled, or, where it has no room for them, in the next. */
function homesOf(groups: readonly Lengths[], beside: Lengths, most: number): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, length] of groups.flatMap((group) => [...group])) sizes.set(name, (sizes.get(name) ?? 0) + bytesFor(length));
  const own = [...beside.values()].reduce((sum, length) => sum + bytesFor(length), 0);
  const homes = new Map<string, number>();
  let [home, end] = [0, own];
  for (const [name, size] of sizes) {
    if (own + size > most)
      throw noRoom(own + size, `${name} and its optimizer state take`, `one memory of the CPU device holds ${gibibytes(most)}`);
    if (end + size > most) [home, end] = [home + 1, own];
    homes.set(name, home);
    end += size;
  }
  return homes;
}

interface Place {
  readonly home: number;
  readonly address: number;
  readonly length: number;
}

interface Placed {
  readonly bytes: number;
  readonly groups: readonly ReadonlyMap<string, Place>[];
  readonly beside: ReadonlyMap<string, Place>;
}

/** Group by group, what the memory has of its own behind the first, so that kernels read and write far apart. */
function place([first = new Map<string, number>(), ...others]: readonly Lengths[], beside: Lengths, home: number): Placed {
  let bytes = 0;
  const next = (group: Lengths): ReadonlyMap<string, Place> =>
    new Map(
      [...group].map(([name, length]) => {
        const address = bytes;
        bytes += bytesFor(length);
        return [name, { home, address, length }];
      }),
    );
  const [head, own] = [next(first), next(beside)];
  const groups = [head, ...others.map(next)];
  return { bytes, groups, beside: own };
}

function bytesFor(length: number): number {
  return roundUp(4 * length, ALIGNMENT);
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function allocate(bytes: number, whole: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw noRoom(whole, 'parameters and optimizer state take', 'this machine does not give as much', cause);
  }
}

function noRoom(bytes: number, what: string, why: string, cause?: unknown): OrtrainError {
  return new OrtrainError('environment', `${what} ${gibibytes(bytes)}, and ${why}`, {
    remedy:
      'Take a smaller model, freeze the encoder, or use an optimizer that keeps less state (adam: two numbers a ' +
        'parameter, sgd without momentum: none).',
    cause,
  });
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
