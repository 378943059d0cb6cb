import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { runExperiment, type RunResult } from '../../src/runner/index.ts';
import { exportRun } from '../../src/runner/exports/index.ts';
import { predictTexts } from '../../src/runner/models/index.ts';
import { modelFolders } from '../../src/runner/models/predict.ts';
import { deletionOf, readRun } from '../../src/runner/stored/index.ts';
import { columnOf, readTable } from '../../src/data/tables/table.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();
const table = join(artifacts, 'train.csv');
const rows = readFileSync(join(root, 'configs/quickstart/train.csv'), 'utf8').split('\n').filter((row) => !row.includes('"'));
writeFileSync(table, `${rows.slice(0, 97).join('\n')}\n`);

const SET = [`data.train=${table}`, 'training.epochs=2', 'model.max_seq_length=16', 'training.batch_size=24'];

async function run(...set: readonly string[]): Promise<RunResult & { readonly made: readonly string[] }> {
  const made: string[] = [];
  const listen = (event: RunEvent): void => void (event.type === 'task-finished' && made.push(event.task));
  return { ...(await runExperiment(await smallQuickstart(...SET, ...set), { artifacts, device: 'cpu' }, listen)), made };
}

async function numbers(folder: string, file: string): Promise<readonly number[]> {
  return (columnOf(await readTable(join(folder, file)), 'probability') ?? []).map(Number);
}

it('another seed trains only its own models, and predictions are the means over the seeds', async () => {
  const [one, two] = [await run('name=one', 'training.seeds=[1]'), await run('name=two', 'training.seeds=[2]')];
  const both = await run('name=both', 'training.seeds=[1, 2]');
  expect(both.made).toEqual(['evaluate', 'predict', 'submit']);
  expect(readdirSync(join(both.folder, 'models')).sort()).toEqual(['fold-0-seed-1', 'fold-0-seed-2', 'fold-1-seed-1', 'fold-1-seed-2']);
  for (const file of ['oof.csv', 'predictions.csv']) {
    const [a, b, mean] = await Promise.all([one, two, both].map(({ folder }) => numbers(folder, file)));
    expect(a).not.toEqual(b);
    mean!.forEach((value, i) => expect(value).toBeCloseTo((a![i]! + b![i]!) / 2, 12));
  }
  expect(both.metrics?.seeds?.map(({ seed, cv, oof }) => ({ seed, cv, oof }))).toEqual([
    { seed: 1, cv: one.metrics?.cv, oof: one.metrics?.oof },
    { seed: 2, cv: two.metrics?.cv, oof: two.metrics?.oof },
  ]);
  expect(readFileSync(join(both.folder, 'report.html'), 'utf8')).toContain('Each fold was trained with 2 seeds');

  const stored = readRun(artifacts, 'both');
  expect([stored.trainedFolds, modelFolders(stored).length]).toEqual([2, 4]);
  const texts = columnOf(await readTable(join(root, 'configs/quickstart/test.csv')), 'text') ?? [];
  const { predictions } = await predictTexts(stored, texts, {}, () => {});
  expect([...predictions.numbers]).toEqual(await numbers(both.folder, 'predictions.csv'));
  const exported = await exportRun(stored, { to: join(artifacts, 'hf'), format: 'huggingface', alsoIn: [], fold: 1, seed: 2 }, () => {});
  expect(exported).toMatchObject({ fold: 1, seed: 2, files: [{ rows: 48 }] });
  await expect(exportRun(stored, { to: join(artifacts, 'x'), format: 'onnx', alsoIn: [], seed: 3 }, () => {})).rejects.toMatchObject({
    message: 'run both has no seed 3',
    remedy: 'Its seeds are 1, 2.',
  });
  expect(deletionOf(artifacts, ['both']).items.map(({ stage }) => stage)).toEqual(['evaluate', 'predict', 'submit']);
});

it('a model of all rows is trained for the mean of the best epochs, and predicts as prediction.models says', async () => {
  const set = ['split.strategy=repeated-stratified-kfold', 'training.refit=true'];
  const folds = await run('name=refitted', ...set);
  expect(folds.made.filter((id) => /^(train|refit)/.test(id))).toEqual(['train[0]', 'train[1]', 'train[2]', 'train[3]', 'refit']);
  expect(readdirSync(join(folds.folder, 'models')).sort()).toEqual(['all', 'fold-0', 'fold-1', 'fold-2', 'fold-3']);
  expect(await numbers(folds.folder, 'oof.csv')).toHaveLength(96);
  const [all, both] = [await run('name=all', ...set, 'prediction.models=all'), await run('name=both-kinds', ...set, 'prediction.models=both')];
  expect([all.made, both.made]).toEqual([['predict', 'submit'], ['predict', 'submit']]);
  const [a, b, c] = await Promise.all([folds, all, both].map(({ folder }) => numbers(folder, 'predictions.csv')));
  c!.forEach((value, i) => expect(value).toBeCloseTo((4 * a![i]! + b![i]!) / 5, 12));
  expect(b).not.toEqual(a);
});
