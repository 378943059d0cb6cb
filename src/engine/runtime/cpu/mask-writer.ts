import { concrete, type Symbols } from '../../graph/index.ts';
import { compileMask, instantiate, keepThreshold, keyAfter, maskKey, type MaskKernel } from '../../optim/index.ts';
import type { HostTensor, MaskSpec } from '../../program.ts';
import { ALIGNMENT, PAGE, roundUp } from './memory.ts';
import { outOfMemory } from '../out-of-memory.ts';

/**
 * Dropout masks of one step by graph input. They are views that the next call overwrites.
 *
 * @param before how many elements of each mask the step's micro-batches before have had; none where it is left out
 */
export type MaskWriter = (step: number, symbols: Symbols, before?: readonly number[]) => Readonly<Record<string, HostTensor>>;

/** Writes masks into a memory of their own, which grows to the largest batch. A mask's site is its place among the specs. */
export function maskWriter(specs: readonly MaskSpec[], seed: number): MaskWriter {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { mask } = instantiate<MaskKernel>(compileMask(), memory);
  return (step, symbols, before = []) => {
    let end = 0;
    const places = specs.map(({ input, shape, rate }, site) => {
      const lengths = concrete(shape, symbols);
      const place = { input, rate, site, shape: lengths, address: end, size: lengths.reduce((product, length) => product * length, 1) };
      end = roundUp(end + place.size, ALIGNMENT);
      return place;
    });
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) grow(memory, Math.ceil(missing / PAGE));
    return Object.fromEntries(
      places.map(({ input, rate, site, shape, address, size }) => {
        mask(address, size, ...keyAfter(maskKey(seed, step, site), before[site] ?? 0), keepThreshold(rate));
        return [input, { dtype: 'uint8', shape, data: new Uint8Array(memory.buffer, address, size) }];
      }),
    );
  };
}

function grow(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages);
  } catch (cause) {
    throw outOfMemory((cause as Error).message, 'cpu', cause) ?? cause;
  }
}
