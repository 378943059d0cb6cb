import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedExperiment } from '../config/index.ts';
import { interrupted, OrtrainError } from '../core/errors.ts';
import type { Listener, RunEvent } from '../core/events.ts';
import type { RunMetrics } from '../stages/index.ts';
import { openJournal } from '../tracking/journal.ts';
import { checkData } from './check-data.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from './prepare.ts';
import { environment, openRunFolder, publish } from './run-folder.ts';
import type { Task } from './task-graph.ts';
import { startStageWorker, type StageWorker } from './worker.ts';

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
 * Carries an experiment out: each task whose output the cache does not hold runs in the worker, in a temporary folder that
 * is moved into the cache when it is done. Everything that happens goes to `listen` and into the run's journal.
 */
export async function runExperiment(loaded: LoadedExperiment, options: RunnerOptions, listen: Listener<RunEvent>): Promise<RunResult> {
  const started = performance.now();
  const prepared = await prepareRun(loaded, options, (progress) => listen({ type: 'download', ...progress }));
  const { run, folder, tasks } = prepared;
  openRunFolder(folder, prepared.experiment, environment(prepared.device, prepared.threads, options.commandLine ?? [], prepared.data));
  const journal = openJournal(join(folder, 'journal.jsonl'));
  const report: Listener<RunEvent> = (event) => {
    journal.append(event);
    listen(event);
  };
  const seconds = (): number => (performance.now() - started) / 1000;
  report({ type: 'run-started', run, folder, tasks: tasks.map(({ id, stage, fold }) => ({ id, stage: stage.name, ...(fold === undefined ? {} : { fold }) })), pid: process.pid });
  try {
    const { executed, files } = await carryOut(prepared, options.signal, report);
    const metrics = readMetrics(prepared);
    report({ type: 'run-finished', run, seconds: seconds(), summary: metrics === null ? {} : summaryOf(metrics) });
    return { run, folder, seconds: seconds(), executed, cached: tasks.length - executed, metrics, files };
  } catch (error) {
    const isInterrupt = error instanceof OrtrainError && error.code === 'interrupted';
    report({ type: 'run-failed', run, seconds: seconds(), error: error instanceof Error ? error.message : String(error), interrupted: isInterrupt });
    throw error;
  } finally {
    journal.close();
  }
}

async function carryOut(
  prepared: PreparedRun,
  signal: AbortSignal | undefined,
  report: Listener<RunEvent>,
): Promise<{ readonly executed: number; readonly files: readonly string[] }> {
  let worker: StageWorker | undefined;
  const stop = (): void => worker?.stop();
  signal?.addEventListener('abort', stop);
  const files: string[] = [];
  let executed = 0;
  try {
    if (!prepared.tasks.every((task) => isDone(task, prepared))) await checkData(prepared.experiment);
    for (const task of prepared.tasks) {
      if (signal?.aborted === true) throw interrupted();
      const who = { run: prepared.run, task: task.id, stage: task.stage.name, ...(task.fold === undefined ? {} : { fold: task.fold }) };
      if (isDone(task, prepared)) {
        report({ type: 'task-cached', ...who });
      } else {
        const began = performance.now();
        report({ type: 'task-started', ...who });
        worker ??= startStageWorker();
        await perform(task, prepared, worker, (event) => report({ type: 'task-event', ...who, event }));
        executed += 1;
        report({ type: 'task-finished', ...who, seconds: (performance.now() - began) / 1000 });
      }
      files.push(...publish(task, prepared.folder));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker?.close();
  }
  return { executed, files };
}

/** Whether the cache holds the task's output, so that it need not be carried out. */
function isDone(task: Task, { cache, forced }: PreparedRun): boolean {
  return cache.has(task.stage.name, task.key) && !forced.has(task.id);
}

async function perform(task: Task, prepared: PreparedRun, worker: StageWorker, emit: Parameters<StageWorker['perform']>[1]): Promise<void> {
  const { cache, threads, forced } = prepared;
  const output = cache.begin();
  try {
    const { params, files, inputs } = task;
    const { tracking, resources } = prepared.experiment;
    const partial = { folder: cache.partial(task.stage.name, task.key), everySeconds: resources.checkpoint_seconds };
    const order = { stage: task.stage.name, params, files, inputs, output, partial, fold: task.fold ?? 0, threads, logEvery: tracking.log_every };
    await worker.perform(order, emit);
    cache.commit(output, task.stage.name, task.key, forced.has(task.id));
  } finally {
    cache.discard(output);
  }
}

function readMetrics({ tasks }: PreparedRun): RunMetrics | null {
  const evaluation = tasks.find((task) => task.stage.name === 'evaluate');
  return evaluation === undefined ? null : (JSON.parse(readFileSync(join(evaluation.output, 'metrics.json'), 'utf8')) as RunMetrics);
}

/** The figures by which runs are compared: `oof/…` and `cv/<metric>/mean|sd`. */
function summaryOf({ oof, cv }: RunMetrics): Readonly<Record<string, number>> {
  return {
    ...oof,
    ...Object.fromEntries(Object.entries(cv).flatMap(([name, { mean, sd }]) => [[`cv/${name}/mean`, mean], [`cv/${name}/sd`, sd]])),
  };
}
