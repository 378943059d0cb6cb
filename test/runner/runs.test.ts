import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, readRun } from '../../src/runner/index.ts';
import { twoClassRows, writeEvaluatedRun } from '../helpers/evaluated-run.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();
const rows = twoClassRows(24, 2, (row) => row % 5 === 0);
const sound = writeEvaluatedRun(artifacts, { name: 'sound', classes: ['0', '1'], rows, scores: [[0.6], [0.7]] });

test.each([
  ['config.yaml', 'name: [half of a'],
  ['metrics.json', '{"classes": 3}'],
  ['journal.jsonl', 'no journal\nat all\n'],
])('a damaged %s hides no other run, and the run itself is refused with the place', (file, content) => {
  const name = `damaged-${file.split('.')[0]}`;
  cpSync(sound, join(artifacts, 'runs', name), { recursive: true });
  writeFileSync(join(artifacts, 'runs', name, file), content);
  const listed = Object.fromEntries(listRuns(artifacts).map((run) => [run.name, run]));
  expect(listed[name]?.status).toBe('damaged');
  expect(listed['sound']).toMatchObject({ status: 'running', metrics: { classes: ['0', '1'] } });
  if (file !== 'journal.jsonl') expect(() => readRun(artifacts, name)).toThrow(file);
});

test('a run tells how many of its folds are trained, whether it has been evaluated or not', () => {
  const into = temporaryFolder();
  const folds = (): unknown => listRuns(into).map(({ trainedFolds, experiment }) => [trainedFolds, experiment?.split.folds]);
  const folder = writeEvaluatedRun(into, { name: 'one', classes: ['0', '1'], rows, scores: [[0.6]], change: (experiment) => ({ ...experiment, split: { ...experiment.split, folds: 5, only: [0] } }) });
  expect(folds()).toEqual([[1, 5]]);
  rmSync(join(folder, 'metrics.json'));
  expect(folds()).toEqual([[0, 5]]);
  for (const fold of [0, 3]) mkdirSync(join(folder, 'models', `fold-${fold}`), { recursive: true });
  expect(folds()).toEqual([[2, 5]]);
  expect(readRun(into, 'one').trainedFolds).toBe(2);
});
