import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runExperiment, type RunResult } from '../../src/runner/index.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();
const [header = '', ...lines] = readFileSync(join(root, 'configs/quickstart/train.csv'), 'utf8').split('\n').filter((row) => !row.includes('"'));

/** The first rows of the quickstart, each with a weight. */
function table(name: string, weightOf: (row: number) => string): string {
  const path = join(artifacts, `${name}.csv`);
  writeFileSync(path, [`${header},weight`, ...lines.slice(0, 96).map((line, row) => `${line},${weightOf(row)}`)].join('\n'));
  return path;
}

const SET = ['data.test=null', 'data.sample_submission=null', 'training.epochs=2', 'model.max_seq_length=16', 'training.batch_size=24'];
const WEIGHTED = ['data.weight=weight', 'training.micro_batch=10', 'training.refit=true', 'training.seeds=[1]'];

async function run(train: string, ...set: readonly string[]): Promise<RunResult> {
  return runExperiment(await smallQuickstart(...SET, `data.train=${train}`, ...set), { artifacts, device: 'cpu' }, () => {});
}

it('weights that are all the same change nothing, and others change models and baseline, in parts of batches too', async () => {
  const [even, uneven] = [table('even', () => '3'), table('uneven', (row) => String(row % 4))];
  const [plain, same] = [await run(even, 'name=plain', ...WEIGHTED.slice(1)), await run(even, 'name=same', ...WEIGHTED)];
  const other = await run(uneven, 'name=other', ...WEIGHTED);
  const lossOf = ({ metrics }: RunResult): number => metrics?.oof['oof/loss'] ?? NaN;
  const baselineOf = ({ metrics }: RunResult): number => metrics?.baseline?.['baseline/oof/loss'] ?? NaN;
  expect(lossOf(same)).toBeCloseTo(lossOf(plain), 6);
  expect(baselineOf(same)).toBe(baselineOf(plain));
  expect(Math.abs(lossOf(other) - lossOf(plain))).toBeGreaterThan(1e-4);
  expect(Math.abs(baselineOf(other) - baselineOf(plain))).toBeGreaterThan(1e-4);
});
