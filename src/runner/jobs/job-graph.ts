import { foldsOf, type Experiment, type Pipeline } from '../../config/index.ts';
import type { ModelId } from '../../core/model-name.ts';
import { onnxruntimeVersion } from '../../engine/runtime/index.ts';
import type { Need, Stage, ResolvedModel } from '../../stages/index.ts';
import type { Address, Cache } from '../cache/cache.ts';
import type { FileHashes } from '../cache/file-hashes.ts';
import type { Expected } from '../cache/manifest.ts';
import { jobKey, type JobKey } from './keys.ts';
import { plannedStages } from './planned-stages.ts';

/** One stage, for one fold where the pipeline says so, with everything needed to run it. */
export interface Job extends JobKey {
  /** `train[2]`: the stage and its fold; `train[2, seed 7]` where there are several seeds. */
  readonly id: string;
  readonly stage: Stage;
  readonly fold: number | undefined;
  readonly seed: number | undefined;
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
    if ((await stage.applies?.(experiment)) === false) continue;
    const { files } = stage.pick(experiment, resolved);
    const contents: Record<string, string> = {};
    for (const [name, path] of Object.entries(files)) contents[name] = await hashes.of(path);
    const made = turnsOf(stage, perFold, experiment).map(({ fold, seed }): Job => {
      const { params } = stage.pick(seed === undefined ? experiment : { ...experiment, seed }, resolved);
      const inputs = Object.entries(stage.needs).map(([kind, need]) => ({
        kind,
        need,
        from: producersOf(kind, need, { fold, seed }, producers),
      }));
      const engine = stage.usesDevice
        ? { device, onnxruntime: onnxruntimeVersion(), ...(resolved.precision === 'tf32' ? { products: 'tf32' } : {}) }
        : null;
      const keyed = jobKey(stage, { params, files, contents, fold: fold ?? null, engine }, inputs);
      return {
        ...keyed,
        id: idOf(stage, { fold, seed }),
        stage,
        fold,
        seed,
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

/** As events and documents give it: what does not apply is left out. */
export function placeOf({ fold, seed }: Pick<Job, 'fold' | 'seed'>): { readonly fold?: number; readonly seed?: number } {
  return { ...(fold === undefined ? {} : { fold }), ...(seed === undefined ? {} : { seed }) };
}

/** The model that a job trains. */
export function modelOf({ stage, fold, seed }: Pick<Job, 'stage' | 'fold' | 'seed'>): ModelId {
  if (stage.makes === 'final') return { fold: 'all', seed };
  if (fold === undefined) throw new Error(`the stage ${stage.name} runs once, and was asked for its fold`);
  return { fold, seed };
}

/** The fold of a job that runs for each. */
export function foldOf({ stage, fold }: Pick<Job, 'stage' | 'fold'>): number {
  if (fold === undefined) throw new Error(`the stage ${stage.name} runs once, and was asked for its fold`);
  return fold;
}

/** A model of the folds: which rows it is trained on, and with which seed where there are several. */
export interface TrainedModel extends ModelId {
  readonly fold: number;
  readonly seed: number | undefined;
}

/** The folds that are trained: those that the configuration picks, or all. */
export function trainedFolds({ data, split }: Pick<Experiment, 'data' | 'split'>): readonly number[] {
  return split.only ?? Array.from({ length: foldsOf({ data, split }) }, (_, fold) => fold);
}

/** The models of those folds, each with all seeds one after the other. */
export function trainedModels({ data, split, training }: Pick<Experiment, 'data' | 'split' | 'training'>): readonly TrainedModel[] {
  return trainedFolds({ data, split }).flatMap((fold) => (training.seeds ?? [undefined]).map((seed) => ({ fold, seed })));
}

/** The models that are trained on all rows, one a seed. */
export function refittedModels({ training: { refit, seeds } }: Pick<Experiment, 'training'>): readonly ModelId[] {
  return refit ? (seeds ?? [undefined]).map((seed) => ({ fold: 'all', seed })) : [];
}

/** How many models predict. */
export function predictingModels(experiment: Experiment): number {
  const { models } = experiment.prediction;
  return (models === 'all' ? 0 : trainedModels(experiment).length) + (models === 'folds' ? 0 : refittedModels(experiment).length);
}

/** The seed of a model: its own, or the experiment's. */
export function seedOf({ seed }: ModelId, experiment: Pick<Experiment, 'seed'>): number {
  return seed ?? experiment.seed;
}

type Turn = Pick<Job, 'fold' | 'seed'>;

function turnsOf(stage: Stage, perFold: boolean, experiment: Experiment): readonly Turn[] {
  const seeds = (stage.isSeeded === true ? experiment.training.seeds : null) ?? [undefined];
  if (!perFold) return seeds.map((seed) => ({ fold: undefined, seed }));
  return stage.isSeeded === true ? trainedModels(experiment) : trainedFolds(experiment).map((fold) => ({ fold, seed: undefined }));
}

function idOf({ name }: Stage, { fold, seed }: Turn): string {
  const turn = [...(fold === undefined ? [] : [fold]), ...(seed === undefined ? [] : [`seed ${seed}`])].join(', ');
  return turn === '' ? name : `${name}[${turn}]`;
}

function producersOf(kind: string, need: Need, { fold, seed }: Turn, producers: ReadonlyMap<string, readonly Job[]>): readonly Job[] {
  const from = producers.get(kind) ?? [];
  // A model of one seed reads those of the same.
  if (need === 'each-fold' || need === 'any') return from.filter((job) => seed === undefined || (job.seed ?? seed) === seed);
  const own = from.find((job) => (job.fold ?? fold) === fold && (job.seed ?? seed) === seed);
  return own === undefined ? [] : [own];
}
