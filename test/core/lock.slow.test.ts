import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { signOf, workshopOf } from '../../src/core/lease.ts';
import { acquireLock, livingOwner } from '../../src/core/lock.ts';
import { fateOf, type Owner } from '../../src/core/owner.ts';
import { openCache } from '../../src/runner/cache/cache.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();
const own = ['--pid', '--uts', '--fork', '--mount-proc', '--kill-child'];
const source = (name: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/core/${name}.ts`, import.meta.url)));

/** Takes a lock and a lease in namespaces of its own, where it is called as this machine or otherwise, and keeps its thread busy then. */
function startInside(artifacts: string, path: string, hostname: string): ChildProcess {
  const program = `
    const { tryLock } = await import(${source('lock')});
    const { takeLease } = await import(${source('lease')});
    takeLease(${JSON.stringify(artifacts)}).keep();
    tryLock(${JSON.stringify(path)});
    setTimeout(() => { for (;;); }, 1000);
    console.log('has it');`;
  const inside = `${hostname === '' ? '' : `hostname ${hostname}; `}exec ${process.execPath} --import tsx --input-type=module -e "$PROGRAM"`;
  return spawn('unshare', [...own, 'sh', '-c', inside], {
    cwd: root,
    env: { ...process.env, PROGRAM: program },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const isRefused = because('process namespaces of one’s own need root and unshare(1)', spawnSync('unshare', [...own, 'true']).status !== 0);

it.skipIf(isRefused).each(['', 'elsewhere'])(
  'the lock of a process in other namespaces, called %j, is kept while it lives, and taken over half a minute after its death',
  { timeout: 180_000 },
  async (hostname) => {
    const artifacts = join(folder, `artifacts-${hostname}`);
    const path = join(artifacts, 'cache', 'locks', 'lock');
    const signs = (owner: Owner): readonly string[] => [signOf(artifacts, owner)];
    const child = startInside(artifacts, path, hostname);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const owner = livingOwner(path, signs);
    if (owner === undefined) throw new Error('nobody has the lock');
    expect(fateOf(owner)).toBe('unknown');

  const stop = new AbortController();
  setTimeout(() => stop.abort(), 40_000);
  await expect(acquireLock(path, stop.signal, () => {}, signs)).rejects.toMatchObject({ code: 'interrupted' });
  openCache(artifacts).clean();
  expect(existsSync(workshopOf(artifacts, owner))).toBe(true);

  const died = performance.now();
  child.kill('SIGKILL');
  const lock = await acquireLock(path, undefined, () => {}, signs);
  const seconds = (performance.now() - died) / 1000;
  expect(seconds).toBeGreaterThan(25);
  expect(seconds).toBeLessThan(60);
  openCache(artifacts).clean();
  expect(existsSync(workshopOf(artifacts, owner))).toBe(false);
  lock.release();
  expect(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replaceAll('-', '')).toContain(owner.boot);
});
