import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOutputFolder } from '../../src/core/output-folder.ts';
import { checkOutput, isStandardOutput, isTaken, writeOutput } from '../../src/core/outputs.ts';
import { explained } from '../../src/core/system-errors.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();
const at = (...names: readonly string[]): string => join(folder, ...names);
const onLinux = process.platform === 'linux';

/** A pipe, or a device of these numbers, under a name of the temporary folder: the machine's own must not be at stake. */
function node(name: string, ...kind: readonly string[]): string {
  execFileSync('mknod', [at(name), ...kind], { stdio: 'ignore' });
  return at(name);
}

const mayMakeDevices = ((): boolean => {
  try {
    return onLinux && lstatSync(node('device', 'c', '1', '3')).isCharacterDevice();
  } catch {
    return false;
  }
})();

describe('a file that a person names', () => {
  it('is replaced with its mode, and the links to it stay links', async () => {
    writeFileSync(at('old.csv'), 'old');
    chmodSync(at('old.csv'), 0o640);
    symlinkSync('old.csv', at('link.csv'));
    symlinkSync('link.csv', at('far.csv'));
    await writeOutput(at('far.csv'), 'new');
    expect(readFileSync(at('old.csv'), 'utf8')).toBe('new');
    expect(statSync(at('old.csv')).mode & 0o777).toBe(0o640);
    expect([readlinkSync(at('far.csv')), readlinkSync(at('link.csv'))]).toEqual(['link.csv', 'old.csv']);
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('comes into being where a link leads to nothing yet', async () => {
    symlinkSync(join('later', 'a.csv'), at('early.csv'));
    expect(isTaken(at('early.csv'))).toBe(false);
    await writeOutput(at('early.csv'), new Uint8Array([65]));
    expect(readFileSync(at('later', 'a.csv'), 'utf8')).toBe('A');
    expect(lstatSync(at('early.csv')).isSymbolicLink()).toBe(true);
    expect(isTaken(at('early.csv'))).toBe(true);
  });

  it.each([
    ['a folder', '', 'a directory'],
    ['a new folder', 'new/', 'a directory'],
    ['in a file', 'file/a.csv', 'not a directory'],
    ['deep in a file', 'file/a/b.csv', 'not a directory'],
    ['a circle of links', 'circle', 'circle'],
    ['a name too long', 'a'.repeat(300), 'too long'],
  ])('is refused where it is %s', async (_, name, reason) => {
    writeFileSync(at('file'), '');
    if (name === 'circle') symlinkSync('circle', at('circle'));
    const refusal = expect.objectContaining({ code: 'usage', message: expect.stringContaining(reason) as string }) as Error;
    expect(() => checkOutput(`${folder}/${name}`)).toThrow(refusal);
    await expect(writeOutput(`${folder}/${name}`, 'x')).rejects.toThrow(refusal);
  });

  it.skipIf(because('writing into /dev/fd', !onLinux))('is written into where this process has it open, after what is there', async () => {
    const file = openSync(at('open.txt'), 'w');
    writeSync(file, 'first, ');
    symlinkSync(`/proc/self/fd/${file}`, at('open-link'));
    await writeOutput(`/dev/fd/${file}`, 'then, ');
    await writeOutput(at('open-link'), 'at last');
    closeSync(file);
    expect(readFileSync(at('open.txt'), 'utf8')).toBe('first, then, at last');
    expect(readlinkSync(at('open-link'))).toBe(`/proc/self/fd/${file}`);
    await expect(writeOutput(`/dev/fd/${file}`, 'x')).rejects.toThrow();
  });

  it.skipIf(because('finding standard output', !onLinux))('is known as standard output by any name', () => {
    symlinkSync('/proc/self/fd/1', at('stdout'));
    expect([at('stdout'), '/dev/stdout', '/dev/fd/1', at('old.csv')].map(isStandardOutput)).toEqual([true, true, true, false]);
  });
});

describe.skipIf(because('named pipes', !onLinux))('a named pipe', () => {
  it('gets all of it, however slowly it is read, and stays a pipe', async () => {
    const pipe = node('pipe', 'p');
    const content = 'x'.repeat(1_000_000);
    const [read] = await Promise.all([readFile(pipe, 'utf8'), writeOutput(pipe, content)]);
    expect(read).toBe(content);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it('is waited for until the person stops it', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const writing = writeOutput(node('unread', 'p'), 'x', {
      signal: stop.signal,
      onWait: (message) => void (said.push(message), stop.abort()),
    });
    await expect(writing).rejects.toMatchObject({ code: 'interrupted' });
    expect(said).toEqual([`waiting for a reader of ${at('unread')}`]);
  });

  it('that is closed before its end is an error that names it', async () => {
    const pipe = node('left', 'p');
    const reader = openSync(pipe, 'r+');
    const writing = writeOutput(pipe, 'x'.repeat(1_000_000));
    setTimeout(() => closeSync(reader), 50);
    await expect(writing).rejects.toMatchObject({ code: 'environment', message: `whoever read ${pipe} stopped before its end` });
  });
});

describe.skipIf(because('devices of our own (only root may make them)', !mayMakeDevices))('a device', () => {
  it('is written into and stays a device', async () => {
    await writeOutput(at('device'), 'x');
    expect(lstatSync(at('device')).isCharacterDevice()).toBe(true);
  });

  it('without room is told as a full disk', async () => {
    const full = node('full', 'c', '1', '7');
    const error = explained(await writeOutput(full, 'x').catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'environment', message: `${full}: the disk is full` });
    expect(lstatSync(full).isCharacterDevice()).toBe(true);
  });
});

describe('a folder that a person names', () => {
  it('stays the one that it is, with its mode, where it is there and empty', () => {
    mkdirSync(at('empty'), { mode: 0o750 });
    symlinkSync('empty', at('to-empty'));
    const before = statSync(at('empty'));
    const { temporary, begin, commit, discard } = openOutputFolder(at('to-empty'));
    begin();
    writeFileSync(join(temporary, 'a'), 'a');
    expect(readdirSync(at('empty'))).not.toContain('a');
    commit();
    discard();
    expect(readdirSync(at('empty'))).toEqual(['a']);
    expect([statSync(at('empty')).ino, statSync(at('empty')).mode]).toEqual([before.ino, before.mode]);
    expect(() => openOutputFolder(at('to-empty'))).toThrow('there already, and not empty');
    expect(() => openOutputFolder(at('empty', 'a'))).toThrow('not a folder');
    expect(() => openOutputFolder(at('empty', 'a', 'b'))).toThrow('not a directory');
  });

  it('does not appear where the work fails', () => {
    const { temporary, begin, discard } = openOutputFolder(at('never'));
    begin();
    writeFileSync(join(temporary, 'a'), 'a');
    discard();
    expect(readdirSync(folder).filter((name) => /never|\.tmp$/.test(name))).toEqual([]);
  });
});
