import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { root } from './quickstart.ts';

const requirements = readFileSync(join(root, 'tools/mlflow/requirements.txt'));

/** Where tools/mlflow/install.sh puts the environment. */
const environment = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'ortrain',
  `mlflow-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`,
);

/** The folder of its programs. */
export const mlflowBin = join(environment, 'bin');

/** Whether a real server can be started. */
export const hasMlflow = existsSync(join(environment, 'complete'));

/** `describe` for tests against a real MLflow server; where none is installed they are skipped, with the reason printed. */
export function describeMlflow(name: string, body: () => void): void {
  if (hasMlflow) return void describe(name, body);
  console.warn(`skipped: ${name} (needs an MLflow server; tools/mlflow/install.sh installs one in ${environment})`);
  describe.skip(name, () => it('needs an MLflow server', () => {}));
}

export interface RealServer {
  readonly uri: string;
  /** Ends it and its workers at once, as a crash would, or lets it end by itself. Settles when all of them are gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Starts a server on 127.0.0.1 with its database and artifacts in `folder`, and waits until it answers. */
export async function startMlflow(folder: string, port: number): Promise<RealServer> {
  mkdirSync(folder, { recursive: true });
  const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`, '--artifacts-destination', join(folder, 'artifacts')];
  const child = spawn(join(mlflowBin, 'mlflow'), ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...store], {
    cwd: folder,
    env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', MLFLOW_DISABLE_TELEMETRY: 'true' },
    detached: true,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const uri = `http://127.0.0.1:${port}`;
  const group = -(child.pid as number);
  const end: RealServer['end'] = async (signal) => {
    if (signal === 'SIGTERM') {
      child.kill(signal);
      await Promise.race([ended, sleep(10_000)]);
    }
    try {
      process.kill(group, 'SIGKILL');
    } catch {
      // All of them are gone.
    }
    await ended;
  };
  for (const until = performance.now() + 120_000; performance.now() < until; await sleep(100)) {
    const answer = await fetch(`${uri}/health`).catch(() => undefined);
    await answer?.text();
    if (answer?.ok === true) return { uri, end };
  }
  await end('SIGKILL');
  throw new Error('the MLflow server did not start within two minutes');
}

export interface ReadRun {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly endTime: number | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasets: readonly string[];
  /** Latest value of each metric. */
  readonly metrics: Readonly<Record<string, number | string>>;
}

interface WireRun {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string; readonly end_time?: number };
  readonly data: { readonly params?: readonly Pair[]; readonly tags?: readonly Pair[]; readonly metrics?: readonly Pair[] };
  readonly inputs?: { readonly dataset_inputs?: readonly { readonly dataset: { readonly name: string } }[] };
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Every run of an experiment, asked from the server itself. */
export async function readRuns(uri: string, experiment: string): Promise<readonly ReadRun[]> {
  const found = (await ask(
    `${uri}/api/2.0/mlflow/experiments/get-by-name?${new URLSearchParams({ experiment_name: experiment }).toString()}`,
  )) as { experiment: { experiment_id: string } };
  const { runs = [] } = (await ask(`${uri}/api/2.0/mlflow/runs/search`, {
    experiment_ids: [found.experiment.experiment_id],
    max_results: 1000,
  })) as { runs?: readonly WireRun[] };
  const record = (pairs: readonly Pair[] = []): Record<string, string> => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
  return runs.map(({ info, data, inputs }) => ({
    id: info.run_id,
    name: info.run_name,
    status: info.status,
    endTime: info.end_time,
    params: record(data.params),
    tags: record(data.tags),
    metrics: record(data.metrics),
    datasets: (inputs?.dataset_inputs ?? []).map(({ dataset }) => dataset.name),
  }));
}

/** Every row of a metric. */
export async function readHistory(
  uri: string,
  run: string,
  key: string,
): Promise<readonly { readonly value: number; readonly step: number; readonly timestamp: number }[]> {
  const query = new URLSearchParams({ run_id: run, metric_key: key, max_results: '25000' }).toString();
  const { metrics = [] } = (await ask(`${uri}/api/2.0/mlflow/metrics/get-history?${query}`)) as {
    metrics?: readonly { value: number; step: number; timestamp: number }[];
  };
  return metrics;
}

export async function readArtifacts(uri: string, run: string, path = ''): Promise<readonly string[]> {
  const { files = [] } = (await ask(`${uri}/api/2.0/mlflow/artifacts/list?${new URLSearchParams({ run_id: run, path }).toString()}`)) as {
    files?: readonly { path: string }[];
  };
  return files.map((file) => file.path);
}

async function ask(url: string, body?: object): Promise<unknown> {
  const answer = await fetch(
    url,
    body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}
