import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/core/files.ts';
import { explained, isRefusal, naming } from '../../src/core/system-errors.ts';
import { because } from '../helpers/skips.ts';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return explained(error);
  }
  throw new Error('nothing was thrown');
}

describe('a refusal of the operating system', () => {
  it('names a directory where a file is needed', () => {
    expect(thrownBy(() => writeFileSync('/', ''))).toMatchObject({
      code: 'environment',
      message: '/: a directory is in the place of a file',
    });
  });

  it('names what stands in the place of a folder', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'refusals-')), 'file');
    writeFileSync(file, '');
    expect(thrownBy(() => mkdirSync(file, { recursive: true }))).toMatchObject({
      code: 'environment',
      message: `${file}: something else with that name exists`,
    });
  });

  it.skipIf(because('a working directory that is gone', process.platform === 'win32'))(
    'tells of a working directory that was deleted',
    () => {
      const gone = mkdtempSync(join(tmpdir(), 'refusals-'));
      const program = `process.chdir(process.argv[1]); require('fs').rmdirSync(process.argv[1]); try { process.cwd() } catch (error) { console.log(JSON.stringify({ ...error })) }`;
      const { code, syscall } = JSON.parse(
        execFileSync(process.execPath, ['-e', program, gone], { encoding: 'utf8' }),
      ) as NodeJS.ErrnoException;
      expect(
        thrownBy(() => {
          throw Object.assign(new Error('x'), { code, syscall });
        }),
      ).toMatchObject({ code: 'environment', message: 'the working directory is no longer there' });
    },
  );

  // Linux: /dev/full has no room, /proc takes no new files.
  it.skipIf(because('a full disk (it needs /dev/full)', !existsSync('/dev/full')))('tells of a full disk, and of which file', () => {
    const error = thrownBy(() => {
      const file = openSync('/dev/full', 'w');
      try {
        naming('/results/model.safetensors', () => writeSync(file, 'x'));
      } finally {
        closeSync(file);
      }
    });
    expect(error).toMatchObject({
      code: 'environment',
      message: '/results/model.safetensors: the disk is full',
      subject: '/results/model.safetensors',
    });
  });

  const isLacking = because('a folder that cannot be written to (it needs /sys/kernel)', !existsSync('/sys/kernel'));
  it.skipIf(isLacking)('tells of a folder that cannot be written to', () => {
    expect(thrownBy(() => writeFileAtomic('/sys/kernel/a.json', '{}'))).toMatchObject({
      code: 'environment',
      subject: expect.stringContaining('/sys/kernel/a.json') as string,
    });
  });

  it('leaves every other error as it is', () => {
    const defect = new TypeError('x is not a function');
    expect(explained(defect)).toBe(defect);
    expect(thrownBy(() => readSync(-1, Buffer.alloc(1)))).not.toMatchObject({ code: 'environment' });
    expect(thrownBy(() => writeFileSync('/nowhere/at/all', ''))).not.toMatchObject({ code: 'environment' });
  });
});

it('a refusal is known by its code alone', () => {
  const refused = (() => {
    try {
      return readFileSync(join(tmpdir(), 'ortrain', 'no such file'));
    } catch (error) {
      return error;
    }
  })();
  expect([isRefusal(refused, 'EACCES', 'ENOENT'), isRefusal(refused, 'EACCES'), isRefusal(new Error('ENOENT'), 'ENOENT')]).toEqual([true, false, false]);
});
