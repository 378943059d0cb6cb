import { expect, test } from 'vitest';
import { reserve } from '../../../src/engine/runtime/memory.ts';

test('regions start at multiples of 64 bytes, do not overlap, and are zero', () => {
  const { memory, groups } = reserve([new Map([['a', 1], ['b', 17]]), new Map([['a', 0], ['c', 40000]])]);
  const regions = groups.flatMap((group) => [...group.values()]);
  expect(regions.map(({ data }) => data.length)).toEqual([1, 17, 0, 40000]);
  regions.forEach(({ address, data }) => {
    expect(address % 64).toBe(0);
    expect(data.byteOffset).toBe(address);
    expect(data.buffer).toBe(memory.buffer);
    expect(data.every((value) => value === 0)).toBe(true);
  });
  const ends = regions.map(({ address, data }) => address + data.byteLength);
  regions.slice(1).forEach(({ address }, i) => expect(address).toBeGreaterThanOrEqual(ends[i]!));
});

test('more than a 32-bit address reaches is refused with the size and a way out', () => {
  const bert = new Map([['parameters', 400e6]]);
  expect(() => reserve([bert, bert, bert])).toThrow('parameters and optimizer state take 4.5 GiB, and the CPU device holds 4.0 GiB');
});
