import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bin } from '../cli/bin.ts';
import { haveBegun, operations, results, resultsOfOneProcess, smallSweep, start, until, workerPids } from '../helpers/launched-sweep.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const sweep = smallSweep(folder);
let expected: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  expected = await resultsOfOneProcess(sweep, join(folder, 'one'));
}, 180_000);

/** Shifts the clock of a process, as far as it asks for the time. */
const LATE = 'data:text/javascript,const now = Date.now; Date.now = () => now() - 600_000;';

const killed = (pids: readonly number[]): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
};

describe('workers of this machine', () => {
  it('two that are killed, and the command with them, lose nothing, and another command with one of a wrong clock goes on', async () => {
    const artifacts = join(folder, 'killed');
    const first = start(['sweep', sweep, '--artifacts', artifacts, '--launch', 'local', '--workers', '2']);
    await until(() => haveBegun(artifacts, 2), first);
    first.child.kill('SIGKILL');
    killed(workerPids(artifacts));
    await first.ended;
    const before = operations(artifacts).filter(({ type }) => type === 'done').length;

    const own = start(['worker', '--artifacts', artifacts, '--threads', '1', '--idle', '20'], { NODE_OPTIONS: `--import "${LATE}"` });
    const again = start(['sweep', sweep, '--artifacts', artifacts, '--launch', 'local', '--workers', '1']);
    const other = start(['sweep', sweep, '--artifacts', artifacts, '--launch', 'local', '--workers', '1']);
    expect([await again.ended, await other.ended], `${again.text()}\n${other.text()}`).toEqual([0, 0]);
    expect(await own.ended, own.text()).toBe(0);
    expect(results(artifacts)).toEqual(expected);

    const done = operations(artifacts).flatMap((operation) => (operation.type === 'done' ? [operation] : []));
    const made = done.filter((operation) => (operation as { readonly isMade?: boolean }).isMade === true).map(({ job }) => job);
    expect(new Set(made).size).toBe(made.length);
    expect(done.length).toBeGreaterThan(before);
  });

  it('one whose disk is full gives its job back and ends, and another does it', async () => {
    const artifacts = join(folder, 'full');
    mkdirSync(artifacts);
    const limited = `ulimit -f 40; exec "$0" "$@"`;
    const command = start(['sweep', sweep, '--artifacts', artifacts, '--launch', 'local', '--workers', '1']);
    await until(() => haveBegun(artifacts, 1), command);
    const full = spawnSync('sh', ['-c', limited, process.execPath, bin, 'worker', '--artifacts', artifacts, '--threads', '1'], {
      encoding: 'utf8',
    });
    expect(await command.ended, command.text()).toBe(0);
    expect(full.status, full.stderr).toBe(1);
    expect(full.stderr).toContain('the file would be larger than files may be here');
    expect(results(artifacts)).toEqual(expected);
  });
});
