import { closeSync, existsSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/core/files.ts';
import { explained, naming } from '../../src/core/system-errors.ts';

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
    expect(thrownBy(() => writeFileSync('/', ''))).toMatchObject({ code: 'environment', message: '/: a directory stands where a file is needed' });
  });

  // Linux: /dev/full has no room, /proc takes no new files.
  it.runIf(existsSync('/dev/full'))('tells of a full disk, and of which file', () => {
    const error = thrownBy(() => {
      const file = openSync('/dev/full', 'w');
      try {
        naming('/results/model.safetensors', () => writeSync(file, 'x'));
      } finally {
        closeSync(file);
      }
    });
    expect(error).toMatchObject({ code: 'environment', message: '/results/model.safetensors: the disk is full', subject: '/results/model.safetensors' });
  });

  it.runIf(existsSync('/sys/kernel'))('tells of a folder that cannot be written to', () => {
    expect(thrownBy(() => writeFileAtomic('/sys/kernel/a.json', '{}'))).toMatchObject({ code: 'environment', subject: expect.stringContaining('/sys/kernel/a.json') as string });
  });

  it('leaves every other error as it is', () => {
    const defect = new TypeError('x is not a function');
    expect(explained(defect)).toBe(defect);
    expect(thrownBy(() => readSync(-1, Buffer.alloc(1)))).not.toMatchObject({ code: 'environment' });
    expect(thrownBy(() => writeFileSync('/nowhere/at/all', ''))).not.toMatchObject({ code: 'environment' });
  });
});
