import type { Experiment, Pipeline } from '../../config/index.ts';
import { onnxruntimeVersion } from '../../engine/runtime/index.ts';
import type { Need, Stage, ResolvedModel } from '../../stages/index.ts';
import type { Address, Cache } from '../cache/cache.ts';
import type { FileHashes } from '../cache/file-hashes.ts';
import type { Expected } from '../cache/manifest.ts';
import { jobKey, type JobKey } from './keys.ts';
import { plannedStages } from './planned-stages.ts';

/** One stage, for one fold where the pipeline says so, with everything needed to run it. */
export interface Job extends JobKey {
  /** `train[2]`: the stage and its fold. */
  readonly id: string;
  readonly stage: Stage;
  readonly fold: number | undefined;
  /** The cache entry that holds, or will hold, its output. */
  readonly output: string;
  /** Files that its output has at least. */
  readonly writes: readonly string[];
  readonly params: unknown;
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Ids of the jobs whose output it reads. */
  readonly after: readonly string[];
}

/** The jobs of an experiment in the order in which they run. Throws what `plannedStages` throws. */
export async function jobGraph(
  experiment: Experiment,
  pipeline: Pipeline,
  resolved: ResolvedModel,
  device: string,
  cache: Cache,
  hashes: FileHashes,
): Promise<readonly Job[]> {
  const planned = plannedStages(experiment, pipeline);
  const jobs: Job[] = [];
  const producers = new Map<string, readonly Job[]>();
  for (const { stage, perFold } of planned) {
    const { params, files } = stage.pick(experiment, resolved);
    const contents: Record<string, string> = {};
    for (const [name, path] of Object.entries(files)) contents[name] = await hashes.of(path);
    const folds = perFold ? trainedFolds(experiment) : [undefined];
    const made = folds.map((fold): Job => {
      const inputs = Object.entries(stage.needs).map(([kind, need]) => ({ kind, need, from: producersOf(kind, need, fold, producers) }));
      const engine = stage.usesDevice
        ? { device, onnxruntime: onnxruntimeVersion(), ...(resolved.precision === 'tf32' ? { products: 'tf32' } : {}) }
        : null;
      const keyed = jobKey(stage, { params, files, contents, fold: fold ?? null, engine }, inputs);
      return {
        ...keyed,
        id: fold === undefined ? stage.name : `${stage.name}[${fold}]`,
        stage,
        fold,
        output: cache.entry({ stage: stage.name, key: keyed.key }),
        writes: stage.writes(
          experiment,
          (kind) => inputs.some(({ kind: name, from }) => name === kind && from.length > 0),
          Object.keys(files),
        ),
        params,
        files,
        inputs: Object.fromEntries(inputs.map(({ kind, from }) => [kind, from.map((job) => job.output)])),
        after: inputs.flatMap(({ from }) => from.map((job) => job.id)),
      };
    });
    jobs.push(...made);
    producers.set(stage.makes, made);
  }
  return jobs;
}

/** Where the cache has a job's output. */
export function addressOf({ stage, key, writes }: Job): Address & Expected {
  return { stage: stage.name, key, files: writes };
}

/** The fold of a job that runs for each. */
export function foldOf({ stage, fold }: Pick<Job, 'stage' | 'fold'>): number {
  if (fold === undefined) throw new Error(`the stage ${stage.name} runs once, and was asked for its fold`);
  return fold;
}

/** The folds that are trained: those that the configuration picks, or all. */
export function trainedFolds({ split }: Experiment): readonly number[] {
  return split.only ?? Array.from({ length: split.folds }, (_, fold) => fold);
}

function producersOf(kind: string, need: Need, fold: number | undefined, producers: ReadonlyMap<string, readonly Job[]>): readonly Job[] {
  const from = producers.get(kind) ?? [];
  if (need === 'each-fold') return from;
  const own = from.find((job) => job.fold === fold || job.fold === undefined);
  return own === undefined ? [] : [own];
}
