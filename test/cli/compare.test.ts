import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { severalRuns, twoClassRows, writeEvaluatedRun } from '../helpers/evaluated-run.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

const artifacts = temporaryFolder();
const rows = twoClassRows(60, 2, (row) => row % 10 === 0);
for (const [name, scores] of [
  ['one', [[0.8], [0.82]]],
  ['two', [[0.79], [0.83]]],
] as const)
  writeEvaluatedRun(artifacts, { name, classes: ['0', '1'], rows, scores });

test('a comparison ends in a sentence and, where asked for, on a page', async () => {
  const file = join(artifacts, 'pages/both.html');
  const { code, stdout } = await pipeline(['compare', 'one', 'two', '--artifacts', artifacts, '--report', file]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/cv\/f1_macro +0\.8100 ± 0\.0141 \(0\.\d{4} to 1\.\d{4}\)/);
  expect(stdout).toContain('Within noise: one and two have the same mean val/f1_macro.');
  expect(stdout).toContain('both.html');
  const page = readFileSync(file, 'utf8');
  expect(page).toContain('Within noise: one and two have the same mean val/f1_macro.');
  expect(page.match(/<svg /g)?.length).toBe(3);
});

test('the same as JSON is one document', async () => {
  const { stdout } = await pipeline(['compare', 'one', 'two', '--artifacts', artifacts, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    runs: ['one', 'two'],
    pairing: { paired: true, metric: 'val/f1_macro' },
    verdict: expect.stringContaining('Within noise'),
  });
});

test('many runs stand below each other, the best first', async () => {
  const many = temporaryFolder();
  severalRuns(many, 7);
  const { stdout } = await pipeline(['compare', ...[1, 2, 3, 4, 5, 6, 7].map((i) => `run-${i}`), '--artifacts', many]);
  const lines = stdout.split('\n');
  const header = lines.findIndex((line) => line.trim().startsWith('run '));
  expect(lines[header]).toMatch(
    /run +model\.freeze_encoder +model\.head\.dense +training\.optimizer\.lr +cv\/f1_macro +oof\/accuracy +oof\/f1_macro/,
  );
  const [best, ...others] = lines.slice(header + 1, header + 8).map((line) => line.trim());
  expect(best).toMatch(/^run-4 +false +\[\] +\S+ +0\.\d{4} ± 0\.\d{4} \(0\.\d{4} to 0\.\d{4}\) \*/);
  const means = [best, ...others].map((line) => Number(/(0\.\d{4}) ±/.exec(line ?? '')?.[1]));
  expect(means).toEqual(means.toSorted((a, b) => b - a));
});

test('a page is not written over a file of another kind', async () => {
  const { code, stderr } = await pipeline(['compare', 'one', 'two', '--artifacts', artifacts, '--report', join(artifacts, 'notes.md')]);
  expect(code).toBe(2);
  expect(stderr).toContain('its name must end in .html');
});
