import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { SystemFigures } from '../../../src/core/measures.ts';
import { watchSystem } from '../../../src/runner/machine/system.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

const path = process.env['PATH'] ?? '';
afterEach(() => {
  process.env['PATH'] = path;
});

/** What is seen, every so often, until `isEnough`. */
async function seenUntil(isEnough: (seen: readonly SystemFigures[]) => boolean, everyMs = 50): Promise<readonly SystemFigures[]> {
  const seen: SystemFigures[] = [];
  await watchSystem(
    (figures) => seen.push(figures),
    async () => {
      while (!isEnough(seen)) await sleep(20);
    },
    everyMs,
    everyMs,
  );
  return seen;
}

/** Takes half a second of processor time and 200 MB, says so, and stays. */
const GREEDY = `
const held = Buffer.alloc(200e6, 1);
while (process.cpuUsage().user < 5e5) for (let i = 0; i < 1e6; i++) held[i] ^= 1;
process.stdout.write('done');
setTimeout(() => held, 60_000);`;

describe('the figures of the system', () => {
  const isLacking = because('the use of child processes (it is read on Linux alone)', process.platform !== 'linux');
  it.skipIf(isLacking)('are of the process and of what it has started', async () => {
    const child = spawn(process.execPath, ['-e', GREEDY], { stdio: ['ignore', 'pipe', 'inherit'] });
    let wasBusy = false;
    child.stdout.once('data', () => (wasBusy = true));
    const began = performance.now();
    let atEnd = 0;
    const own = process.cpuUsage();
    const seen = await seenUntil((sofar) => {
      if (wasBusy && atEnd === 0) atEnd = sofar.length;
      return atEnd > 0 && sofar.length >= atEnd + 2;
    });
    const { user, system } = process.cpuUsage(own);
    child.kill();
    const seconds = (performance.now() - began) / 1000 / seen.length;
    const cpuSeconds = seen.reduce((sum, { cpuPercent }) => sum + (cpuPercent / 100) * seconds, 0);
    // The mean interval stands for each, and the clock of processor time has ticks.
    expect(cpuSeconds - (user + system) / 1e6).toBeGreaterThan(0.3);
    expect((seen.at(-1)?.memoryBytes ?? 0) - process.memoryUsage.rss()).toBeGreaterThan(150e6);
    expect(seen.every(({ freeBytes }) => freeBytes > 0 && freeBytes < totalmem())).toBe(true);
  });

  it('end with the work, which they neither change nor hold up', async () => {
    const seen: SystemFigures[] = [];
    expect(
      await watchSystem(
        (figures) => seen.push(figures),
        () => Promise.resolve('made'),
        1,
        1,
      ),
    ).toBe('made');
    await expect(
      watchSystem(
        (figures) => seen.push(figures),
        () => Promise.reject(new Error('it failed')),
        1,
        1,
      ),
    ).rejects.toThrow('it failed');
    await sleep(100);
    expect(seen).toEqual([]);
  });
});

describe.skipIf(because('an nvidia-smi of our own (it is a shell script)', process.platform === 'win32'))('those of GPUs', () => {
  /** A program of that name before all others; it notes each call. */
  const installed = (body: string): string => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\necho "$@" >> ${join(folder, 'calls')}\n${body}\n`);
    chmodSync(join(folder, 'nvidia-smi'), 0o755);
    process.env['PATH'] = `${folder}${delimiter}${path}`;
    return join(folder, 'calls');
  };

  it('are what nvidia-smi says', async () => {
    const calls = installed('echo "37, 1000, 81559"; echo "[N/A], [N/A], 40960"');
    const [first] = await seenUntil((seen) => seen.length > 0);
    expect(first?.gpus).toEqual([
      { percent: 37, usedBytes: 1000 * 2 ** 20, totalBytes: 81559 * 2 ** 20 },
      { percent: null, usedBytes: null, totalBytes: 40960 * 2 ** 20 },
    ]);
    expect(readFileSync(calls, 'utf8')).toMatch(/^--query-gpu=utilization\.gpu,memory\.used,memory\.total --format=csv,noheader,nounits$/m);
  });

  it('are absent where it does not answer, and it is not asked again', async () => {
    const calls = installed('echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver"; exit 9');
    const seen = await seenUntil(({ length }) => length >= 3);
    expect(seen.every((figures) => !('gpus' in figures))).toBe(true);
    expect(readFileSync(calls, 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });
});
