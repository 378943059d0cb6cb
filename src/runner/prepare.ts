import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { loadPipeline, type Experiment, type LoadedExperiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import type { Command } from '../core/events.ts';
import { makeFolder } from '../core/files.ts';
import { localModel, resolveModel, type DownloadProgress } from '../data/hub/index.ts';
import type { Device } from '../engine/runtime/index.ts';
import type { Tracker } from '../tracking/mlflow/index.ts';
import { openCache, type Cache } from './cache/cache.ts';
import { checkData } from './check/aside.ts';
import { chooseDevice, type AskedDevice, type DeviceChoice, type PassedOver } from './machine/devices.ts';
import { openFileHashes, type FileHashes } from './cache/file-hashes.ts';
import { choosePrecision, type PrecisionChoice } from './machine/precision.ts';
import { runFolderFor, type RunPlace } from './run-place.ts';
import { jobsOf, type Extent } from './jobs/extent.ts';
import { jobGraph, type Job } from './jobs/job-graph.ts';

export interface RunnerOptions {
  readonly artifacts: string;
  /** `auto`: as configured. */
  readonly device: AskedDevice;
  /** Finds the device; `chooseDevice` where it is left out. */
  readonly choose?: typeof chooseDevice;
  /** Devices that have failed in this run. */
  readonly failed?: PassedOver;
  /** The last stage to run. */
  readonly until?: string;
  /** A part of the training, of a trial that has to prove itself; left out: everything. */
  readonly extent?: Extent;
  /** Stages to run again, with everything that depends on them, even if the cache holds their output. */
  readonly force?: readonly string[];
  readonly signal?: AbortSignal;
  readonly commandLine?: readonly string[];
  /** A folder of a git checkout, whose commit is recorded. */
  readonly checkout?: string;
  /** Set if the command runs several experiments. */
  readonly command?: Command;
  /** Follows the run's journal. */
  readonly tracker?: Pick<Tracker, 'follow'>;
}

/** Everything that is settled before the first job starts. */
export interface PreparedRun {
  readonly experiment: Experiment;
  /** The run's name and folder, as things stand when it is asked. */
  readonly place: () => RunPlace;
  /** The pretrained model's directory. */
  readonly modelFolder: string;
  readonly device: Device;
  /** How it came to that device. */
  readonly deviceChoice: DeviceChoice;
  /** What products of matrices are taken in on it, in training. */
  readonly precisionChoice: PrecisionChoice;
  readonly threads: number;
  readonly cache: Cache;
  readonly hashes: FileHashes;
  readonly jobs: readonly Job[];
  /** Cache entry of every job of the pipeline, as `<stage>/<key>`, whether it runs now or not. */
  readonly entries: Readonly<Record<string, string>>;
  /** Ids of jobs that run even though the cache holds their output. */
  readonly forced: ReadonlySet<string>;
  readonly extent?: Extent;
  /** Path to SHA-256 of each file from outside. */
  readonly data: Readonly<Record<string, string>>;
}

/**
 * Chooses the device, finds or fetches the pretrained model, hashes the inputs and lays out the jobs. Runs nothing and writes no
 * run folder.
 */
export async function prepareRun(
  loaded: LoadedExperiment,
  options: RunnerOptions,
  onDownload?: (progress: DownloadProgress) => void,
): Promise<PreparedRun> {
  const asked = options.device === 'auto' ? loaded.experiment : withDevice(loaded.experiment, options.device);
  const experiment = await withPredefinedFolds(asked, options.signal);
  const deviceChoice = await (options.choose ?? chooseDevice)(experiment.resources.device, options.failed);
  const { device } = deviceChoice;
  const precisionChoice = await choosePrecision(experiment.training.precision, device);
  const pipeline = loadPipeline(experiment.pipeline);
  // Before hundreds of megabytes are fetched for data that cannot be used.
  if (localModel(experiment.model.base, experiment.model.revision) === undefined) await checkData(experiment, options.signal);
  const modelFolder = await resolveModel(experiment.model.base, {
    revision: experiment.model.revision,
    weights: experiment.model.weights === 'pretrained',
    ...(onDownload === undefined ? {} : { onProgress: onDownload }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  claimArtifacts(options.artifacts);
  const cache = openCache(options.artifacts);
  const hashes = openFileHashes(options.artifacts);
  const all = await jobGraph(experiment, pipeline, { modelFolder, precision: precisionChoice.precision }, device, cache, hashes);
  const entries = Object.fromEntries(all.map((job) => [job.id, `${job.stage.name}/${job.key}`]));
  const { extent } = options;
  const jobs = extent === undefined ? upTo(all, options.until) : jobsOf(all, extent);
  const data: Record<string, string> = {};
  for (const path of new Set(all.flatMap((job) => Object.values(job.files)))) data[path] = await hashes.of(path);
  hashes.save();
  const threads = experiment.resources.threads === 'auto' ? availableParallelism() : experiment.resources.threads;
  const place = (): RunPlace => runFolderFor(options.artifacts, experiment, data);
  return {
    experiment,
    place,
    modelFolder,
    device,
    deviceChoice,
    precisionChoice,
    threads,
    cache,
    hashes,
    jobs,
    entries,
    forced: forcedJobs(jobs, options.force ?? []),
    ...(extent === undefined ? {} : { extent }),
    data,
  };
}

/** Predefined folds are as many as their column has, which only the table says. */
async function withPredefinedFolds(experiment: Experiment, signal: AbortSignal | undefined): Promise<Experiment> {
  const { split } = experiment;
  if (split.strategy !== 'predefined') return experiment;
  const { trainRowsOfFold } = await checkData(experiment, signal);
  return { ...experiment, split: { ...split, folds: trainRowsOfFold.length } };
}

/** Throws a usage error where the artifacts folder cannot be written, before anything else needs it. */
function claimArtifacts(artifacts: string): void {
  const folder = resolve(artifacts);
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new OrtrainError('usage', `the artifacts folder ${folder} cannot be written (${code})`, {
      subject: folder,
      remedy: 'Choose another folder with --artifacts.',
      cause,
    });
  }
}

function withDevice(experiment: Experiment, device: AskedDevice): Experiment {
  return { ...experiment, resources: { ...experiment.resources, device } };
}

function upTo(jobs: readonly Job[], until: string | undefined): readonly Job[] {
  if (until === undefined) return jobs;
  const last = jobs.findLastIndex((job) => job.stage.name === until);
  if (last === -1) throw unknownStage('--until', until, jobs);
  return jobs.slice(0, last + 1);
}

/** The jobs of the named stages and everything after them. */
function forcedJobs(jobs: readonly Job[], names: readonly string[]): ReadonlySet<string> {
  const unknown = names.find((name) => !jobs.some((job) => job.stage.name === name));
  if (unknown !== undefined) throw unknownStage('--force', unknown, jobs);
  const forced = new Set<string>();
  for (const job of jobs) {
    if (names.includes(job.stage.name) || job.after.some((id) => forced.has(id))) forced.add(job.id);
  }
  return forced;
}

function unknownStage(flag: string, name: string, jobs: readonly Job[]): OrtrainError {
  const names = [...new Set(jobs.map((job) => job.stage.name))];
  return new OrtrainError('usage', `${flag} ${name}: this run has no stage of that name`, {
    subject: name,
    remedy: `Its stages are ${names.join(', ')}.`,
  });
}
