import { cpSync, writeFileSync } from 'node:fs';
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
