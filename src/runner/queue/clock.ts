import { setTimeout as after } from 'node:timers/promises';

/** Time as this process counts it: clocks of machines may differ, and what is compared is how long one has seen another silent. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Ends early where the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1): so that those who wait do not ask all at once. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => after(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
  random: Math.random,
};
