import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedExperiment } from '../config/index.ts';
import type { Environment } from '../core/environment.ts';
import { OrtrainError } from '../core/errors.ts';
import type { Listener, RunEvent } from '../core/events.ts';
import { thisProcess } from '../core/owner.ts';
import { throwIfBlobChanged, type DownloadProgress } from '../data/hub/index.ts';
import { readJson } from '../stages/index.ts';
import { openJournal, summaryOf, type Journal, type RunMetrics } from '../tracking/index.ts';
import type { Elsewhere } from './jobs/elsewhere.ts';
import { placeOf } from './jobs/job-graph.ts';
import { progressOf, type ModelProgress } from './jobs/progress.ts';
import { areDone, runJobs } from './jobs/run-jobs.ts';
import { deviceFailure, type PassedOver } from './machine/devices.ts';
import { watchSystem } from './machine/system.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from './prepare.ts';
import { artifactEvent } from './publish.ts';
import { environmentOf } from './run-environment.ts';
import { claimRunFolder } from './run-folder.ts';
import type { RunPlace } from './run-place.ts';

export interface RunOptions extends RunnerOptions {
  /** Where the jobs are made, if not in this process. */
  readonly elsewhere?: Elsewhere;
}

export interface RunResult {
  /** Its name, that of its folder. */
  readonly run: string;
  readonly folder: string;
  readonly seconds: number;
  /** Jobs that were run. */
  readonly executed: number;
  /** Jobs whose output was in the cache. */
  readonly cached: number;
  /** Null where the run ended before its evaluation (`until`). */
  readonly metrics: RunMetrics | null;
  /** The files and folders that the run put into its folder. */
  readonly files: readonly string[];
  /** The models of the folds that the run was asked to train, as far as they have come. */
  readonly training: readonly ModelProgress[];
}

/**
 * Runs an experiment. Each job whose output the cache does not hold runs in a worker, in a temporary folder that is moved into the
 * cache when it is done; folds of one stage may run in parallel. Everything that happens goes to `listen` and into the run's journal.
 */
export async function runExperiment(loaded: LoadedExperiment, options: RunOptions, listen: Listener<RunEvent>): Promise<RunResult> {
  const started = performance.now();
  for (let failed: PassedOver = {}; ; ) {
    const outcome = await runOnce(loaded, { ...options, failed }, listen, started);
    if ('run' in outcome) return outcome;
    failed = { ...failed, ...outcome };
  }
}

/** Runs an experiment on one device; answers with that device where it fails and `auto` may take another. */
async function runOnce(
  loaded: LoadedExperiment,
  options: RunOptions,
  listen: Listener<RunEvent>,
  started: number,
): Promise<RunResult | PassedOver> {
  const onDownload: Listener<DownloadProgress> = (progress) => listen({ type: 'download', run: loaded.experiment.name, ...progress });
  const choose = options.elsewhere?.choose;
  const prepared = await prepareToRun(loaded, { ...options, ...(choose === undefined ? {} : { choose }) }, onDownload);
  prepared.cache.clean();
  try {
    return await runPrepared(prepared, options, listen, started);
  } finally {
    prepared.cache.close();
  }
}

async function runPrepared(
  prepared: PreparedRun,
  options: RunOptions,
  listen: Listener<RunEvent>,
  started: number,
): Promise<RunResult | PassedOver> {
  const { jobs } = prepared;
  const environment = environmentOf(prepared, options.commandLine ?? [], options.checkout);
  const { run, folder, journal } = await begin(prepared, environment, options);
  const report: Listener<RunEvent> = (event) => {
    journal.append(event);
    listen(event);
  };
  const seconds = (): number => (performance.now() - started) / 1000;
  listen(runStarted(prepared, environment, { run, folder }, options));
  if (Object.keys(options.failed ?? {}).length === 0) options.tracker?.follow(folder, run, prepared.experiment.tracking.mlflow);
  try {
    for (const name of ['config.yaml', 'environment.json']) report(await artifactEvent(join(folder, name), { run, folder }));
    const { executed, files } = await watchSystem(
      (figures) => report({ type: 'system', run, ...figures }),
      () => runJobs(prepared, { run, folder }, options.signal, report, options.elsewhere),
    );
    const metrics = readMetrics(prepared);
    const hasReport = executed === 0 && existsSync(join(folder, 'report.html'));
    const pages = metrics === null || hasReport ? [] : await drawReport(prepared, { run, folder }, report, options.signal);
    for (const path of pages) report(await artifactEvent(path, { run, folder }));
    const summary = metrics === null ? {} : summaryOf(metrics);
    report({ type: 'run-finished', run, seconds: seconds(), summary, owner: thisProcess() });
    const [cached, training] = [jobs.length - executed, await progressOf(prepared)];
    return { run, folder, seconds: seconds(), executed, cached, metrics, files: [...files, ...pages], training };
  } catch (error) {
    const { device, deviceChoice } = prepared;
    const failure = deviceChoice.asked === 'auto' ? deviceFailure(error, device) : undefined;
    if (failure !== undefined) {
      report({ type: 'notice', run, level: 'warning', message: `${failure}; the run continues without ${device}` });
      return { [device]: failure };
    }
    const isInterrupt = error instanceof OrtrainError && error.code === 'interrupted';
    const message = error instanceof Error ? error.message : String(error);
    report({ type: 'run-failed', run, seconds: seconds(), error: message, interrupted: isInterrupt, owner: thisProcess() });
    throw error;
  } finally {
    journal.close();
  }
}

/** `prepareRun`, again where something is to be made from files whose content is not as it was remembered. */
async function prepareToRun(
  loaded: LoadedExperiment,
  options: RunnerOptions,
  onDownload: Listener<DownloadProgress>,
): Promise<PreparedRun> {
  const prepared = await prepareRun(loaded, options, onDownload);
  if (await areDone(prepared)) return prepared;
  const files = Object.keys(prepared.data);
  const isTrue = await prepared.hashes.confirm(files);
  await throwIfBlobChanged(files);
  prepared.hashes.save();
  return isTrue ? prepared : prepareRun(loaded, options, onDownload);
}

/** Holds the lock of all runs until the journal says that this one is at work: no other process may find it idle before. */
async function begin(
  prepared: PreparedRun,
  environment: Environment,
  options: RunnerOptions,
): Promise<RunPlace & { readonly journal: Journal }> {
  const lock = await prepared.cache.lockRuns(options.signal);
  try {
    const place = claimRunFolder(prepared, environment);
    const journal = openJournal(join(place.folder, 'journal.jsonl'));
    journal.append(runStarted(prepared, environment, place, options));
    return { ...place, journal };
  } finally {
    lock.release();
  }
}

function runStarted(
  { jobs, experiment }: PreparedRun,
  environment: Environment,
  { run, folder }: RunPlace,
  { command }: RunnerOptions,
): RunEvent {
  return {
    type: 'run-started',
    run,
    folder,
    tasks: jobs.map((job) => ({ id: job.id, stage: job.stage.name, ...placeOf(job) })),
    owner: thisProcess(),
    experiment,
    environment,
    ...(command === undefined ? {} : { command }),
  };
}

/** Writes the run's report. A run whose report cannot be drawn is a good run all the same. */
async function drawReport(
  { jobs }: PreparedRun,
  { run, folder }: RunPlace,
  report: Listener<RunEvent>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const decoded = jobs.find(({ stage }) => stage.makes === 'examples')?.output;
  try {
    const { writeRunReportAside } = await import('../tracking/report/index.ts');
    return await writeRunReportAside(folder, decoded, signal);
  } catch (error) {
    if (error instanceof OrtrainError && error.code === 'interrupted') throw error;
    const message = `the report could not be drawn: ${error instanceof Error ? error.message : String(error)}`;
    report({ type: 'task-event', run, task: 'report', stage: 'report', event: { type: 'notice', level: 'warning', message } });
    return [];
  }
}

function readMetrics({ jobs }: PreparedRun): RunMetrics | null {
  const evaluation = jobs.findLast(({ stage }) => Object.hasOwn(stage.publishes, 'metrics.json'));
  return evaluation === undefined ? null : readJson<RunMetrics>(evaluation.output, 'metrics.json');
}
