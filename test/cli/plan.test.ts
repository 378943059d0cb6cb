import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExperimentPlan } from '../../src/runner/plan/index.ts';
import { readJournal } from '../helpers/journal.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

const artifacts = temporaryFolder();
const small = [
  'configs/quickstart.yaml',
  '--artifacts',
  artifacts,
  ...['split.folds=2', 'training.epochs=2', 'model.max_seq_length=32', 'resources.parallel_folds=1'].flatMap((value) => ['--set', value]),
];

describe('pipeline plan', () => {
  it('foretells the memory that the run takes to a quarter', async () => {
    const { plans } = JSON.parse((await pipeline(['plan', ...small, '--json'])).stdout) as { readonly plans: readonly ExperimentPlan[] };
    expect((await pipeline(['run', ...small])).code).toBe(0);
    const journal = readJournal(join(artifacts, 'runs', 'quickstart', 'journal.jsonl'));
    const peak = Math.max(...journal.map((entry) => (entry.type === 'task-finished' ? (entry.usage?.peakBytes ?? 0) : 0)));
    const ratio = (plans[0]?.estimate.peakBytes ?? NaN) / peak;
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.25);
  });

  it('estimates the rest, and says by which speeds', async () => {
    const { stdout, code } = await pipeline(['plan', ...small, '--force', 'train']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /train\[0] +to do +\w+ +\d+ MB +[\d.]+ s +30 steps: 2 epochs of 15 · 450 rows, validated on 450 · [\d,]+ tokens and \d+\.\d % padding/,
    );
    expect(stdout).toMatch(/2 folds of 2 epochs: 60 steps, [\d,]+ tokens and \d+\.\d % padding/);
    expect(stdout).toMatch(
      /estimate of the rest\n +\d+ MB of memory at most, in train\[\d]\n +[\d.]+ MB on disk, and up to [\d.]+ MB for checkpoints during training\n +[\d.]+ s, by speeds from the run quickstart/,
    );
    const unknown = await pipeline(['plan', ...small, '--set', 'training.batch_size=8']);
    expect(unknown.stdout).toContain('time unknown: nothing like it has run on this machine; --probe times a few batches');
  });

  it('says of a sweep what its members take, and all of them together', async () => {
    const { stdout, code } = await pipeline(['plan', 'configs/sweeps/quickstart-heads.yaml', '--artifacts', join(artifacts, 'none')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /4 experiments, each by itself\n +run +jobs to do +memory +disk +time\n +quickstart-heads\+dense=none\+lr=0\.0005 +13 +\d+ MB +[\d.]+ MB/,
    );
    // Examples, tokens, folds, findings and the baseline are shared.
    expect(stdout).toMatch(/together, shared stages counted once\n +37 jobs: 37 to run, 0 in the cache\n +\d+ MB on disk/);
  });
});
