import { describe, expect, it } from 'vitest';
import { RandomState, seedFor } from '../../src/core/random.ts';
import { describeShared, sharedJson } from '../helpers/shared.ts';

const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Carries out a call as the reference writes it, such as `randint(0,10,size=20)`. */
function call(rng: RandomState, text: string): number | number[] {
  const [, name, list] = /^(\w+)(?:\((.*)\))?$/.exec(text)!;
  const size = Number(/size=(\d+)/.exec(text)?.[1] ?? 1);
  const [first = 0, second] = (list ?? '').match(/(?<![\w=])-?\d+/g)?.map(Number) ?? [];
  const shuffled = (items: number[]): number[] => (rng.shuffle(items), items);
  switch (name) {
    case 'raw_uint32':
      return times(16, () => rng.uint32());
    case 'random_sample':
      return times(first, () => rng.sample());
    case 'uniform':
      return times(size, () => rng.uniform(first, second!));
    case 'permutation':
      return [...rng.permutation(first)];
    case 'shuffle':
      return shuffled(range(Number(/range\((\d+)/.exec(text)![1])));
    case 'randint': {
      const [low, high] = second === undefined ? [0, first] : [first, second];
      return text.includes('size=') ? times(size, () => rng.integer(low, high)) : rng.integer(low, high);
    }
    case 'choice':
      return text.includes('replace=False') ? [...rng.choice(first, size)] : times(size, () => rng.integer(0, first));
    case 'standard_normal':
      return times(first, () => rng.normal());
    default:
      throw new Error(`the reference has a call that this test does not know: ${text}`);
  }
}

describe('RandomState', () => {
  // The first outputs for seed 5489 and the 10,000th, as in the C++ standard, [rand.predef]: mt19937 with its default seed.
  it('is MT19937', () => {
    const rng = new RandomState(5489);
    expect(times(3, () => rng.uint32())).toEqual([3499211612, 581869302, 3890346734]);
    expect(times(9997, () => rng.uint32()).at(-1)).toBe(4123659995);
  });

  it('refuses what is not a 32-bit seed', () => {
    for (const seed of [-1, 0.5, 2 ** 32, NaN]) expect(() => new RandomState(seed)).toThrow(RangeError);
  });

  it('draws integers of the range only, and all of them', () => {
    const rng = new RandomState(7);
    expect(new Set(times(400, () => rng.integer(-2, 3)))).toEqual(new Set([-2, -1, 0, 1, 2]));
    expect(rng.integer(4, 5)).toBe(4);
  });

  it('shuffles typed arrays and lists alike', () => {
    const list = range(50);
    new RandomState(3).shuffle(list);
    expect(list).toEqual([...new RandomState(3).permutation(50)]);
    expect([...list].sort((a, b) => a - b)).toEqual(range(50));
  });

  it('draws normal numbers with mean 0 and variance 1', () => {
    const rng = new RandomState(11);
    const numbers = times(20_000, () => rng.normal());
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
    // Four standard errors: 1/√n of the mean, √(2/n) of the variance.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(20_000));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 20_000));
  });
});

describe('seedFor', () => {
  it('gives the same seed for the same labels and another for any other', () => {
    expect(seedFor(42, 'fold', 1)).toBe(seedFor(42, 'fold', 1));
    const seeds = [
      seedFor(42),
      seedFor(43),
      seedFor(42, 'fold', 1),
      seedFor(42, 'fold', 2),
      seedFor(42, 'fold1'),
      seedFor(42, 'fold', '1'),
      seedFor(42, 1, 'fold'),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
    for (const seed of seeds) expect(() => new RandomState(seed)).not.toThrow();
  });
});

describeShared('RandomState against numpy', ['oracles', 'rng'], () => {
  interface Reference {
    readonly seed: number;
    readonly fresh?: Readonly<Record<string, number | number[]>>;
    readonly chain?: readonly { readonly call: string; readonly result: number | number[] }[];
    readonly raw_uint32_at?: Readonly<Record<string, number>>;
  }
  const references = sharedJson<readonly Reference[]>('oracles', 'rng', 'randomstate.json');

  for (const { seed, fresh, chain, raw_uint32_at: far } of references) {
    for (const [text, expected] of Object.entries(fresh ?? {})) {
      it(`${text}, seed ${seed}`, () => {
        const result = call(new RandomState(seed), text);
        if (!text.startsWith('standard_normal')) return expect(result).toEqual(expected);
        (expected as number[]).forEach((x, i) => expect(Math.abs((result as number[])[i]! - x)).toBeLessThan(1e-14));
      });
    }
    if (chain !== undefined) {
      it(`calls in a row, seed ${seed}`, () => {
        const rng = new RandomState(seed);
        for (const step of chain) expect(call(rng, step.call)).toEqual(step.result);
      });
    }
    if (far !== undefined) {
      it(`far into the stream, seed ${seed}`, () => {
        const rng = new RandomState(seed);
        const stream = times(Math.max(...Object.keys(far).map(Number)) + 1, () => rng.uint32());
        for (const [position, expected] of Object.entries(far)) expect(stream[Number(position)]).toBe(expected);
      });
    }
  }
});
