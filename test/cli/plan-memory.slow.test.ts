import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ExperimentPlan } from '../../src/runner/plan/index.ts';
import { readJournal } from '../helpers/journal.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

const MINUTES = 60_000;

/** The forecast and the measurement of a run's peak memory, in bytes, with batches of so many padded texts. */
async function peaks(batch: number): Promise<{ readonly planned: number; readonly measured: number }> {
  const artifacts = temporaryFolder();
  const settings = [
    `training.batch_size=${batch}`,
    'training.padding=max',
    'training.epochs=1',
    'split.only=[0]',
    'resources.parallel_folds=1',
  ];
  const given = ['configs/quickstart.yaml', '--artifacts', artifacts, ...settings.flatMap((value) => ['--set', value])];
  const { plans } = JSON.parse((await pipeline(['plan', ...given, '--json'])).stdout) as { readonly plans: readonly ExperimentPlan[] };
  const { code, stderr } = await pipeline(['run', ...given, '--quiet']);
  expect(code, stderr).toBe(0);
  const journal = readJournal(join(artifacts, 'runs', 'quickstart', 'journal.jsonl'));
  const measured = Math.max(...journal.map((entry) => (entry.type === 'task-finished' ? (entry.usage?.peakBytes ?? 0) : 0)));
  return { planned: plans[0]?.estimate.peakBytes ?? NaN, measured };
}

it('foretells the memory of activations, which all but a fraction of a larger batch is', async () => {
  const [small, large] = [await peaks(16), await peaks(512)];
  const grown = large.measured - small.measured;
  expect(grown).toBeGreaterThan(300e6);
  expect((large.planned - small.planned) / grown).toBeGreaterThan(0.75);
  expect((large.planned - small.planned) / grown).toBeLessThan(1.25);
}, 5 * MINUTES);
