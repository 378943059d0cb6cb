import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { LoadedExperiment } from '../config/index.ts';
import { contentHash } from '../core/content.ts';
import { interrupted, OrtrainError } from '../core/errors.ts';
import type { Environment } from '../core/environment.ts';
import type { Listener, RunEvent, StageEvent } from '../core/events.ts';
import type { FoldRecord } from '../core/measures.ts';
import { thisProcess } from '../core/owner.ts';
import { openOutput, readJson } from '../stages/index.ts';
import { throwIfBlobChanged, type DownloadProgress } from '../data/hub/index.ts';
import { openJournal, summaryOf, type Journal, type RunMetrics } from '../tracking/index.ts';
import { checkExperiment } from './check/aside.ts';
import { openCrew } from './workers/crew.ts';
import { choiceInWords, deviceFailure, type PassedOver } from './machine/devices.ts';
import { makeUnlessDone, MOST_TRIES } from './jobs/make-output.ts';
import { explainedMemory } from './plan/out-of-memory.ts';
import { gpuShortage } from './plan/shortage.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from './prepare.ts';
import { environmentOf } from './run-environment.ts';
import { publish } from './publish.ts';
import { claimRunFolder } from './run-folder.ts';
import type { RunPlace } from './run-place.ts';
import { byStage, shareOut, type Share } from './jobs/share-out.ts';
import { sideBySide } from './side-by-side.ts';
import { addressOf, type Task } from './jobs/task-graph.ts';
import { inspectPooler } from './check/untrained-pooler.ts';
import { watchSystem } from './machine/system.ts';
import type { StageWorker } from './workers/worker.ts';

export interface RunResult {
  readonly run: string;
  readonly folder: string;
  readonly seconds: number;
  /** Tasks carried out, and tasks whose output was in the cache. */
  readonly executed: number;
  readonly cached: number;
  /** Null where the run ended before its evaluation (`until`). */
  readonly metrics: RunMetrics | null;
  /** The files and folders that the run put into its folder. */
  readonly files: readonly string[];
}

/**
 * Carries an experiment out: each task whose output the cache does not hold runs in a worker, in a temporary folder that is
 * moved into the cache when it is done; folds of one stage may do so side by side. Everything that happens goes to `listen` and into the run's journal.
 */
export async function runExperiment(loaded: LoadedExperiment, options: RunnerOptions, listen: Listener<RunEvent>): Promise<RunResult> {
  const started = performance.now();
  for (let failed: PassedOver = {}; ; ) {
    const outcome = await runOnce(loaded, { ...options, failed }, listen, started);
    if ('run' in outcome) return outcome;
    failed = { ...failed, ...outcome };
  }
}

/** Carries an experiment out on one device; answers with that device where it fails and `auto` may take another. */
async function runOnce(loaded: LoadedExperiment, options: RunnerOptions, listen: Listener<RunEvent>, started: number): Promise<RunResult | PassedOver> {
  const prepared = await prepareToRun(loaded, options, (progress) => listen({ type: 'download', run: loaded.experiment.name, ...progress }));
  prepared.cache.clean();
  try {
    return await runPrepared(prepared, options, listen, started);
  } finally {
    prepared.cache.close();
  }
}

async function runPrepared(prepared: PreparedRun, options: RunnerOptions, listen: Listener<RunEvent>, started: number): Promise<RunResult | PassedOver> {
  const { tasks } = prepared;
  const surroundings = environmentOf(prepared, options.commandLine ?? []);
  const { run, folder, journal } = await begin(prepared, surroundings, options);
  const report: Listener<RunEvent> = (event) => {
    journal.append(event);
    listen(event);
  };
  const seconds = (): number => (performance.now() - started) / 1000;
  listen(runStarted(prepared, surroundings, { run, folder }, options));
  if (Object.keys(options.failed ?? {}).length === 0) options.tracker?.follow(folder, run, prepared.experiment.tracking.mlflow);
  try {
    for (const name of ['config.yaml', 'environment.json']) report(await artifactOf(join(folder, name), { run, folder }));
    const { executed, files } = await watchSystem(
      (figures) => report({ type: 'system', run, ...figures }),
      () => carryOutWhole(prepared, { run, folder }, options.signal, report),
    );
    const metrics = readMetrics(prepared);
    const pages = metrics === null || (executed === 0 && existsSync(join(folder, 'report.html'))) ? [] : await explain(prepared, { run, folder }, report, options.signal);
    for (const path of pages) report(await artifactOf(path, { run, folder }));
    report({ type: 'run-finished', run, seconds: seconds(), summary: metrics === null ? {} : summaryOf(metrics), owner: thisProcess() });
    return { run, folder, seconds: seconds(), executed, cached: tasks.length - executed, metrics, files: [...files, ...pages] };
  } catch (error) {
    const { device, deviceChoice } = prepared;
    const failure = deviceChoice.asked === 'auto' ? deviceFailure(error, device) : undefined;
    if (failure !== undefined) {
      report({ type: 'notice', run, level: 'warning', message: `${failure}; the run goes on without ${device}` });
      return { [device]: failure };
    }
    const isInterrupt = error instanceof OrtrainError && error.code === 'interrupted';
    report({ type: 'run-failed', run, seconds: seconds(), error: error instanceof Error ? error.message : String(error), interrupted: isInterrupt, owner: thisProcess() });
    throw error;
  } finally {
    journal.close();
  }
}

/** `prepareRun`, by what the files hold where something is to be made from them: what is remembered of them may no longer be true. */
async function prepareToRun(loaded: LoadedExperiment, options: RunnerOptions, onDownload: Listener<DownloadProgress>): Promise<PreparedRun> {
  const prepared = await prepareRun(loaded, options, onDownload);
  if (await areDone(prepared)) return prepared;
  const files = Object.keys(prepared.data);
  const isTrue = await prepared.hashes.confirm(files);
  await throwIfBlobChanged(files);
  prepared.hashes.save();
  return isTrue ? prepared : prepareRun(loaded, options, onDownload);
}

/** Until the journal tells that the run is at work, nobody else may find that it is not. */
async function begin(prepared: PreparedRun, surroundings: Environment, options: RunnerOptions): Promise<RunPlace & { readonly journal: Journal }> {
  const lock = await prepared.cache.lockRuns(options.signal);
  try {
    const place = claimRunFolder(prepared, surroundings);
    const journal = openJournal(join(place.folder, 'journal.jsonl'));
    journal.append(runStarted(prepared, surroundings, place, options));
    return { ...place, journal };
  } finally {
    lock.release();
  }
}

function runStarted({ tasks, experiment }: PreparedRun, surroundings: Environment, { run, folder }: RunPlace, { command }: RunnerOptions): RunEvent {
  return {
    type: 'run-started',
    run,
    folder,
    tasks: tasks.map(({ id, stage, fold }) => ({ id, stage: stage.name, ...(fold === undefined ? {} : { fold }) })),
    owner: thisProcess(),
    experiment,
    environment: surroundings,
    ...(command === undefined ? {} : { command }),
  };
}

interface Carried {
  readonly executed: number;
  readonly files: readonly string[];
}

/** `carryOut`, which begins again where outputs that were there before have gone meanwhile: removed or changed by another program. */
async function carryOutWhole(prepared: PreparedRun, place: RunPlace, signal: AbortSignal | undefined, report: Listener<RunEvent>): Promise<Carried> {
  let executed = 0;
  for (let tries = 1; ; tries += 1) {
    const done = new Map<string, Outcome>();
    try {
      const carried = await carryOut(prepared, place, signal, report, done);
      return { ...carried, executed: carried.executed + executed };
    } catch (error) {
      const gone = signal?.aborted === true || tries === MOST_TRIES ? undefined : await firstGone(prepared, done);
      if (gone === undefined) throw error;
      executed += [...done.values()].filter(({ isMade }) => isMade).length;
      report({ type: 'notice', run: place.run, level: 'warning', message: `the output of ${gone} was changed or removed while it was in use; it is made again` });
    }
  }
}

/** A task that had its output in this run and has it no longer. */
async function firstGone({ tasks, cache }: PreparedRun, done: ReadonlyMap<string, Outcome>): Promise<string | undefined> {
  for (const task of tasks) if (done.has(task.id) && (await cache.inspect(addressOf(task))).kind !== 'sound') return task.id;
  return undefined;
}

async function carryOut(prepared: PreparedRun, place: RunPlace, signal: AbortSignal | undefined, report: Listener<RunEvent>, done: Map<string, Outcome>): Promise<Carried> {
  const crew = openCrew(prepared);
  const breaking = new AbortController();
  const breakOff = (): void => {
    breaking.abort();
    crew.stop();
  };
  signal?.addEventListener('abort', breakOff);
  if (signal?.aborted === true) breakOff();
  const outcomes: Outcome[] = [];
  try {
    const isDone = await areDone(prepared);
    if (!isDone) {
      prepared.cache.keepAlive();
      report({ type: 'notice', run: place.run, level: 'info', message: choiceInWords(prepared.deviceChoice) });
      const { why } = prepared.precisionChoice;
      if (why !== null) report({ type: 'notice', run: place.run, level: 'info', message: why });
      const notices = await checkExperiment(prepared.experiment, prepared.modelFolder, signal);
      for (const notice of notices) report({ type: 'notice', run: place.run, ...notice });
      for (const { severity: level, message } of inspectPooler(prepared.experiment, prepared.modelFolder))
        report({ type: 'notice', run: place.run, level, message });
    }
    let isWarned = isDone;
    for (const tasks of byStage(prepared.tasks)) {
      if (!isWarned && tasks.some(({ stage }) => stage.usesDevice)) {
        isWarned = true;
        const message = await gpuShortage(prepared);
        if (message !== undefined) report({ type: 'notice', run: place.run, level: 'warning', message });
      }
      const share = isDone ? { lanes: 1, threads: prepared.threads } : await shareOut(prepared, tasks);
      const workerOf = (lane: number): StageWorker => (share.lanes === 1 ? crew.single() : crew.process(lane));
      const work = (task: Task, lane: number): Promise<Outcome> => carryOutTask(task, { prepared, place, share, signal: breaking.signal, worker: () => workerOf(lane), report, done });
      outcomes.push(...(await sideBySide(tasks, share.lanes, work, breakOff)));
      await crew.endProcesses();
    }
  } finally {
    signal?.removeEventListener('abort', breakOff);
    await crew.close();
  }
  return { executed: outcomes.filter(({ isMade }) => isMade).length, files: outcomes.flatMap(({ files }) => files) };
}

interface Outcome {
  /** False where the cache had it. */
  readonly isMade: boolean;
  /** Files and folders that it put into the run's folder. */
  readonly files: readonly string[];
}

/** What a task is carried out with. */
interface Means {
  readonly prepared: PreparedRun;
  readonly place: RunPlace;
  readonly share: Share;
  /** Aborted where the person asks to stop, or another task has failed. */
  readonly signal: AbortSignal;
  readonly worker: () => StageWorker;
  readonly report: Listener<RunEvent>;
  /** Takes up what has its output. */
  readonly done: Map<string, Outcome>;
}

async function carryOutTask(task: Task, means: Means): Promise<Outcome> {
  const { prepared, place, share, signal, worker, report } = means;
  if (signal.aborted) throw interrupted();
  const who = { run: place.run, task: task.id, stage: task.stage.name, ...(task.fold === undefined ? {} : { fold: task.fold }) };
  const emit: Listener<StageEvent> = (event) => report({ type: 'task-event', ...who, event });
  const began = performance.now();
  const made = makeUnlessDone(task, { prepared, signal, threads: share.threads, worker, emit, onStart: () => report({ type: 'task-started', ...who, ...share }) });
  const usage = await made.catch(async (error: unknown) => {
    throw await explainedMemory(error, prepared, task, share.lanes);
  });
  means.done.set(task.id, { isMade: usage !== undefined, files: [] });
  const record = foldRecord(task);
  report(usage === undefined ? { type: 'task-cached', ...who, ...record } : { type: 'task-finished', ...who, seconds: (performance.now() - began) / 1000, usage, ...record });
  const published = publish(task, place.folder);
  for (const path of published.flatMap(({ files }) => files)) report({ ...(await artifactOf(path, place)), ...who });
  return { isMade: usage !== undefined, files: published.map(({ path }) => path) };
}

/** Writes the run's report. A run whose report cannot be drawn is a good run all the same. */
async function explain(
  { tasks }: PreparedRun,
  { run, folder }: RunPlace,
  report: Listener<RunEvent>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const decoded = tasks.find(({ stage }) => stage.makes === 'examples')?.output;
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

async function areDone({ tasks, cache, forced }: PreparedRun): Promise<boolean> {
  if (forced.size > 0) return false;
  for (const task of tasks) if ((await cache.inspect(addressOf(task))).kind !== 'sound') return false;
  return true;
}

async function artifactOf(path: string, { run, folder }: RunPlace): Promise<Extract<RunEvent, { type: 'artifact' }>> {
  return { type: 'artifact', run, path: relative(folder, path).replaceAll('\\', '/'), bytes: statSync(path).size, sha256: await contentHash(path) };
}

/** How a fold went, from its first epoch on: a part of it may stand in the journal of another run, or in none. */
function foldRecord({ stage, output }: Task): { readonly record?: FoldRecord } {
  if (stage.makes !== 'model') return {};
  const { best_epoch: bestEpoch, epochs } = openOutput('model', output).history();
  return { record: { bestEpoch, epochs: epochs.map(({ epoch, lr, metrics }) => ({ epoch, lr, metrics })) } };
}

function readMetrics({ tasks }: PreparedRun): RunMetrics | null {
  const evaluation = tasks.find((task) => task.stage.name === 'evaluate');
  return evaluation === undefined ? null : readJson<RunMetrics>(evaluation.output, 'metrics.json');
}
