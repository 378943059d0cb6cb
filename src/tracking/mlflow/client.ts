import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { withoutSecrets } from '../../core/text.ts';
import { failed, judge, parseJson, succeeded, unreachable, type Failure, type Reply } from './answers.ts';
import { batches, halves, sizeOf, type Batch } from './batches.ts';
import { MOST_TRIES, persist, type Patience } from './patience.ts';
import type { TrackingServer } from './server.ts';
import { wirePath, type WireDataset, type WirePair } from './wire.ts';

export type RunStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** A run as the server has it. */
export interface ServerRun {
  readonly id: string;
  readonly artifactUri: string;
  readonly status: RunStatus;
  readonly endTime: number | null;
  readonly name: string;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly tags: readonly WirePair[];
}

/** Something that the server would not take, set aside. */
export interface Refusal {
  readonly item: unknown;
  readonly reason: string;
}

/** MLflow's tracking API as far as runs need it. Requests are repeated as `patience` says; every answer is data, nothing is thrown. */
export interface TrackingClient {
  /** The id of an experiment, which is made where there is none of this name. */
  experiment(name: string): Promise<Reply<string>>;
  /** The run that carries our own id, made where there is none. A lost answer to a creation makes no second run. */
  run(ownId: string, fresh: NewRun): Promise<Reply<string>>;
  update(runId: string, change: { readonly status?: RunStatus; readonly endTime?: number }): Promise<Reply>;
  /** Sends what it can; the value is what was refused. */
  log(runId: string, content: Batch): Promise<Reply<readonly Refusal[]>>;
  inputs(runId: string, datasets: readonly WireDataset[]): Promise<Reply>;
  children(experimentId: string, parentId: string): Promise<Reply<readonly ServerRun[]>>;
  /** Puts a file there; `path` with forward slashes, inside the run's artifacts. */
  artifact(runId: string, path: string, file: string): Promise<Reply>;
}

/** The tag by which a run is found again: names may repeat, and the server chooses its ids itself. */
export const OWN_ID = 'ortrain.run_id';

export function trackingClient(server: TrackingServer, patience: Patience): TrackingClient {
  const artifactRoots = new Map<string, string>();
  const api = (method: 'GET' | 'POST', path: string, body: object): Promise<Reply> => persist((signal) => callApi(server, method, path, body, signal), patience);

  const search = async (experimentId: string, filter: string, signal?: AbortSignal): Promise<Reply<readonly ServerRun[]>> => {
    const body = { experiment_ids: [experimentId], filter, run_view_type: 'ACTIVE_ONLY', max_results: 1000 };
    const reply = signal === undefined ? await api('POST', 'runs/search', body) : await callApi(server, 'POST', 'runs/search', body, signal);
    return reply.ok ? succeeded(((reply.value as RunsAnswer).runs ?? []).map(serverRun)) : reply;
  };

  const log = async (runId: string, batch: Batch): Promise<Reply<readonly Refusal[]>> => {
    const reply = await api('POST', 'runs/log-batch', { run_id: runId, ...batch });
    if (reply.ok) return succeeded([]);
    if (reply.failure.kind !== 'refused' && reply.failure.kind !== 'too-large') return reply;
    if (sizeOf(batch) === 1) return succeeded([{ item: [...batch.metrics, ...batch.params, ...batch.tags][0], reason: reply.failure.message }]);
    return inTurn(halves(batch), (half) => log(runId, half));
  };

  return {
    async experiment(name) {
      const query = `experiments/get-by-name?${new URLSearchParams({ experiment_name: name }).toString()}`;
      for (;;) {
        const found = await api('GET', query, {});
        if (found.ok) return activeExperiment(name, found.value as ExperimentAnswer);
        if (found.failure.kind !== 'missing') return found;
        const made = await api('POST', 'experiments/create', { name });
        if (made.ok) return succeeded((made.value as { readonly experiment_id: string }).experiment_id);
        if (made.failure.kind !== 'exists') return made;
      }
    },

    run: (ownId, fresh) =>
      persist(async (signal) => {
        const found = await search(fresh.experimentId, `tags.\`${OWN_ID}\` = '${ownId}'`, signal);
        if (!found.ok) return found;
        const [run] = found.value;
        if (run !== undefined) return succeeded(run.id);
        const tags = [...fresh.tags, { key: OWN_ID, value: ownId }];
        const body = { experiment_id: fresh.experimentId, run_name: fresh.name, start_time: fresh.startTime, tags };
        const made = await callApi(server, 'POST', 'runs/create', body, signal);
        return made.ok ? succeeded(serverRun((made.value as { readonly run: WireRun }).run).id) : made;
      }, patience),

    update: (runId, { status, endTime }) =>
      api('POST', 'runs/update', { run_id: runId, ...(status === undefined ? {} : { status }), ...(endTime === undefined ? {} : { end_time: endTime }) }),

    log: (runId, content) => inTurn(batches(content), (batch) => log(runId, batch)),

    inputs: (runId, datasets) => api('POST', 'runs/log-inputs', { run_id: runId, datasets }),

    children: (experimentId, parentId) => search(experimentId, `tags.\`mlflow.parentRunId\` = '${parentId}'`),

    async artifact(runId, path, file) {
      let root = artifactRoots.get(runId);
      if (root === undefined) {
        const run = await api('GET', `runs/get?${new URLSearchParams({ run_id: runId }).toString()}`, {});
        if (!run.ok) return run;
        root = serverRun((run.value as { readonly run: WireRun }).run).artifactUri;
        artifactRoots.set(runId, root);
      }
      const request = uploadRequest(root, runId, path, file);
      return 'kind' in request ? failed(request) : persist((signal) => upload(server, request, file, signal), patience, isHopelessUpload);
    },
  };
}

/** A person's browser on a run, or on the runs of an experiment; without the type of work, MLflow 3 shows its page for language models. */
export function pageOf({ uri }: TrackingServer, experimentId: string, runId?: string): string {
  return `${uri}/#/experiments/${experimentId}/runs${runId === undefined ? '' : `/${runId}`}?workflowType=machine_learning`;
}

const ANSWER_WITHIN_MS = 30_000;
const UPLOAD_WITHIN_MS = 600_000;

/** A folder that stands where a file should be makes a 500 as often as one asks. */
const isHopelessUpload = ({ status }: Failure, tries: number): boolean => tries >= MOST_TRIES && (status === 400 || status === 500);

interface ExperimentAnswer {
  readonly experiment: { readonly experiment_id: string; readonly lifecycle_stage: string };
}

interface WireRun {
  readonly info: { readonly run_id: string; readonly run_name?: string; readonly artifact_uri: string; readonly status: RunStatus; readonly end_time?: number };
  readonly data?: { readonly metrics?: readonly { readonly key: string; readonly value: number | string }[] };
}

interface RunsAnswer {
  readonly runs?: readonly WireRun[];
}

function serverRun({ info, data }: WireRun): ServerRun {
  const metrics = (data?.metrics ?? []).map(({ key, value }) => [key, Number(value)] as const);
  return { id: info.run_id, artifactUri: info.artifact_uri, status: info.status, endTime: info.end_time ?? null, name: info.run_name ?? '', metrics: Object.fromEntries(metrics) };
}

/** A deleted experiment keeps its name and takes no runs; to restore it is its owner's decision. */
function activeExperiment(name: string, { experiment }: ExperimentAnswer): Reply<string> {
  if (experiment.lifecycle_stage !== 'deleted') return succeeded(experiment.experiment_id);
  const remedy = 'Restore it on the server, or name another in tracking.mlflow.experiment.';
  return failed({ kind: 'stop', message: `the experiment ${name} was deleted on the tracking server`, remedy });
}

async function callApi(server: TrackingServer, method: 'GET' | 'POST', path: string, body: object, signal: AbortSignal): Promise<Reply> {
  const init = method === 'GET' ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return request(server, `/api/2.0/mlflow/${path}`, { method, ...init }, ANSWER_WITHIN_MS, signal);
}

/** One try. A success whose body is not JSON comes from something other than the tracking API, unless it is empty, as uploads are. */
async function request(server: TrackingServer, path: string, init: RequestInit, withinMs: number, signal: AbortSignal): Promise<Reply> {
  try {
    const response = await fetch(`${server.uri}${path}`, {
      ...init,
      headers: { ...(init.headers as Readonly<Record<string, string>> | undefined), ...server.headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
    });
    const text = withoutSecrets(await response.text(), secretsIn(server.headers));
    if (!response.ok) return failed(judge(response.status, text, response.headers));
    const value = text === '' ? {} : parseJson(text);
    return value === undefined ? failed(judge(404, text, response.headers)) : succeeded(value);
  } catch (error) {
    return failed(unreachable(error));
  }
}

/** What a server, or a proxy before it, could repeat of what it was sent. */
function secretsIn({ authorization = '' }: Readonly<Record<string, string>>): readonly string[] {
  const [scheme, value = ''] = authorization.split(' ');
  const [user = '', ...password] = scheme === 'Basic' ? Buffer.from(value, 'base64').toString('utf8').split(':') : [];
  // A short name is a part of many words.
  return [value, password.join(':'), user.length < 4 ? '' : user];
}

interface Upload {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
}

/** The fallback for servers that keep artifacts in a folder of their own takes 1 byte to 10 MiB. */
const MOST_FALLBACK_BYTES = 10 * 2 ** 20;

function uploadRequest(root: string, runId: string, path: string, file: string): Upload | Failure {
  const checked = wirePath(path);
  if ('reason' in checked) return { kind: 'refused', message: checked.reason };
  const [, inServer] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(root) ?? [];
  if (inServer !== undefined) return { method: 'PUT', path: `/api/2.0/mlflow-artifacts/artifacts/${inServer}/${checked.item}` };
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < 1 || size > MOST_FALLBACK_BYTES) {
    return { kind: 'refused', message: `${path} has ${size} bytes; this server takes 1 to ${MOST_FALLBACK_BYTES}, unless it is started with --serve-artifacts` };
  }
  return { method: 'POST', path: `/ajax-api/2.0/mlflow/upload-artifact?${new URLSearchParams({ run_uuid: runId, path }).toString()}` };
}

/** Larger files are streamed. */
const MOST_BYTES_IN_MEMORY = 8 * 2 ** 20;

async function upload(server: TrackingServer, { method, path }: Upload, file: string, signal: AbortSignal): Promise<Reply> {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return failed({ kind: 'refused', message: `there is no file ${file} any more` });
  const body = size <= MOST_BYTES_IN_MEMORY ? await readFile(file) : (Readable.toWeb(createReadStream(file)) as ReadableStream);
  const headers = { 'content-type': 'application/octet-stream' };
  return request(server, path, { method, headers, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) }, UPLOAD_WITHIN_MS, signal);
}

/** One after the other; the first that fails ends it. */
async function inTurn(parts: readonly Batch[], send: (part: Batch) => Promise<Reply<readonly Refusal[]>>): Promise<Reply<readonly Refusal[]>> {
  const refusals: Refusal[] = [];
  for (const part of parts) {
    const reply = await send(part);
    if (!reply.ok) return reply;
    refusals.push(...reply.value);
  }
  return succeeded(refusals);
}
