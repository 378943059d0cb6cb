import { expect, it } from 'vitest';
import { simulateSweep } from '../../helpers/simulated-sweep.ts';

it('a sweep on simulated machines, some of which die, sleep or have a full disk, loses nothing', async () => {
  const troubles = { deaths: 0.2, suspensions: 0.2, full: 1 };
  const outcome = await simulateSweep({ trials: 40, folds: 3, workers: 16, foldSeconds: 60, ...troubles, seed: 5 });
  expect(outcome.done).toBe(120);
  expect(outcome.twiceAtOnce).toBe(0);
  // Those that were lost with a job, and no others, were begun again.
  expect(outcome.begun).toBeGreaterThan(120);
  expect(outcome.begun).toBeLessThanOrEqual(120 + outcome.lost + 1);
  expect(outcome.recoverySeconds.length).toBeGreaterThan(0);
  for (const seconds of outcome.recoverySeconds) expect(seconds).toBeLessThan(60);
  expect(outcome.writeMs.median).toBeLessThan(50);
});
