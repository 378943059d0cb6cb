import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bin, root } from '../cli/bin.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();

/** A name space of its own, in which whoever asks may mount; containers and other systems often forbid it. */
const OWN_MOUNTS = ['unshare', '-r', '-m', 'sh', '-c'] as const;

function refusalToMount(): string | undefined {
  const probe = join(folder, 'probe');
  mkdirSync(probe);
  const [command, ...args] = OWN_MOUNTS;
  const { status, stderr, error } = spawnSync(command, [...args, `mount -t tmpfs -o size=64k tmpfs ${probe}`], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

const refusal = refusalToMount();

const SET = [
  'split.only=[0]',
  'split.folds=2',
  'training.epochs=1',
  'resources.threads=1',
  'model.max_seq_length=16',
  'resources.checkpoint_seconds=0',
  'baseline=false',
]
  .map((value) => `--set '${value}'`)
  .join(' ');

/** Runs a small experiment on a disk of the given size, and again after the disk has grown. */
function runTwice(name: string, size: string): readonly { readonly code: number; readonly text: string }[] {
  const disk = join(folder, name);
  mkdirSync(disk);
  const run = `"${process.execPath}" "${bin}" run configs/quickstart.yaml ${SET} --artifacts "${disk}" 2>&1; echo "code $?"`;
  const script = `mount -t tmpfs -o size=${size} tmpfs "${disk}" && ${run}; mount -o remount,size=400m "${disk}" && ${run}`;
  const [command, ...args] = OWN_MOUNTS;
  const output = execFileSync(command, [...args, script], { cwd: root, encoding: 'utf8' });
  return [...output.matchAll(/(.*?)^code (\d+)$/gms)].map(([, text = '', code]) => ({ code: Number(code), text }));
}

describe.skipIf(because(`a full disk (it needs a mount, which is refused here: ${refusal})`, refusal !== undefined))('a full disk', () => {
  it.each([
    ['at the start', '32k', /^error: .*\/at-the-start\/.*: the disk is full$/m, / 8 of 8 jobs ran/],
    [
      'while a checkpoint is written',
      '1500k',
      /^error: .*\/cache\/partial\/train\/.*\.safetensors: the disk is full$/m,
      / 4 of 8 jobs ran, 4 from the cache/,
    ],
  ])('%s is named, and the next start goes on from what was complete', { timeout: 120_000 }, (when, size, message, end) => {
    const [full, again] = runTwice(when.replaceAll(' ', '-'), size);
    expect(full?.code, full?.text).toBe(1);
    expect(full?.text).toMatch(message);
    expect(full?.text).toContain('what to do: Free some space');
    expect(again?.code, again?.text).toBe(0);
    expect(again?.text).toMatch(end);
  });
});

describe.skipIf(because('a file that may grow no further (it needs ulimit)', process.platform === 'win32'))(
  'a file that may grow no further',
  () => {
    it('is named, too', { timeout: 60_000 }, () => {
      const run = `"${process.execPath}" "${bin}" run configs/quickstart.yaml ${SET} --artifacts "${join(folder, 'limited')}"`;
      const { status, stderr } = spawnSync('sh', ['-c', `ulimit -f 600 && ${run}`], { cwd: root, encoding: 'utf8' });
      expect(status, stderr).toBe(1);
      expect(stderr).toMatch(/\.safetensors: the file would be larger than files may be here$/m);
    });
  },
);
