import { expect, test } from 'vitest';
import { PAGE, reserve } from '../../../src/engine/runtime/cpu/memory.ts';

test('regions start at multiples of 64 bytes, do not overlap, and are zero', () => {
  const { memories, groups, beside } = reserve([new Map([['a', 1], ['b', 17]]), new Map([['a', 0], ['c', 40000]])], new Map([['d', 5]]));
  expect(memories).toHaveLength(1);
  const regions = [...groups.flatMap((group) => [...group.values()]), ...beside[0]!.values()].sort((a, b) => a.address - b.address);
  expect(regions.map(({ data }) => data.length)).toEqual([1, 17, 5, 0, 40000]);
  regions.forEach(({ address, data, home }) => {
    expect(home).toBe(0);
    expect(address % 64).toBe(0);
    expect(data.byteOffset).toBe(address);
    expect(data.buffer).toBe(memories[0]!.buffer);
    expect(data.every((value) => value === 0)).toBe(true);
  });
  const ends = regions.map(({ address, data }) => address + data.byteLength);
  regions.slice(1).forEach(({ address }, i) => expect(address).toBeGreaterThanOrEqual(ends[i]!));
});

test('what has no room in one memory is spread over several, arrays of one name together', () => {
  const page = PAGE / 4; // numbers in a page
  const lengths = new Map([['a', page], ['b', page], ['c', 2 * page], ['d', 1]]);
  const { memories, groups, beside } = reserve([lengths, new Map([['a', page], ['c', page]])], new Map([['own', page]]), 4 * PAGE);
  expect(memories.map(({ buffer }) => buffer.byteLength / PAGE)).toEqual([4, 5 - 1, 2]);
  expect(groups.map((group) => [...group].map(([name, { home, data }]) => [name, home, data.length]))).toEqual([
    [['a', 0, page], ['b', 0, page], ['c', 1, 2 * page], ['d', 2, 1]],
    [['a', 0, page], ['c', 1, page]],
  ]);
  expect(beside.map((own) => own.get('own')?.home)).toEqual([0, 1, 2]);
  for (const regions of [...groups, ...beside])
    for (const { home, data } of regions.values()) expect(data.buffer).toBe(memories[home]!.buffer);
});

test('a parameter that no memory has room for is refused with its size and a way out', () => {
  const lengths = new Map([['small', 1], ['table', 400e6]]);
  expect(() => reserve([lengths, lengths, lengths])).toThrow(
    'table and its optimizer state take 4.5 GiB, and one memory of the CPU device holds 4.0 GiB',
  );
});
