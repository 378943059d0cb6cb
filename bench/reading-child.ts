/** Reads the weights of a folder as a trainer does, each tensor into memory of its own, and says what that took. */
import { openWeights } from '../src/data/hub/index.ts';
import { readFloats } from '../src/engine/models/index.ts';
import { peakMegabytes } from './peak-memory.ts';
import type { Reading } from './reading.ts';

const before = process.cpuUsage();
const start = performance.now();
const file = openWeights(process.argv[2] ?? '');
const kept = [...file.entries].map(([name, { shape }]) => {
  const into = new Float32Array(shape.reduce((product, axis) => product * axis, 1));
  return readFloats(file, name, into);
});
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(before);
const reading: Reading = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  peakMegabytes: peakMegabytes('self'),
  numbers: kept.reduce((sum, { length }) => sum + length, 0),
};
process.stdout.write(JSON.stringify(reading));
