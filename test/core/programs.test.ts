import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findProgram, gitState } from '../../src/core/programs.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();
const home = process.cwd();
afterEach(() => process.chdir(home));

/** A program that leaves a trace where it was started. */
function trap(path: string): string {
  writeFileSync(path, `#!/bin/sh\necho $0 >> ${join(folder, 'sprung')}\nexit 1\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(because('git', findProgram('git') === undefined))('the state of a stranger’s repository', () => {
  it('is told without carrying out anything of it', () => {
    const repository = join(folder, 'repository');
    mkdirSync(join(repository, 'node_modules', '.bin'), { recursive: true });
    const git = (...words: readonly string[]): string =>
      execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=a', ...words], { cwd: repository, encoding: 'utf8' });
    git('init', '--quiet');
    for (const name of ['train.csv', 'other.csv']) writeFileSync(join(repository, name), 'text,target\n');
    git('add', '.');
    git('commit', '--quiet', '--message', 'x');
    const commit = git('rev-parse', 'HEAD').trim();
    process.chdir(repository);
    expect(gitState(process.cwd())).toEqual({ commit, dirty: false });

    for (const key of [
      'core.fsmonitor',
      'filter.x.clean',
      'filter.x.process',
      'filter.x.smudge',
      'diff.external',
      'core.pager',
      'core.sshCommand',
    ])
      git('config', key, trap(join(repository, `${key}.sh`)));
    git('config', 'filter.x.required', 'true');
    git('config', 'filter.a=b.clean', trap(join(repository, 'filter-with-a-sign.sh')));
    for (const hook of ['post-index-change', 'pre-commit']) trap(join(repository, '.git', 'hooks', hook));
    writeFileSync(join(repository, '.gitattributes'), '* filter=x\nother.csv filter=a=b\n');
    // As long as before, so that git has to filter them to know whether they differ.
    for (const name of ['train.csv', 'other.csv']) writeFileSync(join(repository, name), 'target,text\n');
    for (const place of ['', join('node_modules', '.bin')]) trap(join(repository, place, 'git'));
    const path = process.env['PATH'];
    process.env['PATH'] = ['.', '', join(repository, 'node_modules', '.bin'), path].join(':');
    try {
      expect(gitState(process.cwd())).toEqual({ commit, dirty: true });
    } finally {
      process.env['PATH'] = path;
    }
    expect(existsSync(join(folder, 'sprung')) ? readFileSync(join(folder, 'sprung'), 'utf8') : '').toBe('');
    // The trap is one: git itself falls into it.
    expect(() => git('status')).toThrow('filter');
    expect(readFileSync(join(folder, 'sprung'), 'utf8')).toMatch(/fsmonitor[^]*filter/);
  });

  it('is unknown outside of one', () => {
    process.chdir(folder);
    expect(gitState(process.cwd())).toBeNull();
  });
});

describe('a program', () => {
  it('is found in folders of PATH, but in none that is relative or of a package', () => {
    const bin = join(folder, 'bin');
    const packages = join(folder, 'node_modules', '.bin');
    for (const place of [bin, packages]) mkdirSync(place, { recursive: true });
    trap(join(packages, 'tool'));
    process.chdir(bin);
    expect(findProgram('tool', { PATH: `.::bin:${packages}` })).toBeUndefined();
    mkdirSync(join(bin, 'folder'));
    writeFileSync(join(bin, 'plain'), '');
    expect([findProgram('folder', { PATH: bin }), findProgram('plain', { PATH: bin }), findProgram('tool', {})]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    trap(join(bin, 'tool'));
    expect(findProgram('tool', { PATH: `${packages}:${bin}` })).toBe(join(bin, 'tool'));
  });
});
