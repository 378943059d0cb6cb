import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { acquireLock, ownerOf, tryLock } from '../../src/core/lock.ts';
import { isAlive, ownerName, parseOwner, thisProcess } from '../../src/core/owner.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const source = (name: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/core/${name}.ts`, import.meta.url)));

/** Runs a program as a process of its own. */
function start(program: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const said = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, said, ended };
}

describe('a process', () => {
  it('is known by its name again', () => {
    expect(parseOwner(ownerName(thisProcess()))).toEqual(thisProcess());
    expect(parseOwner('state.json')).toBeUndefined();
  });

  it('lives until it ends, and a later one with its number is another', () => {
    const own = thisProcess();
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
    if (own.started !== '') expect(isAlive({ ...own, started: '1' })).toBe(false);
    expect(isAlive({ ...own, pid: 2 ** 22 + 1, host: 'elsewhere' })).toBe(true);
  });
});

describe('a lock', () => {
  it('is had by one, then by the other', async () => {
    const path = join(folder, 'one', 'lock');
    const first = tryLock(path);
    expect(tryLock(path)).toEqual(thisProcess());
    const second = acquireLock(path, undefined, () => {});
    if ('release' in first) first.release();
    (await second).release();
    expect(readdirSync(join(folder, 'one'))).toEqual([]);
  });

  it('names its owner to who waits, once, and stops waiting when asked', async () => {
    const path = join(folder, 'two');
    tryLock(path);
    const stop = new AbortController();
    const owners: number[] = [];
    const waiting = acquireLock(path, stop.signal, ({ pid }) => owners.push(pid));
    setTimeout(() => stop.abort(), 250);
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    expect(owners).toEqual([process.pid]);
  });

  it('of a process that was killed is taken over', async () => {
    const path = join(folder, 'three');
    const { child, said, ended } = start(`const { tryLock } = await import(${source('lock')}); tryLock(${JSON.stringify(path)}); console.log('has it'); setInterval(() => {}, 1000);`);
    await said;
    expect(ownerOf(path)?.pid).toBe(child.pid);
    child.kill('SIGKILL');
    await ended;
    (await acquireLock(path, undefined, () => {})).release();
    expect(existsSync(path)).toBe(false);
  });

  it('is never had by two of four processes that find it dead', async () => {
    const path = join(folder, 'four');
    const counter = join(folder, 'counter');
    writeFileSync(counter, '0');
    mkdirSync(path);
    writeFileSync(join(path, ownerName({ ...thisProcess(), pid: 2 ** 22 + 1 })), '');
    // Without the lock, reading and writing with a pause between them would lose counts.
    const program = `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      const { acquireLock } = await import(${source('lock')});
      for (let i = 0; i < 5; i += 1) {
        const lock = await acquireLock(${JSON.stringify(path)}, undefined, () => {});
        const count = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
        await sleep(5);
        writeFileSync(${JSON.stringify(counter)}, String(count + 1));
        lock.release();
      }`;
    const codes = await Promise.all(Array.from({ length: 4 }, () => start(program).ended));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('20');
  });
});
