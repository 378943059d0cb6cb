import { sha256 } from './hash.ts';

/**
 * numpy's `RandomState(seed)`: Mersenne Twister MT19937 seeded by `init_genrand`, with the same numbers in the same order.
 * Matsumoto and Nishimura, ACM TOMACS 8(1), 1998; distributions as in numpy's `legacy-distributions.c` and `distributions.c`.
 */
export class RandomState {
  readonly #state = new Uint32Array(STATE_WORDS);
  #position = STATE_WORDS;
  /** The second number of the last pair of normals, until it is used. */
  #spareNormal: number | null = null;

  /** `seed`: an integer from 0 to 2³² − 1; anything else is a RangeError. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > MAX_UINT32)
      throw new RangeError(`a seed is an integer from 0 to ${MAX_UINT32}, not ${seed}`);
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < STATE_WORDS; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The generator's next 32 bits. */
  uint32(): number {
    if (this.#position === STATE_WORDS) this.#refill();
    let y = this.#state[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** `random_sample()`: uniform in [0, 1) with 53 random bits. */
  sample(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** `uniform(low, high)`: uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.sample();
  }

  /** `randint(low, high)`: an integer of [low, high), for ranges of up to 2⁵³. Masked rejection, as numpy's legacy generator does it. */
  integer(low: number, high: number): number {
    return low + this.#upTo(high - 1 - low);
  }

  /** `standard_normal()`: Marsaglia's polar method; numbers come in pairs and the second is kept. */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    let a: number, b: number, squared: number;
    do {
      a = 2 * this.sample() - 1;
      b = 2 * this.sample() - 1;
      squared = a * a + b * b;
    } while (squared >= 1 || squared === 0);
    const factor = Math.sqrt((-2 * Math.log(squared)) / squared);
    this.#spareNormal = factor * a;
    return factor * b;
  }

  /** `shuffle(items)`: in place; Fisher–Yates from the end. */
  shuffle<T>(items: { readonly length: number; [index: number]: T }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.#upTo(i);
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
    }
  }

  /** `permutation(count)`: the integers 0 … count − 1, shuffled. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    this.shuffle(order);
    return order;
  }

  /** `choice(count, size, replace=False)`: `size` different integers below `count`. */
  choice(count: number, size: number): Int32Array {
    return this.permutation(count).subarray(0, size);
  }

  /** An integer of [0, max]: bits under the smallest mask that covers `max`, drawn again while above it. */
  #upTo(max: number): number {
    if (max === 0) return 0;
    const highMask = maskOf(Math.floor(max / 2 ** 32));
    const lowMask = highMask > 0 ? MAX_UINT32 : maskOf(max);
    for (;;) {
      // numpy draws the high word first, and none at all where 32 bits suffice.
      const high = highMask > 0 ? (this.uint32() & highMask) >>> 0 : 0;
      const value = high * 2 ** 32 + ((this.uint32() & lowMask) >>> 0);
      if (value <= max) return value;
    }
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < STATE_WORDS; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % STATE_WORDS]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % STATE_WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}

/** A seed of its own for every use, such as `seedFor(42, 'dropout', fold, epoch)`: the first 32 bits of a hash of them all. */
export function seedFor(seed: number, ...labels: readonly (string | number)[]): number {
  return Number.parseInt(sha256(JSON.stringify([seed, ...labels])).slice(0, 8), 16);
}

const MAX_UINT32 = 0xffffffff;
const STATE_WORDS = 624;
const SHIFT = 397;

/** The smallest 2ᵏ − 1 that is at least `max`, for 32-bit numbers. */
function maskOf(max: number): number {
  return max === 0 ? 0 : MAX_UINT32 >>> Math.clz32(max);
}
