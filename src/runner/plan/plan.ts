import { type Experiment, type LoadedExperiment } from '../../config/index.ts';
import { paddingShare } from '../../data/tokens/index.ts';
import { checkpointProgress } from '../../training/index.ts';
import { readData, sizesOf, type DataSizes } from '../check/data.ts';
import { checkModel } from '../check/model.ts';
import { choiceInWords, plannedDevice } from '../machine/devices.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from '../prepare.ts';
import { reasonsToMake } from '../cache/reasons-to-make.ts';
import { environmentOf } from '../run-environment.ts';
import { parallelismOf, type Parallelism } from '../jobs/parallelism.ts';
import { addressOf, foldOf, modelOf, placeOf, trainedFolds, trainedModels, type Job } from '../jobs/job-graph.ts';
import { checkpointBytes, jobDiskBytes, type Substance } from './disk.ts';
import { detailOf, epochSteps } from './details.ts';
import { earlierSpeeds } from './earlier.ts';
import { gpuPlan, type GpuPlan } from './gpu.ts';
import { besideBytes, jobBytes } from './memory.ts';
import { probeSpeeds } from './probe.ts';
import { sum, jobSeconds, type Speeds } from './speeds.ts';
import { workloadOf, type Workload } from './workload.ts';

export interface PlanOptions extends RunnerOptions {
  /** Time a few batches now, in place of believing an earlier run. */
  readonly probe?: boolean;
}

export interface JobPlan {
  readonly id: string;
  readonly stage: string;
  readonly fold?: number;
  /** Where there are several. */
  readonly seed?: number;
  readonly key: string;
  /** True where the cache holds the output, so that nothing will run. */
  readonly cached: boolean;
  /** Why it will run, as sentences; empty where it is cached. */
  readonly why: readonly string[];
  /** What it amounts to, such as `1905 steps: 3 epochs of 635`. */
  readonly detail: readonly string[];
  /**
   * What goes through the model, in all epochs, also those that a checkpoint holds; null where none does, or only features of a frozen
   * encoder.
   */
  readonly tokens: TokenCount | null;
  /** The most memory that the process holds meanwhile; null where it is cached. */
  readonly peakBytes: number | null;
  /** What it leaves on the disk, in the cache and the run's folder; null where it is cached. */
  readonly diskBytes: number | null;
  /** Training steps that a checkpoint holds, so that they are not done again. */
  readonly stepsDone: number;
  /** Null where it is cached, or no speed is known. */
  readonly seconds: number | null;
}

export interface TokenCount {
  /** Without padding. */
  readonly count: number;
  /** The share of padding in what the model computes, 0 to 1. */
  readonly padding: number;
}

export interface ExperimentPlan {
  readonly experiment: Experiment;
  readonly run: string;
  readonly folder: string;
  readonly device: string;
  /** Which device, and why no better one. */
  readonly deviceInWords: string;
  /** How many folds are trained at a time, and with how many threads each. */
  readonly share: Parallelism;
  readonly tasks: readonly JobPlan[];
  /** Of all folds and epochs, whether cached or not; stopping rules can only make them fewer. */
  readonly totals: {
    readonly steps: number;
    readonly folds: number;
    /** How often each fold is trained. */
    readonly seeds: number;
    readonly epochs: number;
    readonly rows: number;
    readonly testRows: number;
    /** That the folds are trained on; null as for a job. */
    readonly tokens: TokenCount | null;
  };
  /** What the jobs that will run need of this machine. */
  readonly estimate: {
    /** Null where nothing is to be done. */
    readonly peakBytes: number | null;
    /** Of the GPU that trains and predicts; null on the CPU, and where nothing is to be done. */
    readonly gpu: GpuPlan | null;
    /** What stays on the disk of what is to be done; null where nothing is. */
    readonly diskBytes: number | null;
    /** What checkpoints take of the disk besides, at most, while folds are trained. */
    readonly checkpointBytes: number;
    /** Null where no speed is known. */
    readonly seconds: number | null;
    /** Where the speed was found; null where no job needs one, or none is known. */
    readonly source: string | null;
    /** True where a rule may end the training early, so that it can only take less. */
    readonly atMost: boolean;
  };
}

/**
 * What a run would do, without doing it: every job, whether it is cached, the exact number of steps and tokens, and what they will take.
 */
export async function planExperiment(loaded: LoadedExperiment, options: PlanOptions): Promise<ExperimentPlan> {
  const prepared = await prepareRun(loaded, { ...options, choose: plannedDevice });
  const { experiment, device, deviceChoice, jobs } = prepared;
  const { run, folder } = prepared.place();
  const data = await readData(experiment);
  const sizes = sizesOf(data);
  const why = await Promise.all(jobs.map((job) => whyRun(job, prepared)));
  const todo = jobs.filter((_, i) => why[i]?.length !== 0);
  if (todo.length > 0) await checkModel(experiment, prepared.modelFolder, data);
  const workload = await workloadOf(prepared, data);
  const share = await parallelismOf(prepared, jobs.filter(({ stage }) => stage.name === 'train'));
  const speeds = workload === undefined ? undefined : await speedsFor(todo, { prepared, share, workload }, options);
  const planned = jobs.map((job, i) => jobPlan(job, why[i] ?? [], { prepared, sizes, share, workload, speeds }));
  return {
    experiment,
    run,
    folder,
    device,
    deviceInWords: choiceInWords(deviceChoice),
    share,
    tasks: planned,
    totals: totalsOf(experiment, sizes, workload),
    estimate: {
      peakBytes: peakOf(planned, share),
      gpu:
        device === 'cpu' || workload === undefined || !todo.some(({ stage }) => stage.usesDevice)
          ? null
          : await gpuPlan(workload, experiment.training, device),
      ...diskOf(planned, share, { workload, experiment, sizes }),
      seconds: secondsOf(planned, share),
      source: speeds?.source ?? null,
      atMost: experiment.training.early_stopping !== null && todo.some(({ stage }) => stage.name === 'train'),
    },
  };
}

/** Of all processes together: folds that are trained side by side have one each. */
function peakOf(planned: readonly JobPlan[], { lanes }: Parallelism): number | null {
  const left = planned.filter(({ cached }) => !cached);
  const beside = Math.min(lanes, left.filter(({ stage }) => stage === 'train').length);
  return left.reduce<number | null>(
    (most, { stage, peakBytes }) =>
      peakBytes === null ? most : Math.max(most ?? 0, stage === 'train' && lanes > 1 ? besideBytes(beside, peakBytes) : peakBytes),
    null,
  );
}

function diskOf(
  planned: readonly JobPlan[],
  { lanes }: Parallelism,
  substance: Substance,
): Pick<ExperimentPlan['estimate'], 'diskBytes' | 'checkpointBytes'> {
  const left = planned.filter(({ cached }) => !cached);
  const beside = Math.min(lanes, left.filter(({ stage }) => stage === 'train').length);
  return {
    diskBytes: left.length === 0 ? null : left.reduce((total, { diskBytes }) => total + (diskBytes ?? 0), 0),
    checkpointBytes: beside === 0 ? 0 : beside * checkpointBytes(substance),
  };
}

/** Folds take turns in lanes, so as many rounds of the mean fold as the lanes need. */
function secondsOf(planned: readonly JobPlan[], { lanes }: Parallelism): number | null {
  const left = planned.filter(({ cached }) => !cached);
  const of = (isTraining: boolean): number | undefined =>
    sum(...left.filter(({ stage }) => (stage === 'train') === isTraining).map(({ seconds }) => seconds ?? undefined));
  const folds = left.filter(({ stage }) => stage === 'train').length;
  const training = of(true);
  return sum(of(false), training === undefined || folds === 0 ? training : (training / folds) * Math.ceil(folds / lanes)) ?? null;
}

interface Known {
  readonly prepared: PreparedRun;
  readonly sizes: DataSizes;
  readonly share: Parallelism;
  readonly workload: Workload | undefined;
  readonly speeds: Speeds | undefined;
}

function jobPlan(
  job: Job,
  why: readonly string[],
  { prepared: { experiment, cache }, sizes, share, workload, speeds }: Known,
): JobPlan {
  const cached = why.length === 0;
  const stepsDone = cached || job.stage.name !== 'train' ? 0 : checkpointProgress(cache.partial(addressOf(job))).step;
  const left = stepsDone === 0 ? 1 : 1 - stepsDone / (experiment.training.epochs * epochSteps(foldOf(job), experiment, sizes));
  return {
    id: job.id,
    stage: job.stage.name,
    ...placeOf(job),
    key: job.key,
    cached,
    why,
    detail: [...detailOf(job, experiment, sizes, workload), ...(stepsDone === 0 ? [] : [`resumes after step ${stepsDone}`])],
    tokens: tokensOf(job, workload),
    peakBytes: cached ? null : jobBytes(job, workload, experiment.training, share.lanes),
    diskBytes: cached ? null : jobDiskBytes(job, { workload, experiment, sizes }),
    stepsDone,
    seconds: cached ? null : (jobSeconds(job, { workload, speeds, experiment, rows: sizes.rows, left }) ?? null),
  };
}

/** None where no job that runs a model is left to do. */
async function speedsFor(
  todo: readonly Job[],
  { prepared, share, workload }: { readonly prepared: PreparedRun; readonly share: Parallelism; readonly workload: Workload },
  { probe = false, artifacts }: PlanOptions,
): Promise<Speeds | undefined> {
  const has = (stage: string): boolean => todo.some((job) => job.stage.name === stage);
  const wanted = { training: has('train') || has('refit'), evaluation: has('predict'), encoding: has('encode') };
  if (!Object.values(wanted).includes(true)) return undefined;
  // A GPU computes in a process of its own, with the libraries that it needs; there earlier runs are what is known.
  if (probe && prepared.device === 'cpu') return probeSpeeds({ ...prepared, threads: share.threads }, workload, wanted);
  return earlierSpeeds(artifacts, prepared.experiment, environmentOf(prepared, []));
}

async function whyRun(job: Job, { cache, forced }: PreparedRun): Promise<readonly string[]> {
  if (forced.has(job.id)) return ['asked for with --force'];
  const state = await cache.inspect(addressOf(job));
  if (state.kind === 'broken') return [`its entry in the cache is broken: ${state.problem}`];
  return state.kind === 'sound' ? [] : reasonsToMake(job.parts, cache.manifests(job.stage.name), job.keyFiles);
}

function totalsOf(experiment: Experiment, sizes: DataSizes, workload: Workload | undefined): ExperimentPlan['totals'] {
  const [models, { epochs, seeds }] = [trainedModels(experiment), experiment.training];
  return {
    steps: models.reduce((total, { fold }) => total + epochs * epochSteps(fold, experiment, sizes), 0),
    folds: trainedFolds(experiment).length,
    seeds: seeds?.length ?? 1,
    epochs,
    rows: sizes.rows,
    testRows: sizes.testRows ?? 0,
    tokens:
      workload === undefined || workload.part.fed === 'features'
        ? null
        : tokenCount([...workload.models.values()].map(({ training }) => training)),
  };
}

function tokensOf(job: Job, workload: Workload | undefined): TokenCount | null {
  const { stage } = job;
  if (stage.name === 'encode') return tokenCount([...(workload?.encoding.values() ?? [])]);
  if (workload === undefined || workload.part.fed === 'features') return null;
  if (stage.name === 'train' || stage.name === 'refit') return tokenCount([workload.of(modelOf(job))?.training]);
  return stage.name === 'predict' ? tokenCount([workload.prediction]) : null;
}

function tokenCount(passes: readonly ({ readonly tokens: number; readonly positions: number } | undefined)[]): TokenCount {
  const [tokens, positions] = (['tokens', 'positions'] as const).map((key) =>
    passes.reduce((total, each) => total + (each?.[key] ?? 0), 0),
  ) as [number, number];
  return { count: tokens, padding: paddingShare({ tokens, positions }) };
}
