import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { columnOf, readTable } from '../../src/data/tables/table.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { evaluateTable } from '../../src/runner/models/index.ts';
import { readRun } from '../../src/runner/stored/index.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();
const lines = readFileSync(join(root, 'configs/quickstart/train.csv'), 'utf8').split('\n').filter((row) => !row.includes('"')).slice(1);

/** Rows of the quickstart with how sure somebody was of each of three classes. */
function table(name: string, rows: readonly string[]): string {
  const path = join(artifacts, `${name}.csv`);
  const soft = rows.map((row, i) => {
    const [id, , text, target] = row.split(',');
    const sure = 0.6 + (i % 3) / 10;
    const [calm, alarm] = target === '0' ? [sure, 0.9 - sure] : [0.9 - sure, sure];
    return [id, text, calm.toFixed(2), alarm.toFixed(2), '0.10'].join();
  });
  writeFileSync(path, ['id,text,calm,alarm,unsure', ...soft].join('\n'));
  return path;
}

it('probabilities of classes are learned, measured, predicted, submitted and evaluated', async () => {
  const [train, test, sample] = [table('train', lines.slice(0, 96)), table('test', lines.slice(96, 120)), join(artifacts, 'sample.csv')];
  const ids = columnOf(await readTable(test), 'id') ?? [];
  writeFileSync(sample, ['id,p_unsure,p_calm,p_alarm', ...ids.map((id) => `${id},0.2,0.3,0.5`)].join('\n'));
  const set = [`data={ train: ${train}, test: ${test}, sample_submission: ${sample}, id: id, text: text, target: [calm, alarm, unsure] }`];
  const loaded = await smallQuickstart(...set, 'name=soft', 'training.best_model={ monitor: val/log_loss, mode: min }', 'model.max_seq_length=16');
  const { folder, metrics } = await runExperiment(loaded, { artifacts, device: 'cpu' }, () => {});

  const oof = await readTable(join(folder, 'oof.csv'));
  const numbers = (name: string): readonly number[] => (columnOf(oof, name) ?? []).map(Number);
  const classes = ['calm', 'alarm', 'unsure'];
  expect(oof.columns).toEqual(['id', 'fold', ...classes.map((name) => `target_${name}`), ...classes.map((name) => `probability_${name}`), 'prediction']);
  const loss = classes.reduce((sum, name) => {
    const q = numbers(`probability_${name}`);
    return sum - numbers(`target_${name}`).reduce((all, share, row) => all + share * Math.log(q[row]!), 0) / q.length;
  }, 0);
  expect(metrics?.oof['oof/log_loss']).toBeCloseTo(loss, 9);
  expect(metrics?.oof['oof/loss']).toBeCloseTo(loss, 9);
  expect(Object.keys(metrics?.baseline ?? {})).toContain('baseline/oof/log_loss');

  const [predicted, submitted] = [await readTable(join(folder, 'predictions.csv')), await readTable(join(folder, 'submission.csv'))];
  for (const name of classes) expect(columnOf(submitted, `p_${name}`)).toEqual(columnOf(predicted, `probability_${name}`));
  const run = readRun(artifacts, 'soft');
  const evaluation = await evaluateTable(run, { path: test }, { threads: 1 }, () => {});
  expect(evaluation.metrics['loss']?.value).toBeCloseTo(metrics?.test?.['test/loss'] ?? NaN, 9);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('Its class is the most probable one of its target.');
});
