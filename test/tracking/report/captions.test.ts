import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type TopLevelSpec } from 'vega-lite';
import { expect, test } from 'vitest';
import { runFigures } from '../../../src/tracking/report/run/figures.ts';
import { writeRunReport } from '../../../src/tracking/report/run/report.ts';
import { readRunStory } from '../../../src/tracking/report/run/story.ts';
import { twoClassRows, writeEvaluatedRun, type ScriptedRow } from '../../helpers/evaluated-run.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

async function pageOf(folder: string): Promise<string> {
  await writeRunReport(folder);
  return readFileSync(join(folder, 'report.html'), 'utf8');
}

const twoClasses = { name: 'run', classes: ['0', '1'] };

test('captions tell of folds’ lines only where they are drawn', async () => {
  const one = await pageOf(
    writeEvaluatedRun(temporaryFolder(), { ...twoClasses, rows: twoClassRows(60, 1, (row) => row % 5 === 0), scores: [[0.6, 0.8]] }),
  );
  expect(one).not.toMatch(/Thin: each fold|All folds share/);
  const two = await pageOf(
    writeEvaluatedRun(temporaryFolder(), {
      ...twoClasses,
      rows: twoClassRows(60, 2, (row) => row % 5 === 0),
      scores: [
        [0.6, 0.8],
        [0.7, 0.75],
      ],
    }),
  );
  expect(two).toMatch(/Thin: each fold.*/);
  expect(two).toContain('All folds share');
});

test('the limits of the machine are mentioned where the run comes near them', async () => {
  const rows = twoClassRows(60, 2, (row) => row % 5 === 0);
  const near = writeEvaluatedRun(temporaryFolder(), { ...twoClasses, rows, scores: [[0.6, 0.8], [0.7, 0.75]], looks: 20 });
  expect(await pageOf(near)).toContain('The dashed lines are what the machine has.');
  const story = await readRunStory(near);
  const looks = story.journal.looks.map(({ gpus: _, ...look }) => ({ ...look, cpuPercent: 10, memoryBytes: 1e6 }));
  const { timeSection } = await import('../../../src/tracking/report/run/facts.ts');
  const far = timeSection({ ...story, journal: { ...story.journal, looks } }, () => ({ markup: '<svg></svg>' })).markup;
  expect(far).toContain('looked at every ten seconds.');
  expect(far).not.toContain('dashed');
});

test('of more than eight classes the largest are drawn, and the caption says so', async () => {
  const classes = Array.from({ length: 11 }, (_, k) => `class ${k}`);
  const rows: readonly ScriptedRow[] = Array.from({ length: 110 }, (_, row) => ({
    text: `text ${row}`,
    target: classes[row % 11] ?? '',
    fold: row % 2,
    probabilities: classes.map((_name, k) => (k === row % 11 ? 0.5 : 0.05)),
    prediction: classes[row % 11] ?? '',
  }));
  expect(
    await pageOf(
      writeEvaluatedRun(temporaryFolder(), {
        name: 'many',
        classes,
        rows,
        scores: [
          [0.6, 0.8],
          [0.7, 0.75],
        ],
      }),
    ),
  ).toContain('The 8 classes with the most rows, each against all others.');
});

test('a hundred folds are one figure of learning curves, and the page stays small', async () => {
  const scores = Array.from({ length: 100 }, (_, fold) => [0.6 + 0.001 * fold, 0.8 - 0.0005 * fold]);
  const folder = writeEvaluatedRun(temporaryFolder(), { ...twoClasses, rows: twoClassRows(1000, 100, (row) => row % 5 === 0), scores });
  const page = await pageOf(folder);
  expect(page).toContain('100 folds: all epochs done.');
  expect(readdirSync(join(folder, 'figures')).filter((name) => name.startsWith('learning'))).toEqual([
    'learning-folds.png',
    'learning-folds.svg',
  ]);
  expect(statSync(join(folder, 'report.html')).size).toBeLessThan(600_000);
  const warnings: unknown[] = [];
  const heard = (...message: readonly unknown[]): unknown => warnings.push(message);
  const logger = { level: () => logger, error: heard, warn: heard, info: () => logger, debug: () => logger };
  for (const { spec } of runFigures(await readRunStory(folder))) compile(spec as unknown as TopLevelSpec, { logger: logger as never });
  expect(warnings).toEqual([]);
});
