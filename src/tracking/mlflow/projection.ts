import { pathOf, type Experiment } from '../../config/index.ts';
import type { Environment } from '../../core/environment.ts';
import type { FoldRecord } from '../../core/measures.ts';
import { leafValues } from '../../core/leaf-values.ts';
import { modelIdOf, modelInWords, modelName, type ModelId } from '../../core/model-name.ts';
import { itemsOf } from '../growing.ts';
import type { RunHistory, RunStarted } from '../history.ts';
import type { JournalEntry } from '../journal.ts';
import { attemptsOf, type JobHistory } from '../job-history.ts';
import type { RunStatus } from './client/client.ts';
import { systemMetrics } from './system-metrics.ts';
import type { Metric } from './client/wire.ts';

/** A run on the server: that of the experiment, or below it that of a model, by its name. */
export type Target = 'experiment' | ReturnType<typeof modelName>;

type DatasetContext = 'training' | 'validation' | 'test';

/** What has to be done on the server. Done again it changes nothing. Times in milliseconds since 1970. */
export type Operation = { readonly target: Target } & (
  | {
      readonly type: 'open';
      readonly name: string;
      readonly t: number;
      readonly tags: Readonly<Record<string, string>>;
      readonly params: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: 'dataset';
      readonly name: string;
      readonly path: string;
      /** Null where the journal has none. */
      readonly sha256: string | null;
      readonly context: DatasetContext;
    }
  | { readonly type: 'metrics'; readonly metrics: readonly Metric[] }
  | { readonly type: 'tags'; readonly tags: Readonly<Record<string, string>> }
  /** `file` is relative to the run's folder, `path` to the artifacts of the run on the server. */
  | { readonly type: 'artifact'; readonly file: string; readonly path: string }
  | { readonly type: 'close'; readonly status: Exclude<RunStatus, 'RUNNING'>; readonly t: number }
);

/** The experiment of a journal, as `run-started` recorded it when it was valid. */
export function experimentOf({ run, experiment }: RunStarted): Experiment {
  const { name = run, data, training, tracking } = experiment as Partial<Experiment>;
  const best_model = { monitor: '', mode: 'max', ...training?.best_model };
  return {
    ...experiment,
    name,
    data: { train: '', test: null, ...data },
    training: { ...training, best_model },
    tracking: { mlflow: null, ...tracking },
  } as Experiment;
}

/** What an entry means for the server, given what was known before it. */
export function operations(state: RunHistory, entry: JournalEntry): readonly Operation[] {
  if (entry.type === 'run-started') return opening(entry);
  if (state.started === undefined) return [];
  const model = 'stage' in entry && entry.stage !== undefined ? trainedModel({ ...entry, stage: entry.stage }) : undefined;
  switch (entry.type) {
    case 'task-started':
      return model === undefined ? [] : [openFold(state.started, model, entry.t)];
    case 'task-finished':
    case 'task-cached':
      return model === undefined || (entry.record === undefined && model.fold !== 'all')
        ? []
        : finishedFold(state, state.started, model, entry.record ?? UNRECORDED, entry.t);
    case 'task-event':
      return model === undefined ? [] : measured(targetOf(model), entry);
    case 'system':
      return [
        {
          target: 'experiment',
          type: 'metrics',
          metrics: systemMetrics(entry, state.started.environment.machine, entry.t, state.looks.length),
        },
      ];
    case 'artifact':
      return artifact(experimentOf(state.started), entry.path);
    case 'run-finished':
      return [
        ...closeFolds(state, Math.max(entry.t, state.clock.latestAt), 'FINISHED'),
        {
          target: 'experiment',
          type: 'metrics',
          metrics: Object.entries(entry.summary).map(([key, value]) => ({ key, value, t: entry.t, step: 0 })),
        },
        { target: 'experiment', type: 'close', status: 'FINISHED', t: Math.max(entry.t, state.clock.latestAt) },
      ];
    case 'run-failed': {
      const status = entry.interrupted ? 'KILLED' : 'FAILED';
      return [
        ...closeFolds(state, Math.max(entry.t, state.clock.latestAt), status),
        { target: 'experiment', type: 'tags', tags: { 'ortrain.error': entry.error } },
        { target: 'experiment', type: 'close', status, t: Math.max(entry.t, state.clock.latestAt) },
      ];
    }
    default:
      return [];
  }
}

/** Runs of earlier versions have no record of a model of all rows. */
const UNRECORDED: FoldRecord = { bestEpoch: 0, epochs: [] };

/** Whether the latest start has not come to an end. */
export function isUnderWay({ started, end }: RunHistory): boolean {
  return started !== undefined && end === null;
}

/** What is left to do for a run whose process has died without a word. */
export function afterDeath(state: RunHistory): readonly Operation[] {
  if (!isUnderWay(state)) return [];
  return [
    ...closeFolds(state, state.clock.latestAt, 'KILLED'),
    { target: 'experiment', type: 'close', status: 'KILLED', t: state.clock.latestAt },
  ];
}

/** Where an artifact of the run's folder belongs; models only where they are asked for. */
export function artifact({ tracking }: Experiment, file: string): readonly Operation[] {
  const [, folder = '', name] = /^models\/([^/]+)\/(.+)$/.exec(file) ?? [];
  const model = modelIdOf(folder);
  if (model === undefined || name === undefined) return [{ target: 'experiment', type: 'artifact', file, path: file }];
  if (tracking.mlflow?.log_models !== true) return [];
  return [{ target: targetOf(model), type: 'artifact', file, path: `model/${name}` }];
}

function opening(started: RunStarted): readonly Operation[] {
  const { run, environment, t } = started;
  const experiment = experimentOf(started);
  const digest = (path: string): string | null => environment.data[path] ?? null;
  const { data } = experiment;
  const trained = digest(pathOf(data.train));
  const dataset = (table: string | { readonly path: string } | null | undefined, context: DatasetContext): readonly Operation[] => {
    if (table === null || table === undefined) return [];
    const path = pathOf(table);
    return [{ target: 'experiment', type: 'dataset', name: `${nameOf(path)} (${context})`, path, sha256: digest(path), context }];
  };
  return [
    {
      target: 'experiment',
      type: 'open',
      name: run,
      t,
      params: leafValues(experiment),
      tags: { ...tagsOf(environment), 'ortrain.level': 'experiment', ...(trained === null ? {} : { 'ortrain.data_digest': trained }) },
    },
    ...dataset(data.train, 'training'),
    ...dataset(data.validation, 'validation'),
    ...dataset(data.test, 'test'),
  ];
}

/** What MLflow's own page of a run shows, and ours under a prefix. */
export function tagsOf({ versions, user, device, git, commandLine }: Environment): Readonly<Record<string, string>> {
  return {
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.name': commandLine.join(' '),
    ...(typeof user === 'string' ? { 'mlflow.user': user } : {}),
    ...(git === null ? {} : { 'mlflow.source.git.commit': git.commit, 'mlflow.source.git.dirty': String(git.dirty) }),
    'ortrain.version': versions['ortrain'] ?? '',
    'ortrain.device': device,
  };
}

/** The params are those of the experiment, so that curves of folds can be grouped by them. */
function openFold(started: RunStarted, model: ModelId, t: number): Operation {
  const { fold, seed } = model;
  const params = { ...leafValues(experimentOf(started)), fold, ...(seed === undefined ? {} : { seed }) };
  return {
    target: targetOf(model),
    type: 'open',
    name: `${modelInWords(model)} · ${started.run}`,
    t,
    params,
    tags: { ...tagsOf(started.environment), 'ortrain.level': fold === 'all' ? 'model' : 'fold' },
  };
}

/**
 * What the journal has not told of a fold, because it was trained in another run, wholly or in part, or because the process died before it
 * could.
 */
function finishedFold(
  state: RunHistory,
  started: RunStarted,
  model: ModelId,
  { bestEpoch, epochs }: FoldRecord,
  t: number,
): readonly Operation[] {
  const target = targetOf(model);
  const known = foldsOf(state).get(target) ?? [];
  if (recordedBy(known) >= 0 && !isOpen(known)) return [];
  const told = new Set(known.flatMap(attemptsOf).flatMap(({ epochs: own }) => itemsOf(own).map(({ epoch }) => epoch)));
  const best = epochs.find(({ epoch }) => epoch === bestEpoch);
  const missing = epochs.filter(({ epoch }) => !told.has(epoch));
  const metrics = [
    ...missing.flatMap(({ epoch, lr, metrics: values }) => epochMetrics(epoch, lr, values, t)),
    ...(best === undefined ? [] : bestMetrics(best, t)),
  ];
  return [
    ...(known.length === 0 ? [openFold(started, model, t)] : []),
    { target, type: 'metrics', metrics },
    { target, type: 'close', status: 'FINISHED', t },
  ];
}

function closeFolds(state: RunHistory, t: number, status: 'FINISHED' | 'FAILED' | 'KILLED'): readonly Operation[] {
  return [...foldsOf(state)]
    .filter(([, jobs]) => isOpen(jobs))
    .map(([target]) => ({ target, type: 'close', status, t }));
}

/** Epochs are the steps of `train/…` and `val/…`, optimizer steps those of `step/…`. */
function measured(target: Target, { t, event }: Extract<JournalEntry, { type: 'task-event' }>): readonly Operation[] {
  if (event.type === 'epoch') return [{ target, type: 'metrics', metrics: epochMetrics(event.epoch, event.lr, event.metrics, t) }];
  if (event.type !== 'step') return [];
  const { step, loss, lr } = event;
  return [{ target, type: 'metrics', metrics: [{ key: 'step/loss', value: loss, t, step }, { key: 'step/lr', value: lr, t, step }] }];
}

function epochMetrics(epoch: number, lr: number, metrics: Readonly<Record<string, number | null>>, t: number): readonly Metric[] {
  return [...Object.entries(metrics), ['train/lr', lr] as const].map(([key, value]) => ({ key, value, t, step: epoch }));
}

/** At step 0, where MLflow draws a bar a fold. */
function bestMetrics({ epoch, metrics }: FoldRecord['epochs'][number], t: number): readonly Metric[] {
  const validation = Object.entries(metrics).flatMap(([name, value]) =>
    name.startsWith('val/') ? [[name.slice('val/'.length), value] as const] : [],
  );
  return [['epoch', epoch] as const, ...validation].map(([name, value]) => ({ key: `best/${name}`, value, t, step: 0 }));
}

/** The last entry with the record of a fold; −1 where there is none. */
function recordedBy(jobs: readonly JobHistory[]): number {
  return Math.max(-1, ...jobs.map((job) => job.recordedBy));
}

/** Whether a fold is under way: with its record it has ended, whatever other jobs it has. */
function isOpen(jobs: readonly JobHistory[]): boolean {
  return jobs.some((job) => job.isOpen && job.begunBy > recordedBy(jobs));
}

/** The jobs of each fold, and of each of its seeds. */
function foldsOf({ jobs }: RunHistory): ReadonlyMap<Target, readonly JobHistory[]> {
  const folds = new Map<Target, JobHistory[]>();
  for (const job of jobs.values()) {
    const model = trainedModel(job);
    if (model !== undefined) folds.set(targetOf(model), [...(folds.get(targetOf(model)) ?? []), job]);
  }
  return folds;
}

/** The model that a job trains: that of a fold, or, of the stage `refit`, of all rows. */
function trainedModel(job: {
  readonly stage: string;
  readonly fold?: number | undefined;
  readonly seed?: number | undefined;
}): ModelId | undefined {
  const { stage, fold, seed } = job;
  if (fold !== undefined) return { fold, seed };
  return stage === 'refit' ? { fold: 'all', seed } : undefined;
}

function targetOf(model: ModelId): Target {
  return modelName(model);
}

function nameOf(path: string): string {
  return String(path).split(/[\\/]/).at(-1) ?? path;
}
