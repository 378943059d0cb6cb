import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { fakeServer } from '../tracking/mlflow/fake-server.ts';
import { madeRun } from '../tracking/mlflow/journals.ts';
import { pipeline } from './bin.ts';

const artifacts = temporaryFolder();
const nowhere = { MLFLOW_TRACKING_URI: '' };

test('sync says so where no run asks for it', async () => {
  const { code, stdout } = await pipeline(['sync', '--artifacts', join(artifacts, 'none')], { env: nowhere });
  expect(code).toBe(0);
  expect(stdout).toContain('pipeline sync <run…>');
});

test('sync needs the address of a server, and says how to start one on a database', async () => {
  await madeRun(artifacts);
  const without = await pipeline(['sync', '--artifacts', artifacts], { env: nowhere });
  expect(without.code).toBe(2);
  expect(without.stderr).toContain('MLFLOW_TRACKING_URI');
  const database = await pipeline(['sync', 'made', '--artifacts', artifacts], { env: { MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' } });
  expect(database.code).toBe(2);
  expect(database.stderr).toContain('mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///mlflow.db');
});

test('sync and ui send what is missing to the configured server, and never show the password', async () => {
  const fake = await fakeServer();
  const { lines } = await madeRun(artifacts);
  const env = { MLFLOW_TRACKING_URI: fake.uri.replace('//', '//me:geheim@') };
  const synced = await pipeline(['sync', '--artifacts', artifacts, '--json'], { env });
  expect(synced.code, synced.stderr).toBe(0);
  expect(JSON.parse(synced.stdout)).toMatchObject({
    runs: [{ run: 'made', server: fake.uri, state: 'uploaded', entries: lines.length, rejected: 0 }],
  });
  const shown = await pipeline(['ui', '--artifacts', artifacts], { env });
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toContain(`made  nothing new       0  ${fake.uri}/#/experiments/1/runs/run1?workflowType=machine_learning`);
  expect(synced.stdout + synced.stderr + shown.stdout + shown.stderr).not.toContain('geheim');
  expect(fake.runs.size).toBe(3);
  await fake.close();
});

test('ui says the one command that brings MLflow where there is none, and shows the report instead', async () => {
  const { code, stderr } = await pipeline(['ui', '--artifacts', artifacts], { env: { ...nowhere, PATH: '' } });
  expect(code).toBe(1);
  expect(stderr).toContain('pip install mlflow');
  const report = join(artifacts, 'runs', 'made', 'report.html');
  writeFileSync(report, '');
  const instead = await pipeline(['ui', '--artifacts', artifacts], { env: { ...nowhere, PATH: '' } });
  rmSync(report);
  expect(instead).toMatchObject({ code: 0, stdout: `report: ${report}\n` });
  expect(instead.stderr).toContain('pip install mlflow');
  const wrong = await pipeline(['ui', '--port', 'many', '--artifacts', artifacts], { env: nowhere });
  expect(wrong.code).toBe(2);
});

test('ui says what the server said when it does not start', async () => {
  const bin = join(artifacts, 'bin');
  await madeRun(artifacts);
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'mlflow'),
    '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "Detected out-of-date database schema" >&2\nexit 1\n',
    { mode: 0o755 },
  );
  const { code, stderr } = await pipeline(['ui', '--artifacts', artifacts], { env: { ...nowhere, PATH: bin } });
  expect(code).toBe(1);
  expect(stderr).toContain('out-of-date database schema');
});
