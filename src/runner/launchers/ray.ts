import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { withoutCredentials } from '../../core/secrets.ts';
import { variables } from '../../core/variables.ts';
import type { Json } from '../../config/index.ts';
import { quoted, shellLine, type Engine, type EngineSettings, type LaunchedWorker } from './engine.ts';

export interface RaySettings extends EngineSettings {
  /** Of the dashboard; null: RAY_ADDRESS, else this machine's. */
  readonly address: string | null;
  readonly runtimeEnv: Readonly<Record<string, Json>>;
  /** `GPU`, `memory` in bytes, and those that the cluster has of its own. */
  readonly resources: Readonly<Record<string, number>>;
}

const USUAL_ADDRESS = 'http://127.0.0.1:8265';

/** Workers that are jobs of Ray, by its REST API. */
export function rayEngine(settings: RaySettings): Engine {
  const address = addressOf(settings);
  const started: string[] = [];
  const ask = (path: string, method: Method = 'GET', body?: unknown): Promise<unknown> => request(`${address}${path}`, method, body);
  return {
    name: 'Ray',
    async start(count) {
      for (let i = 0; i < count; i += 1) {
        const id = `ortrain-${settings.title}-${randomBytes(4).toString('hex')}`;
        await ask('/api/jobs/', 'POST', submission(id, settings));
        started.push(id);
      }
    },
    poll: () => Promise.all(started.map(async (id) => workerOf(id, (await ask(pathOf(id))) as RayJob))),
    async lastWords(id) {
      const answer = (await ask(`${pathOf(id)}/logs`).catch(() => ({}))) as { readonly logs?: string };
      return (answer.logs ?? '').slice(-2000).trim();
    },
    async stop() {
      await Promise.all(started.map((id) => ask(`${pathOf(id)}/stop`, 'POST').catch(() => {})));
    },
  };
}

/** The id holds the sweep's name, in which there may be anything that a file's name may have. */
function pathOf(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

interface RayJob {
  readonly status: string;
  readonly message?: string | null;
  readonly driver_exit_code?: number | null;
  readonly driver_info?: { readonly node_ip_address?: string } | null;
}

function workerOf(id: string, { status, message, driver_exit_code: code, driver_info: driver }: RayJob): LaunchedWorker {
  const state = status === 'PENDING' ? 'waiting' : status === 'RUNNING' ? 'running' : 'ended';
  const ended = typeof code === 'number' && code !== 0 ? `${status}, exit code ${code}` : status;
  const detail = state === 'waiting' ? (message ?? status) : ended;
  return { id, state, where: driver?.node_ip_address, detail, isDone: status === 'SUCCEEDED' };
}

function submission(id: string, settings: RaySettings): unknown {
  const { GPU, memory, ...others } = settings.resources;
  return {
    submission_id: id,
    // The shell goes over to the worker, so that Ray's signal reaches that.
    entrypoint: `cd ${quoted(resolve('.'))} && exec ${shellLine(settings)}`,
    entrypoint_num_cpus: settings.threads,
    ...(GPU === undefined ? {} : { entrypoint_num_gpus: GPU }),
    ...(memory === undefined ? {} : { entrypoint_memory: memory }),
    ...(Object.keys(others).length === 0 ? {} : { entrypoint_resources: others }),
    runtime_env: settings.runtimeEnv,
    metadata: { sweep: settings.title },
  };
}

/** `ray://` is the address of its other clients. */
function addressOf({ address }: RaySettings): string {
  const given = address ?? variables()['RAY_ADDRESS'] ?? USUAL_ADDRESS;
  const source = address === null ? 'RAY_ADDRESS' : 'launch.address';
  if (!/^https?:\/\//.test(given) || !URL.canParse(given))
    throw new OrtrainError('config', `${source} is ${given}, not the address of Ray's dashboard`, {
      subject: source,
      remedy: `Give the http address that \`ray start\` prints, such as ${USUAL_ADDRESS}.`,
    });
  return given.endsWith('/') ? given.slice(0, -1) : given;
}

const PATIENCE_MS = 30_000;

type Method = 'GET' | 'POST';

async function request(url: string, method: Method, body: unknown): Promise<unknown> {
  const token = variables()['RAY_AUTH_TOKEN'];
  const refused = (message: string, cause?: unknown): OrtrainError =>
    new OrtrainError('environment', `Ray at ${withoutCredentials(new URL(url).origin)}: ${message}`, {
      subject: 'launch.address',
      remedy: 'Give the address of the dashboard of a running cluster as launch.address or in RAY_ADDRESS.',
      cause,
    });
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await answer.text();
  } catch (cause) {
    throw refused('it does not answer', cause);
  }
  if (!answer.ok) throw refused(`${answer.status} ${lastLine(text)}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused('it did not answer with JSON', cause);
  }
}

/** Of a Python traceback the last line says what is wrong. */
function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
