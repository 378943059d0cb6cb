import { describe, expect, it } from 'vitest';
import { outOfMemory } from '../../../src/engine/runtime/out-of-memory.ts';
import type { Device } from '../../../src/engine/runtime/index.ts';
import { withFewerRows } from '../../../src/runner/models/fewer-rows.ts';

const full = (device: Device) => outOfMemory('Failed to allocate memory for requested buffer of size 4096', device, new Error('arena'))!;

/** Predicts where at most so many rows come at a time. */
const holds = (most: number, device: Device) => async (rows: number) => {
  if (rows > most) throw full(device);
  return rows;
};

describe('predictions whose memory runs out', () => {
  it('are made with fewer rows at a time, and say so', async () => {
    const said: string[] = [];
    expect(await withFewerRows(100, 'cuda', holds(20, 'cuda'), (message) => said.push(message))).toBe(16);
    expect(said).toEqual(['64', '32', '16'].map((rows) => `the GPU's memory is full; tries ${rows} at a time`));
    expect(await withFewerRows(100, 'cpu', holds(100, 'cpu'), () => expect.fail('nothing is full'))).toBe(100);
  });

  it.each([
    ['cuda', 'The model alone is too much for it: use --device cpu.'],
    ['cpu', 'The model alone is too much for it: end other programs, or predict on a machine with more memory.'],
  ] as const)('on %s say what is left to do where one row is too much, and name no key that predict does not have', async (device, remedy) => {
    const failing = withFewerRows(4, device, holds(0, device), () => {});
    await expect(failing).rejects.toMatchObject({ code: 'run', subject: `memory of ${device}`, remedy, problems: [] });
  });

  it('pass on what has nothing to do with memory', async () => {
    const tries: number[] = [];
    const failing = withFewerRows(8, 'cpu', async (rows) => {
      tries.push(rows);
      throw new Error('the disk is full');
    }, () => {});
    await expect(failing).rejects.toThrow('the disk is full');
    expect(tries).toEqual([8]);
  });
});
