import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { acquireLock, livingOwner, tryLock, type Lock } from '../../src/core/lock.ts';
import { fateOf, ownerName, parseOwner, thisProcess, type Owner } from '../../src/core/owner.ts';
import { isAlive } from '../../src/core/signs.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const source = (name: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/core/${name}.ts`, import.meta.url)));

/** Runs a program as a process of its own. */
function start(program: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, said, ended };
}

describe('a process', () => {
  it('is known by its name again, by the one of earlier versions, too', () => {
    expect(parseOwner(ownerName(thisProcess()))).toEqual(thisProcess());
    const older: Owner = { pid: 12, started: '345', host: 'a-host.of-mine' };
    expect(ownerName(older)).toBe('12-345-a-host.of-mine');
    expect(parseOwner('12-345-a-host.of-mine')).toEqual(older);
    for (const other of ['state.json', '', '1', '1-2', '1-2@3@h', 'x-2-h', '1-2@g.3@h', '99999999999999999999-1-h'])
      expect(parseOwner(other), other).toBeUndefined();
  });

  it('lives until it ends, and a later one with its number is another', () => {
    const own = thisProcess();
    expect(fateOf(own)).toBe(own.started === '' ? 'unknown' : 'alive');
    expect(fateOf({ ...own, pid: 2 ** 22 + 1 })).toBe('dead');
    if (own.started !== '') expect(fateOf({ ...own, started: '1' })).toBe('dead');
  });

  it('of another machine, container, start of the system or version is known by its signs alone', () => {
    const own = { ...thisProcess(), pid: 2 ** 22 + 1 };
    const { boot: _b, namespace: _n, ...older } = own;
    const others = {
      host: { ...own, host: 'elsewhere' },
      boot: { ...own, boot: '0123456789ab' },
      namespace: { ...own, namespace: '1' },
      older,
    };
    for (const [what, owner] of Object.entries(others)) {
      const sign = join(folder, `sign-of-${what}`);
      expect(fateOf(owner), what).toBe('unknown');
      expect(isAlive(owner, [sign]), what).toBe(false);
      writeFileSync(sign, '');
      expect(isAlive(owner, [sign]), what).toBe(true);
      age(sign, 31);
      expect(isAlive(owner, [sign]), what).toBe(false);
      age(sign, -31);
      expect(isAlive(owner, [sign]), what).toBe(false);
    }
  });
});

/** Makes a file as old as that by the clock of its file system. */
function age(path: string, seconds: number): void {
  writeFileSync(`${path}.now`, '.');
  const now = statSync(`${path}.now`).mtimeMs / 1000;
  rmSync(`${path}.now`);
  utimesSync(path, now - seconds, now - seconds);
}

/** Puts a lock there as its owner would have. */
function lockOf(path: string, name: string, seconds: number): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, name), '');
  age(join(path, name), seconds);
}

const lock = (path: string, signal?: AbortSignal, signs?: () => readonly string[]): Promise<Lock> =>
  acquireLock(path, signal, () => {}, signs);

describe('a lock', () => {
  it('is had by one, then by the other', async () => {
    const path = join(folder, 'one', 'lock');
    const first = tryLock(path);
    expect(tryLock(path)).toEqual(thisProcess());
    const second = lock(path);
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

  it('of a process elsewhere is waited for as long as it gives signs of life, and for 30 s after the last', async () => {
    const away = { ...thisProcess(), host: 'elsewhere' };
    const names = [ownerName(away), `${ownerName(away)}~01234567`, '12-345-elsewhere', 'a name of a later version'];
    const waits = names.map(async (name, i) => {
      const [path, sign] = [join(folder, `away-${i}`), join(folder, `away-${i}.sign`)];
      lockOf(path, name, 100);
      writeFileSync(sign, '');
      age(sign, 28);
      const began = performance.now();
      const taken = await lock(path, undefined, () => [sign]);
      expect(taken.isHeld()).toBe(true);
      taken.release();
      return (performance.now() - began) / 1000;
    });
    const seconds = await Promise.all(waits);
    // 2 s are left of the 30, and it is looked on for 3 more.
    expect(Math.min(...seconds)).toBeGreaterThan(4.5);
    expect(Math.max(...seconds)).toBeLessThan(15);
  });

  it('that is a file, or a folder in a folder, is nobody’s', async () => {
    writeFileSync(join(folder, 'file'), 'no lock');
    (await lock(join(folder, 'file'))).release();
    lockOf(join(folder, 'deep'), ownerName({ ...thisProcess(), pid: 2 ** 22 + 1 }), 0);
    rmSync(join(folder, 'deep', ownerName({ ...thisProcess(), pid: 2 ** 22 + 1 })));
    mkdirSync(join(folder, 'deep', ownerName({ ...thisProcess(), pid: 2 ** 22 + 1 }), 'below'), { recursive: true });
    (await lock(join(folder, 'deep'))).release();
    expect(existsSync(join(folder, 'deep'))).toBe(false);
  });

  it('is known to be lost by a process that was suspended, once another has it', async () => {
    const [path, said] = [join(folder, 'suspended'), join(folder, 'held')];
    const program = `
      import { writeFileSync } from 'node:fs';
      const { tryLock } = await import(${source('lock')});
      const lock = tryLock(${JSON.stringify(path)});
      console.log('has it');
      setInterval(() => writeFileSync(${JSON.stringify(said)}, String(lock.isHeld())), 20);`;
    const { child, said: started, ended } = start(program);
    await started;
    expect(fateOf(livingOwner(path) ?? thisProcess())).toBe('alive');
    child.kill('SIGSTOP');
    for (const name of readdirSync(path)) age(join(path, name), 31);
    await expect.poll(() => livingOwner(path)).toBeUndefined();
    const own = await lock(path);
    rmSync(said, { force: true });
    child.kill('SIGCONT');
    await expect.poll(() => existsSync(said) && readFileSync(said, 'utf8')).toBe('false');
    expect(own.isHeld()).toBe(true);
    own.release();
    child.kill('SIGKILL');
    await ended;
  });

  it('of a process that was killed is taken over', async () => {
    const path = join(folder, 'three');
    const { child, said, ended } = start(
      `const { tryLock } = await import(${source('lock')}); tryLock(${JSON.stringify(path)}); console.log('has it'); setInterval(() => {}, 1000);`,
    );
    await said;
    expect(livingOwner(path)?.pid).toBe(child.pid);
    child.kill('SIGKILL');
    await ended;
    (await lock(path)).release();
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
