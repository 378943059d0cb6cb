import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A run as the fake has stored it. Metric rows are a set, keyed by key, timestamp, step and value, as in MLflow's database. */
export interface FakeRun {
  readonly id: string;
  readonly experiment: string;
  name: string;
  status: string;
  startTime: number;
  endTime: number | undefined;
  readonly metrics: Set<string>;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly datasets: Map<string, string>;
  readonly artifacts: Map<string, Buffer>;
  isDeleted: boolean;
}

/** What happens to a request instead of an answer, or after the work is done (`lost`: done, but the answer never arrives). */
export type Fault =
  'lost' | 'cut' | 'hang' | { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> };

export interface FakeServer {
  readonly uri: string;
  readonly runs: Map<string, FakeRun>;
  readonly experiments: Map<string, { readonly id: string; stage: string; readonly tags?: Map<string, string> }>;
  /** Such as `POST runs/log-batch`, in order; those that a fault met too. */
  readonly requests: string[];
  /** Values that the real server would have stored half-filled, answering 200. There shall be none. */
  readonly corrupted: string[];
  /** Most requests at work at the same time. */
  readonly busiest: () => number;
  fault: (request: string, count: number, body: string) => Fault | undefined;
  headers: (headers: IncomingMessage['headers']) => void;
  close(): Promise<void>;
}

/**
 * The part of MLflow 3.17's tracking API that is used here, with its traps: batch limits, keys, values of the wrong type answered 200, null
 * for NaN, params that never change, rows as a set, conflicts between writes at once, hosts it does not know, and errors in three forms.
 */
export async function fakeServer(
  options: { readonly port?: number; readonly allowedHosts?: readonly string[]; readonly prefix?: string } = {},
): Promise<FakeServer> {
  const runs = new Map<string, FakeRun>();
  const experiments = new Map<string, { readonly id: string; stage: string; readonly tags?: Map<string, string> }>();
  const requests: string[] = [];
  const corrupted: string[] = [];
  const writing = new Map<string, number>();
  let [atWork, busiest] = [0, 0];
  const fake: Pick<FakeServer, 'fault' | 'headers'> = { fault: () => undefined, headers: () => {} };

  const server = createServer((request, response) => {
    atWork += 1;
    busiest = Math.max(busiest, atWork);
    void answer(request, response).finally(() => (atWork -= 1));
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://fake');
    const path = url.pathname.replace(options.prefix ?? '', '').replace(/^\/(api|ajax-api)\/2\.0\//, '').replace(/^mlflow\//, '');
    const name = `${request.method ?? ''} ${path}`;
    requests.push(name);
    fake.headers(request.headers);
    const body = Buffer.concat(chunks);
    const fault = fake.fault(name, requests.length, body.toString('utf8'));
    if (fault === 'hang') return;
    if (fault === 'cut') return void request.socket.destroy();
    if (typeof fault === 'object') return void response.writeHead(fault.status, fault.headers).end(fault.body);
    const [status, answered] = isAllowed(request.headers.host)
      ? await carryOut(name, url, body)
      : [403, 'Invalid Host header - possible DNS rebinding attack detected'];
    if (fault === 'lost') return void request.socket.destroy();
    response
      .writeHead(status, { 'content-type': typeof answered === 'string' ? 'text/plain' : 'application/json' })
      .end(typeof answered === 'string' ? answered : JSON.stringify(answered));
  };

  const isAllowed = (host: string | undefined): boolean =>
    options.allowedHosts === undefined || options.allowedHosts.includes((host ?? '').replace(/:\d+$/, ''));

  const carryOut = async (name: string, url: URL, body: Buffer): Promise<readonly [number, object | string]> => {
    if (!url.pathname.startsWith(options.prefix ?? '')) return [404, '<!doctype html><title>404 Not Found</title>'];
    if (name.startsWith('PUT mlflow-artifacts/artifacts/'))
      return putArtifact(decodeURIComponent(name.split('/artifacts/').slice(1).join('/artifacts/')), body);
    const sent = name.startsWith('GET')
      ? Object.fromEntries(url.searchParams)
      : (JSON.parse(body.toString('utf8')) as Record<string, unknown>);
    switch (name.replace(/^\w+ /, '')) {
      case 'experiments/get-by-name': {
        const found = experiments.get(String(sent['experiment_name']));
        return found === undefined
          ? error(404, 'RESOURCE_DOES_NOT_EXIST')
          : [
              200,
              {
                experiment: {
                  experiment_id: found.id,
                  name: sent['experiment_name'],
                  lifecycle_stage: found.stage,
                  ...(found.tags === undefined ? {} : { tags: pairsOf(found.tags) }),
                },
              },
            ];
      }
      case 'experiments/create': {
        if (experiments.has(String(sent['name']))) return error(400, 'RESOURCE_ALREADY_EXISTS');
        experiments.set(String(sent['name']), { id: String(experiments.size + 1), stage: 'active', tags: tagsIn(sent['tags']) });
        return [200, { experiment_id: String(experiments.size) }];
      }
      case 'experiments/set-experiment-tag': {
        const found = [...experiments.values()].find(({ id }) => id === sent['experiment_id']);
        found?.tags?.set(String(sent['key']), String(sent['value']));
        return found === undefined ? error(404, 'RESOURCE_DOES_NOT_EXIST') : [200, {}];
      }
      case 'runs/create':
        return createRun(sent);
      case 'runs/get': {
        const run = runs.get(String(sent['run_id']));
        return run === undefined ? error(404, 'RESOURCE_DOES_NOT_EXIST') : [200, { run: shown(run) }];
      }
      case 'runs/search':
        return [200, search(sent)];
      case 'runs/update':
        return withRun(sent, (run) => updateRun(run, sent));
      case 'runs/log-batch':
        return withRun(sent, (run) => logBatch(run, sent));
      case 'runs/log-inputs':
        return withRun(sent, (run) => logInputs(run, sent));
      default:
        return [404, '<!doctype html><html lang=en><title>404 Not Found</title>'];
    }
  };

  /** A write while another of the same run is at work meets a constraint of the database. */
  const withRun = async (
    sent: Record<string, unknown>,
    work: (run: FakeRun) => readonly [number, object | string],
  ): Promise<readonly [number, object | string]> => {
    const id = String(sent['run_id'] ?? '');
    const run = runs.get(id);
    if (run === undefined) return error(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
    if (run.isDeleted)
      return error(400, 'INVALID_PARAMETER_VALUE', `The run ${id} must be in the 'active' state. Current state is deleted.`);
    writing.set(id, (writing.get(id) ?? 0) + 1);
    await new Promise((resolve) => setImmediate(resolve));
    const isConflict = (writing.get(id) ?? 0) > 1;
    writing.set(id, (writing.get(id) ?? 1) - 1);
    return isConflict
      ? error(400, 'BAD_REQUEST', '(sqlite3.IntegrityError) UNIQUE constraint failed: params.key, params.run_uuid')
      : work(run);
  };

  const createRun = (sent: Record<string, unknown>): readonly [number, object] => {
    const experiment = [...experiments.values()].find(({ id }) => id === sent['experiment_id']);
    if (experiment?.stage !== 'active') return error(400, 'INVALID_PARAMETER_VALUE', `The experiment must be in the 'active' state.`);
    const start = sent['start_time'];
    if (!isInteger(start)) corrupted.push(`start_time ${JSON.stringify(start)}`);
    const id = `run${runs.size + 1}`;
    const tags = new Map(
      (sent['tags'] as readonly { key: string; value: unknown }[]).map(({ key, value }) => [key, textOr(value, `tag ${key}`)]),
    );
    const run: FakeRun = {
      ...{
        id,
        experiment: experiment.id,
        name: String(sent['run_name']),
        status: 'RUNNING',
        startTime: isInteger(start) ? start : 0,
        endTime: undefined,
        isDeleted: false,
      },
      ...{
        metrics: new Set<string>(),
        params: new Map<string, string>(),
        tags,
        datasets: new Map<string, string>(),
        artifacts: new Map<string, Buffer>(),
      },
    };
    runs.set(id, run);
    return [200, { run: shown(run) }];
  };

  const updateRun = (run: FakeRun, sent: Record<string, unknown>): readonly [number, object] => {
    if (sent['status'] !== undefined) run.status = String(sent['status']);
    const end = sent['end_time'];
    if (end !== undefined && !isInteger(end)) corrupted.push(`end_time ${JSON.stringify(end)}`);
    if (isInteger(end)) run.endTime = end;
    return [200, { run_info: shown(run).info }];
  };

  const logBatch = (run: FakeRun, sent: Record<string, unknown>): readonly [number, object] => {
    const [metrics, params, tags] = ['metrics', 'params', 'tags'].map(
      (name) => (sent[name] ?? []) as readonly Record<string, unknown>[],
    ) as [readonly Record<string, unknown>[], readonly Record<string, unknown>[], readonly Record<string, unknown>[]];
    if (metrics.length > 1000 || params.length > 100 || tags.length > 100 || metrics.length + params.length + tags.length > 1000)
      return error(400, 'INVALID_PARAMETER_VALUE', 'A batch logging request can contain at most 1000 …');
    for (const { key } of [...metrics, ...params, ...tags])
      if (!isGoodKey(String(key))) return error(400, 'INVALID_PARAMETER_VALUE', `Invalid name: ${JSON.stringify(key)}`);
    if (metrics.some(({ value }) => value === null)) return error(400, 'INVALID_PARAMETER_VALUE', 'Missing value for required parameter');
    if (new Set(params.map(({ key }) => key)).size < params.length)
      return error(400, 'INVALID_PARAMETER_VALUE', 'Duplicate parameter keys have been submitted');
    for (const { key, value } of params) {
      const before = run.params.get(String(key));
      if (before !== undefined && before !== value)
        return error(
          400,
          'INVALID_PARAMETER_VALUE',
          `Changing param values is not allowed. Param with key='${String(key)}' was already logged`,
        );
    }
    for (const { key, value } of params) run.params.set(String(key), textOr(value, `param ${String(key)}`));
    for (const { key, value, timestamp, step } of metrics) {
      const isGood =
        isInteger(timestamp) && isInteger(step) && (typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(String(value)));
      if (!isGood) corrupted.push(`metric ${JSON.stringify({ key, value, timestamp, step })}`);
      run.metrics.add(JSON.stringify([key, timestamp, step, value]));
    }
    for (const { key, value } of tags) run.tags.set(String(key), textOr(value, `tag ${String(key)}`));
    return [200, {}];
  };

  const logInputs = (run: FakeRun, sent: Record<string, unknown>): readonly [number, object] => {
    for (const { dataset } of sent['datasets'] as readonly { dataset: Record<string, unknown> }[]) {
      if (String(dataset['digest']).length > 36)
        return error(400, 'INVALID_PARAMETER_VALUE', 'Dataset digest exceeds the maximum length of 36');
      run.datasets.set(String(dataset['name']), String(dataset['digest']));
    }
    return [200, {}];
  };

  const putArtifact = (path: string, body: Buffer): readonly [number, object | string] => {
    const [, id = '', , ...rest] = path.split('/');
    const run = runs.get(id);
    const file = rest.join('/');
    if (run === undefined || file.includes('..')) return [400, { detail: 'Invalid path' }];
    if ([...run.artifacts.keys()].some((other) => file.startsWith(`${other}/`) || other.startsWith(`${file}/`)))
      return [500, { detail: 'Not a directory' }];
    run.artifacts.set(file, body);
    return [200, ''];
  };

  const search = (sent: Record<string, unknown>): object => {
    const [, key = '', value = ''] = /^tags\.`(.*)` = '(.*)'$/.exec(String(sent['filter'])) ?? [];
    const ids = sent['experiment_ids'] as readonly string[];
    const found = [...runs.values()].filter((run) => !run.isDeleted && ids.includes(run.experiment) && run.tags.get(key) === value);
    return found.length === 0 ? {} : { runs: found.map(shown) };
  };

  const shown = (run: FakeRun): { readonly info: object; readonly data: object } => ({
    info: {
      run_id: run.id,
      run_name: run.name,
      experiment_id: run.experiment,
      status: run.status,
      start_time: run.startTime,
      end_time: run.endTime,
      artifact_uri: `mlflow-artifacts:/${run.experiment}/${run.id}/artifacts`,
    },
    data: {
      metrics: [...run.metrics]
        .map((row) => JSON.parse(row) as [string, number, number, unknown])
        .map(([key, timestamp, step, value]) => ({ key, value, timestamp, step })),
    },
  });

  /** What the real server makes of a value that is no text: an empty one, and 200. */
  const textOr = (value: unknown, what: string): string => {
    if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return value;
    corrupted.push(`${what} ${JSON.stringify(value)}`);
    return '';
  };

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    uri: `http://127.0.0.1:${port}${options.prefix ?? ''}`,
    runs,
    experiments,
    requests,
    corrupted,
    busiest: () => busiest,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

function error(status: number, code: string, message = code): readonly [number, object] {
  return [status, { error_code: code, message, sqlstate: null, error_class: null }];
}

function tagsIn(sent: unknown): Map<string, string> {
  return new Map(((sent ?? []) as readonly { key: string; value: string }[]).map(({ key, value }) => [key, value]));
}

function pairsOf(tags: ReadonlyMap<string, string>): readonly { readonly key: string; readonly value: string }[] {
  return [...tags].map(([key, value]) => ({ key, value }));
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isGoodKey(key: string): boolean {
  return /^[\p{L}\p{N}_ \-.:/]{1,250}$/u.test(key) && !key.split('/').some((part) => ['', '.', '..'].includes(part));
}
