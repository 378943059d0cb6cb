/** Trains as its argument says, then says so and waits to be let go: memory.ts reads this process's peak memory meanwhile. */
import { openOurs, randomBatch } from './classifier.ts';
import type { MemoryTask } from './memory.ts';

const { subject, length, steps } = JSON.parse(process.argv[2] ?? '') as MemoryTask;
const side = await openOurs(subject);
await side.steps(randomBatch(length), steps);
process.once('disconnect', () => void side.close());
process.send?.('done');
