import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trackingServer, type TrackingServer } from '../../../src/tracking/mlflow/server.ts';
import { syncRun } from '../../../src/tracking/mlflow/sync.ts';
import { describeInBrowser, openBrowser, type Browser } from '../../helpers/chromium.ts';
import { freePort } from '../../helpers/free-port.ts';
import { describeMlflow, readRuns, startMlflow, type RealServer } from '../../helpers/mlflow-server.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { madeRun } from './journals.ts';

/** A server that starts, and pages of several megabytes of script, on a machine that has other work. */
const LONG = 120_000;

const EXPERIMENTS = [
  { name: 'linear', f1: 0.7 },
  { name: 'deep', f1: 0.8 },
];

/** For expressions in a page: waits until something is there, for a minute at most, and answers with it. */
const UNTIL = `const until = async (find) => {
  for (let tries = 0; tries < 600; tries += 1) { const found = find(); if (found) return found; await new Promise((go) => setTimeout(go, 100)); }
  throw new Error('it did not appear: ' + find + ' in ' + document.body.innerText);
};
const linked = (text) => [...document.querySelectorAll('.ag-cell a')].find((link) => link.textContent.trim() === text);`;

describeMlflow('MLflow’s own pages', () => {
  describeInBrowser('in a browser', (path) => {
    const folder = temporaryFolder();
    let server: RealServer;
    let browser: Browser;
    let runs: string;
    let linear: string;
    beforeAll(async () => {
      [server, browser] = await Promise.all([freePort().then((port) => startMlflow(join(folder, 'server'), port)), openBrowser(path)]);
      const command = { id: 'both', name: 'linear · deep', size: 2 };
      for (const each of EXPERIMENTS) {
        const { folder: run } = await madeRun(folder, { ...each, epochs: 6, looks: 9, command, set: ['tracking.mlflow.experiment=null'] });
        await syncRun(run, trackingServer(server.uri, {}, folder) as TrackingServer, { env: {}, signal: new AbortController().signal });
      }
      linear = (await readRuns(server.uri, command.name)).find(({ name }) => name === 'linear')?.id ?? '';
      runs = `${server.uri}/#/experiments/1/runs?workflowType=machine_learning`;
    }, LONG);
    afterAll(async () => {
      await browser?.close();
      await server?.end('SIGKILL');
    }, LONG);

    const look = async <T,>(address: string, expression: string): Promise<T> =>
      (await browser.look<T>(address, { width: 1800, scheme: 'light' }, `(async () => { ${UNTIL} ${expression} })()`)).result;

    test('have the experiments below their command and the folds below their experiments', { timeout: LONG }, async () => {
      const names = ['linear · deep', 'linear', 'deep', 'fold 0 · linear', 'fold 1 · linear', 'fold 0 · deep', 'fold 1 · deep'];
      const unfold = `for (const name of ['linear · deep', 'linear', 'deep']) (await until(() => linked(name))).closest('.ag-cell').querySelector('button').click();`;
      const read = `return Object.fromEntries(await until(() => {
        const rows = ${JSON.stringify(names)}.map((name) => [name, linked(name)]);
        return rows.every(([, link]) => link) && rows.map(([name, link]) => [name, Math.round(link.getBoundingClientRect().left)]);
      }));`;
      const left = await look<Record<string, number>>(runs, unfold + read);
      const [command = 0, experiment = 0, fold = 0] = names.filter((_, i) => [0, 1, 3].includes(i)).map((name) => left[name]);
      expect(command).toBeLessThan(experiment);
      expect(experiment).toBeLessThan(fold);
      expect(left).toEqual(Object.fromEntries(names.map((name, i) => [name, [command, experiment, fold][i === 0 ? 0 : i < 3 ? 1 : 2]])));
    });

    // The browser remembers which rows are unfolded; charts show those.
    test('draw the curves of the folds into one chart', { timeout: LONG }, async () => {
      const read = `const section = await until(() => [...document.querySelectorAll('*')].find((each) => each.children.length === 0 && /^val( \\(\\d+\\))?$/.test(each.textContent.trim())));
        section.scrollIntoView();
        const curves = () => [...document.querySelectorAll('.js-plotly-plot')]
          .map(({ data = [] }) => data.filter(({ metricKey }) => metricKey === 'val/f1_macro').map(({ name, y }) => [name, [...y]]))
          .map((named) => Object.fromEntries(named))
          .find((named) => Object.keys(named).length >= 4);
        return until(curves);`;
      const curves = await look<Record<string, readonly number[]>>(`${runs}&compareRunsMode=CHART`, read);
      const expected = EXPERIMENTS.flatMap(({ name, f1 }) =>
        [0, 1].map((fold) => [`fold ${fold} · ${name}`, [1, 2, 3, 4, 5, 6].map((epoch) => f1 + epoch / 100)]),
      );
      expect(curves).toEqual(Object.fromEntries(expected));
    });

    test('show what the run took of the machine on its page for that', { timeout: LONG }, async () => {
      const read = `const names = ['cpu_utilization_percentage', 'system_memory_usage_megabytes', 'gpu_0_utilization_percentage'];
        return until(() => names.every((name) => document.body.innerText.includes('system/' + name)) && document.querySelectorAll('.js-plotly-plot').length);`;
      expect(
        await look<number>(`${server.uri}/#/experiments/1/runs/${linear}/system-metrics?workflowType=machine_learning`, read),
      ).toBeGreaterThanOrEqual(3);
    });
  });
});
