import { describe, expect, test } from 'vitest';
import { compileMask, instantiate, keepThreshold, maskKey, type MaskKernel } from '../../../src/engine/optim/index.ts';
import { keeps } from './reference.ts';

const memory = new WebAssembly.Memory({ initial: 64 });
const { mask: writeMask } = instantiate<MaskKernel>(compileMask(), memory);

function mask(n: number, rate: number, seed: number, step: number, site: number): Uint8Array {
  const [first, second] = maskKey(seed, step, site);
  writeMask(0, n, first, second, keepThreshold(rate));
  return new Uint8Array(memory.buffer, 0, n).slice();
}

test.each([
  [0, 0.1],
  [1, 0.1],
  [15, 0.5],
  [16, 0.3],
  [17, 0.9],
  [5000, 0.1],
  [5000, 0.5],
])('the kernel writes the reference bits: %i elements, rate %d', (n, rate) => {
  for (const [seed, step, site] of [[42, 1, 0], [0, 0, 0], [2 ** 53 - 1, 2 ** 31 + 5, 77]] as const) {
    const key = maskKey(seed, step, site);
    expect([...mask(n, rate, seed, step, site)]).toEqual(Array.from({ length: n }, (_, element) => keeps(key, element, rate)));
  }
});

test('the bits are these and no others: checkpoints and other devices depend on them', () => {
  expect(mask(48, 0.5, 42, 1, 0).join('')).toMatchInlineSnapshot(`"100111100010111100101111010011100100011110000010"`);
  expect(maskKey(42, 1, 0)).toMatchInlineSnapshot(`
    [
      1174273562,
      51814132,
    ]
  `);
});

test('the kernel stays within its block of 16 bytes', () => {
  const bytes = new Uint8Array(memory.buffer).fill(9);
  writeMask(64, 17, 1, 2, keepThreshold(0.5));
  expect([...bytes.subarray(48, 64), ...bytes.subarray(96, 112)]).toEqual(Array.from({ length: 32 }, () => 9));
});

test('rate 0 keeps everything and rate 1 nothing', () => {
  expect(mask(1000, 0, 1, 1, 1).every((bit) => bit === 1)).toBe(true);
  expect(mask(1000, 1, 1, 1, 1).every((bit) => bit === 0)).toBe(true);
});

describe('statistics', () => {
  const n = 1 << 20;
  /** How far, in standard deviations, a mean of n products of centred bits lies from zero, for independent bits. */
  function correlation(a: Uint8Array, b: Uint8Array, rate: number): number {
    const keep = 1 - rate;
    let sum = 0;
    for (let i = 0; i < a.length; i += 1) sum += (a[i]! - keep) * (b[i]! - keep);
    return sum / Math.sqrt(a.length) / (keep * rate);
  }
  // 4.5 standard deviations happen by chance once in 150,000; the seeds are fixed, so a pass is a pass for good.
  const limit = 4.5;

  test.each([0.1, 0.3, 0.5])('the mean is 1 - rate (rate %d)', (rate) => {
    for (let step = 1; step <= 8; step += 1) {
      let kept = 0;
      for (const bit of mask(n, rate, 42, step, 3)) kept += bit;
      expect(Math.abs(kept - n * (1 - rate)) / Math.sqrt(n * rate * (1 - rate))).toBeLessThan(limit);
    }
  });

  test.each([0.1, 0.5])('elements are independent of their neighbours in rows of usual widths (rate %d)', (rate) => {
    for (let step = 1; step <= 4; step += 1) {
      const bits = mask(n, rate, 7, step, 0);
      for (const lag of [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 312, 384, 768, 1024, 3072, 4096, 65536]) {
        expect(Math.abs(correlation(bits.subarray(0, n - lag), bits.subarray(lag), rate)), `lag ${lag}`).toBeLessThan(limit);
      }
    }
  });

  test.each([0.1, 0.5])('masks of other steps, sites and seeds are independent (rate %d)', (rate) => {
    const base = mask(n, rate, 42, 100000, 5);
    for (const d of [1, 2, 3, 64, 65536]) {
      for (const other of [
        mask(n, rate, 42, 100000 + d, 5),
        mask(n, rate, 42, 100000, 5 + d),
        mask(n, rate, 42 + d, 100000, 5),
        mask(n, rate, 42, 100000 - d, 5 + d),
      ]) {
        expect(Math.abs(correlation(base, other, rate)), `distance ${d}`).toBeLessThan(limit);
        expect(Math.abs(correlation(base.subarray(1), other.subarray(0, n - 1), rate)), `distance ${d}, shifted`).toBeLessThan(limit);
      }
    }
  });
});
