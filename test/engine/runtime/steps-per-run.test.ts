import { expect, test } from 'vitest';
import { stepsPerRun } from '../../../src/engine/runtime/steps-per-run.ts';

const pace = { overhead: 0.2, step: 0.1, bytes: 1000, largest: 1000 };

test('the fewest steps that keep the overhead below 5 % of a run', () => {
  // 0.2 / (0.2 + 0.1 k) < 0.05 from k = 39 on; at 38 it is the twentieth itself.
  expect(stepsPerRun(pace)).toBe(39);
  expect(stepsPerRun({ ...pace, overhead: 0.001 })).toBe(1);
  expect(stepsPerRun({ ...pace, overhead: 0 })).toBe(1);
  for (const overhead of [0.003, 0.07, 0.31]) {
    const k = stepsPerRun({ ...pace, overhead });
    const share = (steps: number): number => overhead / (overhead + steps * pace.step);
    expect(share(k)).toBeLessThan(0.05);
    if (k > 1) expect(share(k - 1)).toBeGreaterThanOrEqual(0.05);
  }
});

test('no more than fit in ten seconds, in 256 MiB, and in four times the largest run so far', () => {
  expect(stepsPerRun({ ...pace, overhead: 5 })).toBe(50); // (10 - 5) / 0.1, of the 951 that it takes
  expect(stepsPerRun({ ...pace, bytes: 2 ** 24 })).toBe(16);
  expect(stepsPerRun({ ...pace, largest: 2 })).toBe(8);
  expect(stepsPerRun({ ...pace, step: 0, largest: 2 })).toBe(8); // a step too short to measure
});

test('one at least, whatever it takes', () => {
  expect(stepsPerRun({ ...pace, overhead: 12 })).toBe(1);
  expect(stepsPerRun({ ...pace, step: 40 })).toBe(1);
  expect(stepsPerRun({ ...pace, bytes: 2 ** 30 })).toBe(1);
  expect(stepsPerRun({ overhead: 0, step: 0, bytes: 1, largest: 1 })).toBe(1);
});
