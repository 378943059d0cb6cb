/**
 * The queue's own code on simulated machines: `npx tsx bench/queue.ts [trials] [workers] [seconds of a fold] [seed]`. By default 10,000
 * trials of three folds on 500 workers, which takes about ten minutes on one core; a tenth of the workers die, a tenth sleep for a minute.
 */
import { simulateSweep } from '../test/helpers/simulated-sweep.ts';

const [trials = 10_000, workers = 500, foldSeconds = 120, seed = 3] = process.argv.slice(2).map(Number);

const { recoverySeconds: recovery, ...figures } = await simulateSweep({
  trials,
  folds: 3,
  workers,
  foldSeconds,
  deaths: 0.1,
  suspensions: 0.1,
  full: 1,
  seed,
});
const [median, most] = [recovery[recovery.length >> 1], recovery.at(-1)];
console.log(JSON.stringify({ ...figures, recoverySeconds: { times: recovery.length, median, most } }, null, 2));
