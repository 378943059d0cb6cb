import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fuzzAll } from './all.ts';

// npx tsx test/fuzz/run.ts [inputs=10000] [seed=1] [reader] [index]: all readers, one of them, or one of its inputs alone.
const [count = '10000', seed = '1', only, index] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ortrain-fuzz-'));
try {
  const failures = await fuzzAll(
    folder,
    {
      count: Number(count),
      seed: Number(seed),
      ...(only === undefined ? {} : { only }),
      ...(index === undefined ? {} : { index: Number(index) }),
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  if (failures > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
