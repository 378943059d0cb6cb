import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.ts';
import { compareRuns } from '../../../src/tracking/comparison/compare.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { readRun } from '../../../src/runner/stored/index.ts';
import { writeComparisonReport } from '../../../src/tracking/report/comparison/report.ts';
import { writeRunReport } from '../../../src/tracking/report/run/report.ts';
import { readEvaluatedRun } from '../../../src/tracking/evaluated-run.ts';
import { describeInBrowser, openBrowser, type Browser, type Look } from '../../helpers/chromium.ts';
import { severalRuns, twoClassRows, writeEvaluatedRun } from '../../helpers/evaluated-run.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

const artifacts = temporaryFolder();
const LOOKS: readonly Look[] = [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  // What is left of A4 between its margins.
  { width: 718, scheme: 'light', media: 'print' },
];

/** What a reader would miss or trip over. */
const LOOK_AROUND = `(() => {
  const figures = [...document.querySelectorAll('figure svg')];
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  return {
    figures: figures.length,
    empty: figures.filter((svg) => svg.getBoundingClientRect().height < 40 || svg.querySelectorAll('path, rect, line').length < 3).length,
    overflow: document.documentElement.scrollWidth - innerWidth,
    repeatedIds: ids.length - new Set(ids).size,
    ground: getComputedStyle(document.body).backgroundColor,
    label: getComputedStyle(document.querySelector('figure svg text')).fill,
  };
})()`;

interface Found {
  readonly figures: number;
  readonly empty: number;
  readonly overflow: number;
  readonly repeatedIds: number;
  readonly ground: string;
  readonly label: string;
}

async function run(...set: readonly string[]): Promise<string> {
  const { folder, files } = await runExperiment(await smallQuickstart(...set), { artifacts, device: 'auto' }, () => {});
  expect(files).toContain(join(folder, 'report.html'));
  return folder;
}

describe('a small run', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await run();
  });

  it('leaves a report with its measured time and memory, and draws it once', async () => {
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('aria-label="Tokens of the training texts, cut at 32"');
    expect(page).toMatch(/<th>train\[1\]<\/th><td>[\d.]+ s<\/td>.*<td>[\d.]+ [MG]B<\/td>/);
    const drawnAt = statSync(join(folder, 'report.html')).mtimeMs;
    await runExperiment(await smallQuickstart(), { artifacts, device: 'auto' }, () => {});
    expect(statSync(join(folder, 'report.html')).mtimeMs).toBe(drawnAt);
  });

  it('is a good run though its report cannot be drawn', async () => {
    const blocked = await run('name=blocked');
    rmSync(join(blocked, 'report.html'));
    rmSync(join(blocked, 'figures', 'confusion.svg'));
    mkdirSync(join(blocked, 'figures', 'confusion.svg', 'a folder where the figure should be'), { recursive: true });
    const events: RunEvent[] = [];
    const { metrics } = await runExperiment(await smallQuickstart('name=blocked'), { artifacts, device: 'auto' }, (event) =>
      events.push(event),
    );
    expect(metrics).not.toBeNull();
    expect(events.at(-2)).toMatchObject({
      type: 'task-event',
      task: 'report',
      event: { type: 'notice', level: 'warning', message: expect.stringMatching(/^the report could not be drawn: /) },
    });
    expect(events.at(-1)).toMatchObject({ type: 'run-finished' });
  });
});

describeInBrowser('in a browser', (path) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(path);
  });
  afterAll(async () => browser.close());

  async function expectCalm(file: string, figures: number): Promise<void> {
    for (const look of LOOKS) {
      const { complaints, requests, result } = await browser.look<Found>(file, look, LOOK_AROUND);
      expect(complaints).toEqual([]);
      expect(requests.length).toBe(1);
      expect(result).toMatchObject({ figures, empty: 0, overflow: 0, repeatedIds: 0 });
      const [ground, label] =
        look.scheme === 'light' ? ['rgb(255, 255, 255)', 'rgb(102, 112, 127)'] : ['rgb(21, 24, 29)', 'rgb(152, 162, 177)'];
      expect(result.ground).toBe(ground);
      expect([label, look.scheme === 'light' ? 'rgb(31, 39, 51)' : 'rgb(228, 232, 238)']).toContain(result.label);
    }
  }

  it('the report of a run has every figure, light and dark, wide and narrow', async () => {
    await expectCalm(join(artifacts, 'runs/quickstart/report.html'), 2 + 6);
  });

  it('so has a comparison', async () => {
    await run('model.head.dense=[8]', 'name=deeper');
    const runs = ['quickstart', 'deeper'].map((name) => readRun(artifacts, name));
    const file = join(artifacts, 'reports/two.html');
    await writeComparisonReport(file, await compareRuns(runs), runs);
    await expectCalm(file, 3);
  });

  it('so has one of many runs', async () => {
    const runs = await Promise.all(severalRuns(temporaryFolder(), 20).map(readEvaluatedRun));
    const file = join(artifacts, 'reports/many.html');
    await writeComparisonReport(file, await compareRuns(runs), runs);
    // The ranking, the curves, three parameters, the cost, the leads.
    await expectCalm(file, 7);
  });

  it('and one with all that a run can have: looks at the machine, findings in the data', async () => {
    const folder = writeEvaluatedRun(temporaryFolder(), {
      name: 'all',
      classes: ['0', '1'],
      rows: twoClassRows(200, 2, (row) => row % 9 === 0),
      scores: [
        [0.6, 0.8],
        [0.7, 0.75],
      ],
      looks: 400,
    });
    const long = 'https://a.place/'.repeat(30);
    const finding = {
      severity: 'warning',
      code: 'duplicate-texts',
      message: `3 rows hold ${long}`,
      count: 3,
      examples: [{ table: 'train', rows: [1, 2, 3], text: long }],
      remedy: 'Remove two of them.',
    };
    writeFileSync(join(folder, 'findings.json'), JSON.stringify({ findings: [finding] }));
    await writeRunReport(folder);
    await expectCalm(join(folder, 'report.html'), 2 + 5 + 1);
  });
});
