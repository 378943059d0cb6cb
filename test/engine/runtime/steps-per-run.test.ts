import { expect, test } from 'vitest';
import { openPacer, stepsPerRun } from '../../../src/engine/runtime/cuda/steps-per-run.ts';

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

test('no more than fit in 18 seconds, in 256 MiB, and in eight times the largest run so far', () => {
  expect(stepsPerRun({ ...pace, overhead: 5 })).toBe(130); // (18 - 5) / 0.1, of the 951 that it takes
  expect(stepsPerRun({ ...pace, bytes: 2 ** 24 })).toBe(16);
  expect(stepsPerRun({ ...pace, largest: 2 })).toBe(16);
  expect(stepsPerRun({ ...pace, step: 0, largest: 2 })).toBe(16); // a step too short to measure
});

test('one at least, whatever it takes', () => {
  expect(stepsPerRun({ ...pace, overhead: 19 })).toBe(1);
  expect(stepsPerRun({ ...pace, step: 40 })).toBe(1);
  expect(stepsPerRun({ ...pace, bytes: 2 ** 30 })).toBe(1);
  expect(stepsPerRun({ overhead: 0, step: 0, bytes: 1, largest: 1 })).toBe(1);
});

test('the overhead is what two runs of different lengths have in common, the first run left out', () => {
  const pacer = openPacer();
  const run = (steps: number, overhead = 0.2): void => pacer.ended({ steps, seconds: overhead + 0.1 * steps, bytes: 1000 * steps });
  expect(pacer.stepsPerRun()).toBe(1);
  run(1, 5); // libraries are loaded, memory is taken
  expect(pacer.stepsPerRun()).toBe(8);
  run(8);
  expect(pacer.stepsPerRun()).toBe(64); // eight times more, so that the two can be told apart
  run(64);
  expect(pacer.stepsPerRun()).toBeGreaterThanOrEqual(38); // and 39 but for rounding, see above
  expect(pacer.stepsPerRun()).toBeLessThanOrEqual(39);
});

test('a run that is longer than it should be is not followed by a longer one', () => {
  const pacer = openPacer();
  pacer.ended({ steps: 1, seconds: 60, bytes: 1 });
  pacer.ended({ steps: 8, seconds: 40, bytes: 8 });
  expect(pacer.stepsPerRun()).toBe(3); // 18 s, if all of the 40 s were steps
  pacer.ended({ steps: 2, seconds: 34, bytes: 2 });
  pacer.ended({ steps: 4, seconds: 36, bytes: 4 });
  expect(pacer.stepsPerRun()).toBe(1); // the overhead alone takes longer than a run may
});

test('runs that took no longer for more steps leave the overhead to what is measured next', () => {
  const pacer = openPacer();
  for (const steps of [1, 8, 64]) pacer.ended({ steps, seconds: 0.5, bytes: steps });
  expect(pacer.stepsPerRun()).toBe(512);
});
