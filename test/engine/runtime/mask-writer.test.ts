import { expect, test } from 'vitest';
import { maskKey } from '../../../src/engine/optim/index.ts';
import { maskWriter } from '../../../src/engine/runtime/cpu/mask-writer.ts';
import { keeps } from '../optim/reference.ts';

test('writes the masks of (seed, step, site), also when a batch needs more memory than any before it', () => {
  const specs = [
    { input: 'first', shape: ['B', 'S', 8], rate: 0.1 },
    { input: 'second', shape: ['2*B', 'S*S'], rate: 0.5 },
  ] as const;
  const write = maskWriter(specs, 42);
  for (const [step, B, S] of [[1, 2, 3], [2, 16, 120], [3, 1, 1]] as const) {
    const masks = write(step, new Map([['B', B], ['S', S]]));
    expect(masks['first']!.shape).toEqual([B, S, 8]);
    expect(masks['second']!.shape).toEqual([2 * B, S * S]);
    specs.forEach(({ input, rate }, site) => {
      const { data } = masks[input]!;
      expect(data.byteOffset % 64).toBe(0);
      const key = maskKey(42, step, site);
      expect(
        Buffer.compare(
          data as Uint8Array,
          Uint8Array.from({ length: data.length }, (_, element) => keeps(key, element, rate)),
        ),
      ).toBe(0);
    });
  }
});

test('a mask over an axis that no batch input has is refused', () => {
  expect(() => maskWriter([{ input: 'mask', shape: ['B', 'T'], rate: 0.1 }], 1)(1, new Map([['B', 2]]))).toThrow(
    'no batch input has an axis T, of [B, T]',
  );
});
