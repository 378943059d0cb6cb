import type { Usage } from '../../core/measures.ts';

/** Often enough to see a model's memory, seldom enough to cost nothing. */
const LOOK_EVERY_MS = 250;

/** Watches what this process takes of the machine, all its threads together, from now on until `stop`. */
export function watchUsage(): { soFar(): Usage; stop(): void } {
  const before = process.cpuUsage();
  let peakBytes = process.memoryUsage.rss();
  const look = (): void => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    soFar() {
      look();
      const { user, system } = process.cpuUsage(before);
      return { cpuSeconds: (user + system) / 1e6, peakBytes };
    },
    stop: () => clearInterval(timer),
  };
}
