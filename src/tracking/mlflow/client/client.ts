import type { ShapeOf } from '../../../core/shapes.ts';
import { failed, succeeded, type Failure, type Reply } from './answers.ts';
import { batches, halves, itemCount, type Batch } from './batches.ts';
import { MOST_TRIES, persist, type Patience, type RequestLimits } from './patience.ts';
import { callApi, upload, uploadRequest } from './requests.ts';
import type { TrackingServer } from '../server.ts';
import { anyAnswer, createdAnswer, experimentAnswer, runAnswer, runsAnswer, type WireExperiment, type WireRun } from './wire-answers.ts';
import type { WireDataset, WirePair } from './wire.ts';

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
  const api = <T>(method: 'GET' | 'POST', path: string, body: object, shape: ShapeOf<T>): Promise<Reply<T>> =>
    persist((limits) => callApi(server, method, path, body, shape, limits), patience);

  const search = async (experimentId: string, filter: string, limits?: RequestLimits): Promise<Reply<readonly ServerRun[]>> => {
    const found: ServerRun[] = [];
    for (let token = ''; ;) {
      const body = {
        experiment_ids: [experimentId],
        filter,
        run_view_type: 'ACTIVE_ONLY',
        max_results: RUNS_A_PAGE,
        ...(token === '' ? {} : { page_token: token }),
      };
      const reply =
        limits === undefined
          ? await api('POST', SEARCH, body, runsAnswer)
          : await callApi(server, 'POST', SEARCH, body, runsAnswer, limits);
      if (!reply.ok) return reply;
      const { runs = [], next_page_token: next = '' } = reply.value;
      found.push(...runs.map(serverRun));
      if (next === '' || runs.length === 0 || found.length >= MOST_RUNS) return succeeded(found);
      token = next;
    }
  };

  const log = async (runId: string, batch: Batch): Promise<Reply<readonly Refusal[]>> => {
    const reply = await api('POST', 'runs/log-batch', { run_id: runId, ...batch }, anyAnswer);
    if (reply.ok) return succeeded([]);
    if (reply.failure.kind !== 'refused' && reply.failure.kind !== 'too-large') return reply;
    if (itemCount(batch) === 1)
      return succeeded([{ item: [...batch.metrics, ...batch.params, ...batch.tags][0], reason: reply.failure.message }]);
    return inTurn(halves(batch), (half) => log(runId, half));
  };

  /** Older servers open on training runs by this tag, and it sorts experiments in their list. Where somebody has set it, it stays. */
  const markKind = async ({ experiment_id, tags = [] }: WireExperiment): Promise<void> => {
    if (tags.some(({ key }) => key === KIND.key)) return;
    await callApi(server, 'POST', 'experiments/set-experiment-tag', { experiment_id, ...KIND }, anyAnswer, patience);
  };

  return {
    async experiment(name) {
      const query = `experiments/get-by-name?${new URLSearchParams({ experiment_name: name }).toString()}`;
      for (let tries = 1; ; tries += 1) {
        const found = await api('GET', query, {}, experimentAnswer);
        if (found.ok) {
          const active = activeExperiment(name, found.value.experiment);
          if (active.ok) await markKind(found.value.experiment);
          return active;
        }
        if (found.failure.kind !== 'missing') return found;
        const made = await api('POST', 'experiments/create', { name, tags: [KIND] }, createdAnswer);
        if (made.ok) return succeeded(made.value.experiment_id);
        // Another process may have made it in the meantime.
        if (made.failure.kind !== 'exists' || tries >= MOST_TRIES) return made;
      }
    },

    run: (ownId, fresh) =>
      persist(async (limits) => {
        const found = await search(fresh.experimentId, `tags.\`${OWN_ID}\` = '${ownId}'`, limits);
        if (!found.ok) return found;
        const [run] = found.value;
        if (run !== undefined) return succeeded(run.id);
        const tags = [...fresh.tags, { key: OWN_ID, value: ownId }];
        const body = { experiment_id: fresh.experimentId, run_name: fresh.name, start_time: fresh.startTime, tags };
        const made = await callApi(server, 'POST', 'runs/create', body, runAnswer, limits);
        return made.ok ? succeeded(made.value.run.info.run_id) : made;
      }, patience),

    update: (runId, { status, endTime }) =>
      api(
        'POST',
        'runs/update',
        { run_id: runId, ...(status === undefined ? {} : { status }), ...(endTime === undefined ? {} : { end_time: endTime }) },
        anyAnswer,
      ),

    log: (runId, content) => inTurn(batches(content), (batch) => log(runId, batch)),

    inputs: (runId, datasets) => api('POST', 'runs/log-inputs', { run_id: runId, datasets }, anyAnswer),

    children: (experimentId, parentId) => search(experimentId, `tags.\`mlflow.parentRunId\` = '${parentId}'`),

    async artifact(runId, path, file) {
      let root = artifactRoots.get(runId);
      if (root === undefined) {
        const run = await api('GET', `runs/get?${new URLSearchParams({ run_id: runId }).toString()}`, {}, runAnswer);
        if (!run.ok) return run;
        root = serverRun(run.value.run).artifactUri;
        artifactRoots.set(runId, root);
      }
      const request = uploadRequest(root, runId, path, file);
      return 'kind' in request ? failed(request) : persist((limits) => upload(server, request, file, limits), patience, isHopelessUpload);
    },
  };
}

const SEARCH = 'runs/search';

/** What MLflow calls the training of models, in place of calls of language models. */
const KIND = { key: 'mlflow.experimentKind', value: 'custom_model_development' };

/** A run may hold thousands of params and metrics; no command has more runs than all pages hold. */
const RUNS_A_PAGE = 100;
const MOST_RUNS = 10_000;

/** A person's browser on a run, or on the runs of an experiment; without the type of work, MLflow 3 shows its page for language models. */
export function pageOf({ uri }: TrackingServer, experimentId: string, runId?: string): string {
  return `${uri}/#/experiments/${experimentId}/runs${runId === undefined ? '' : `/${runId}`}?workflowType=machine_learning`;
}

/** A folder that stands where a file should be makes a 500 as often as one asks. */
const isHopelessUpload = ({ status }: Failure, tries: number): boolean => tries >= MOST_TRIES && (status === 400 || status === 500);

function serverRun({ info, data }: WireRun): ServerRun {
  const metrics = (data?.metrics ?? []).map(({ key, value }) => [key, Number(value)] as const);
  return {
    id: info.run_id,
    artifactUri: info.artifact_uri ?? '',
    status: info.status as RunStatus,
    endTime: info.end_time ?? null,
    name: info.run_name ?? '',
    metrics: Object.fromEntries(metrics),
  };
}

/** A deleted experiment keeps its name and takes no runs; to restore it is its owner's decision. */
function activeExperiment(name: string, experiment: WireExperiment): Reply<string> {
  if (experiment.lifecycle_stage !== 'deleted') return succeeded(experiment.experiment_id);
  const remedy = 'Restore it on the server, or name another in tracking.mlflow.experiment.';
  return failed({ kind: 'stop', message: `the experiment ${name} was deleted on the tracking server`, remedy });
}

/** One after the other; the first that fails ends it. */
async function inTurn(
  parts: readonly Batch[],
  send: (part: Batch) => Promise<Reply<readonly Refusal[]>>,
): Promise<Reply<readonly Refusal[]>> {
  const refusals: Refusal[] = [];
  for (const part of parts) {
    const reply = await send(part);
    if (!reply.ok) return reply;
    refusals.push(...reply.value);
  }
  return succeeded(refusals);
}
