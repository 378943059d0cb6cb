import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunDiff } from '../../src/tracking/comparison/diff.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

const folder = temporaryFolder();
const [here, there] = [join(folder, 'here'), join(folder, 'there')];
const run = join('runs', 'quickstart');
const small = ['split.folds=2', 'training.epochs=1', 'resources.threads=1', 'model.max_seq_length=16'].flatMap((value) => ['--set', value]);

describe('a run carried out again from its own configuration', () => {
  it('gives the same bytes, which `pipeline diff` says', async () => {
    expect((await pipeline(['run', 'configs/quickstart.yaml', ...small, '--artifacts', here])).code).toBe(0);
    // Another artifacts folder, so that nothing comes from the cache.
    expect((await pipeline(['run', join(here, run, 'config.yaml'), '--artifacts', there])).stdout).toContain('10 of 10 jobs ran');
    const { stdout, code } = await pipeline(['diff', join(here, run), join(there, run), '--json']);
    const { parameters, data, environment, results, why } = JSON.parse(stdout) as RunDiff;
    expect(code).toBe(0);
    expect([parameters, data, Object.keys(environment)]).toEqual([{}, {}, ['commandLine']]);
    const models = ['models/fold-0/model.safetensors', 'models/fold-1/model.safetensors'];
    expect(results.map(({ path, same }) => [path, same])).toEqual(
      ['folds.csv', 'oof.csv', 'predictions.csv', 'submission.csv', ...models].map((path) => [path, true]),
    );
    expect(why).toEqual(['every result that both have is the same to the byte']);
  });

  it('shows side by side what another seed changes, and why', async () => {
    const other = join(folder, 'other');
    expect(
      (await pipeline(['run', join(here, run, 'config.yaml'), '--set', 'seed=1', '--until', 'split', '--artifacts', other])).code,
    ).toBe(0);
    const { stdout, code } = await pipeline(['diff', 'quickstart', join(other, run), '--artifacts', here]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^configuration\n +quickstart +quickstart\n +seed +42 +1$/m);
    expect(stdout).toMatch(/^data, by SHA-256\n +the same$/m);
    expect(stdout).toMatch(/^results, by SHA-256\n.*\n +folds\.csv +[0-9a-f]{10} +[0-9a-f]{10}\n +oof\.csv +[0-9a-f]{10} +–/m);
    expect(stdout).toMatch(/^why\n +only one of them has oof\.csv, .*\n +folds\.csv differs\n +the configuration is another: seed/m);
  });

  it('says of changed files, from which it tells figures and surroundings, that no run left them so', async () => {
    for (const name of ['metrics.json', 'environment.json']) {
      const path = join(there, run, name);
      const { atime, mtime } = statSync(path);
      writeFileSync(path, readFileSync(path, 'utf8').replace(/(?<=\d\.\d)\d/, (digit) => (digit === '1' ? '2' : '1')));
      utimesSync(path, atime, mtime);
    }
    const { stdout } = await pipeline(['diff', join(here, run), join(there, run), '--json']);
    expect((JSON.parse(stdout) as RunDiff).why).toEqual(
      expect.arrayContaining(
        ['environment.json', 'metrics.json'].map((name) => `${name} of quickstart was changed after the run wrote it`),
      ),
    );
  });
});
