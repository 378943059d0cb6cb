import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, type TopLevelSpec } from 'vega-lite';
import { compareRuns, type Comparison } from '../../../src/tracking/comparison/compare.ts';
import { comparisonFigures } from '../../../src/tracking/report/comparison/figures.ts';
import { writeComparisonReport } from '../../../src/tracking/report/comparison/report.ts';
import { placedRuns } from '../../../src/tracking/report/comparison/placed-runs.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../../../src/tracking/evaluated-run.ts';
import { severalRuns, twoClassRows, writeEvaluatedRun, type Scripted } from '../../helpers/evaluated-run.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

async function compared(folders: readonly string[]): Promise<{ readonly runs: readonly EvaluatedRun[]; readonly comparison: Comparison }> {
  const runs = await Promise.all(folders.map(readEvaluatedRun));
  return { runs, comparison: await compareRuns(runs) };
}

/** The first cells of a section's table, in their order. */
function firstCells(page: string, section: string): readonly string[] {
  const body = new RegExp(`<section id="${section}">.*?</section>`, 's').exec(page)?.[0] ?? '';
  return [...body.matchAll(/<tr><th>(.*?)<\/th>/g)].map(([, cell = '']) => cell.replace(/<[^>]*>/g, ''));
}

describe('the page of many runs', () => {
  const file = join(temporaryFolder(), 'pages/all.html');

  it('has them under each other, the best first, with their results over each parameter that differs', async () => {
    const { runs, comparison } = await compared(severalRuns(temporaryFolder(), 9));
    const files = await writeComparisonReport(file, comparison, runs);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('<h1>9 runs by val/f1_macro</h1>');
    // Of nine runs the fifth is the best, and the farther from it the worse.
    expect(comparison.ranking.order[0]).toBe(4);
    const best = comparison.ranking.order.map((run) => comparison.runs[run]?.replace('run-', ''));
    expect(firstCells(page, 'ranking').slice(1)).toEqual(best.map((_, place) => String(place + 1)));
    expect(firstCells(page, 'results').slice(1)).toEqual(best);
    expect(firstCells(page, 'folds').slice(1)).toEqual(best.slice(1));
    const names = [
      'ranking',
      'curves',
      'parameter-model.freeze_encoder',
      'parameter-model.head.dense',
      'parameter-training.optimizer.lr',
      'cost',
      'leads',
    ];
    expect(files.map((path) => basename(path))).toEqual(['all.html', ...names.flatMap((name) => [`${name}.svg`, `${name}.png`])]);
    expect(files.every((path) => existsSync(path))).toBe(true);
    expect(page.match(/<svg /g)?.length).toBe(names.length);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('says in a few words which the best one is sure to beat', async () => {
    const { comparison } = await compared(severalRuns(temporaryFolder(), 9));
    expect(comparison.verdict).toMatch(
      /^run-5 has the highest val\/f1_macro over the folds\. It is better than \d of the 8 others\. The closest is run-[46]: 0\.\d{4} \(95 % interval .*\)\. Its lead is within noise over .*run-[46].*\. The intervals and p values hold for all 8 comparisons together\.$/,
    );
    expect(comparison.verdict.length).toBeLessThan(400);
  });

  it('has captions that fit what is shown: of one fold without a spread, of two runs with the same score', async () => {
    const [root, rows] = [temporaryFolder(), twoClassRows(200, 1, (row) => row % 10 === 0)];
    const change =
      (lr: number): NonNullable<Scripted['change']> =>
      (of) => ({ ...of, training: { ...of.training, optimizer: { ...of.training.optimizer, lr } } });
    const folders = ['a', 'b', 'c'].map((name, i) =>
      writeEvaluatedRun(root, { name, classes: ['0', '1'], rows, scores: [[name === 'c' ? 0.7 : 0.8]], change: change(0.1 ** (i + 2)) }),
    );
    const { runs, comparison } = await compared(folders);
    await writeComparisonReport(file, comparison, runs);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('a and 1 other have the highest');
    expect(page).toContain('The 2 best, whose score is the same, stand out.');
    expect(page).toContain('cv: of the one fold that was trained.');
    expect(page).not.toContain('standard deviation');
  });

  it('is there for runs that cannot be paired or have no result, too', async () => {
    const folders = severalRuns(temporaryFolder(), 4);
    const other = writeEvaluatedRun(temporaryFolder(), {
      name: 'other',
      classes: ['0', '1'],
      rows: twoClassRows(60, 3, () => false),
      scores: [[0.9], [0.95], [0.97]],
    });
    const { runs } = await compared([...folders, other]);
    const all = [{ ...runs[0]!, name: 'nothing', metrics: null }, ...runs];
    const comparison = await compareRuns(all);
    await writeComparisonReport(file, comparison, all);
    const page = readFileSync(file, 'utf8');
    expect(firstCells(page, 'results')[1]).toBe('other');
    expect(firstCells(page, 'results').at(-1)).toBe('nothing');
    expect(firstCells(page, 'folds')).toEqual([]);
    expect(page).toContain(
      'run-1 and other were trained on different data. Scores on different rows say nothing about which run is better, so none is marked.',
    );
    expect(page).not.toContain('<b>');
  });

  it('stays small with more runs than anybody reads, and leaves them all in a table beside it', async () => {
    const { runs, comparison } = await compared(severalRuns(temporaryFolder(), 130));
    const path = join(temporaryFolder(), 'pages', 'crowd.html');
    const files = await writeComparisonReport(path, comparison, runs);
    const page = readFileSync(path, 'utf8');
    expect(page.length).toBeLessThan(350_000);
    expect(firstCells(page, 'ranking')).toHaveLength(101);
    expect(firstCells(page, 'results')).toHaveLength(21);
    expect(page).toContain('The first 100 of 130 runs; <a href="crowd-runs.csv">');
    expect(page).toContain('The best 40 of 130.');
    expect(files).toContain(path.replace('.html', '-runs.csv'));
    const table = readFileSync(path.replace('.html', '-runs.csv'), 'utf8').trim().split('\n');
    expect(table).toHaveLength(131);
    expect(table[0]).toMatch(/^place,run,model\.freeze_encoder,.*,oof\/accuracy,.*,training_seconds$/);
    expect(table[1]).toMatch(/^1,run-66,/);
  });

  it('of a sweep has its title, its links and the members that have no result', async () => {
    const folders = severalRuns(temporaryFolder(), 4);
    writeFileSync(join(folders[0] ?? '', 'report.html'), 'a report');
    const { runs, comparison } = await compared(folders);
    const path = join(temporaryFolder(), 'sweeps', 'rates', 'report.html');
    await writeComparisonReport(path, comparison, runs, {
      name: 'rates',
      base: 'configs/quickstart.yaml',
      without: [{ label: 'training.optimizer.lr: 1e+30', reason: 'the loss <was> not finite' }],
    });
    const page = readFileSync(path, 'utf8');
    expect(page).toContain('<h1>rates</h1>');
    expect(page).toMatch(/sweep of 5 experiments on configs\/quickstart\.yaml by val\/f1_macro · 1 without a result · \d+ s of training/);
    const links = [...page.matchAll(/href="([^"#]*report\.html)"/g)].map(([, link = '']) =>
      resolve(dirname(path), decodeURIComponent(link)),
    );
    expect(links.length).toBeGreaterThan(0);
    expect(links.every((link) => link === join(folders[0] ?? '', 'report.html') && existsSync(link))).toBe(true);
    expect(page).toContain('<dt>training.optimizer.lr: 1e+30</dt><dd>the loss &lt;was&gt; not finite</dd>');
    expect(page).toContain(`<div class="answer"><p>${comparison.verdict}</p></div>`);
  });

  it.each([2, 3, 9])('is made of figures that Vega-Lite takes without a warning: %i runs', async (size) => {
    const { runs, comparison } = await compared(severalRuns(temporaryFolder(), size));
    const warnings: unknown[] = [];
    const heard = (...message: readonly unknown[]): unknown => warnings.push(message);
    const logger = { level: () => logger, error: heard, warn: heard, info: () => logger, debug: () => logger };
    for (const { spec } of comparisonFigures(comparison, placedRuns(comparison, runs, '/')))
      compile(spec as unknown as TopLevelSpec, { logger: logger as never });
    expect(warnings).toEqual([]);
  });
});
