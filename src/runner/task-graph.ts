import type { Experiment, Pipeline } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { hashOf } from '../core/hash.ts';
import { onnxruntimeVersion } from '../engine/runtime/version.ts';
import { stages, type Need, type Stage, type Surroundings } from '../stages/index.ts';
import type { Address, Cache } from './cache.ts';
import type { FileHashes } from './file-hashes.ts';
import type { KeyParts } from './manifest.ts';

/** One stage, for one fold where the pipeline says so, with everything it takes to carry it out. */
export interface Task {
  /** `train[2]`: the stage and its fold. */
  readonly id: string;
  readonly stage: Stage;
  readonly fold: number | undefined;
  /** Hash of `parts`. */
  readonly key: string;
  readonly parts: KeyParts;
  /** The cache entry that holds, or will hold, its output. */
  readonly output: string;
  readonly params: unknown;
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Ids of the tasks whose output it reads. */
  readonly after: readonly string[];
}

interface PlannedStage {
  readonly stage: Stage;
  readonly perFold: boolean;
}

/** The tasks of an experiment in the order in which they run. Throws before anything starts if an input has no producer. */
export async function taskGraph(
  experiment: Experiment,
  pipeline: Pipeline,
  surroundings: Surroundings,
  device: string,
  cache: Cache,
  hashes: FileHashes,
): Promise<readonly Task[]> {
  const planned = activeStages(experiment, pipeline);
  const tasks: Task[] = [];
  const producers = new Map<string, readonly Task[]>();
  for (const { stage, perFold } of planned) {
    const { params, files } = stage.pick(experiment, surroundings);
    const contents: Record<string, string> = {};
    for (const [name, path] of Object.entries(files)) contents[name] = await hashes.of(path);
    const folds = perFold ? trainedFolds(experiment) : [undefined];
    const made = folds.map((fold): Task => {
      const inputs = Object.entries(stage.needs).map(([kind, need]) => [kind, producersOf(stage, kind, need, fold, producers)] as const);
      const parts: KeyParts = {
        stage: stage.name,
        version: stage.version,
        params,
        contents,
        fold: fold ?? null,
        inputs: Object.fromEntries(inputs.map(([kind, from]) => [kind, from.map((task) => task.key)])),
        engine: stage.usesDevice ? { device, onnxruntime: onnxruntimeVersion() } : null,
      };
      const key = hashOf(parts);
      return {
        id: fold === undefined ? stage.name : `${stage.name}[${fold}]`,
        stage,
        fold,
        key,
        parts,
        output: cache.entry({ stage: stage.name, key }),
        params,
        files,
        inputs: Object.fromEntries(inputs.map(([kind, from]) => [kind, from.map((task) => task.output)])),
        after: inputs.flatMap(([, from]) => from.map((task) => task.id)),
      };
    });
    tasks.push(...made);
    producers.set(stage.makes, made);
  }
  return tasks;
}

/** Where the cache has a task's output. */
export function addressOf({ stage, key }: Task): Address {
  return { stage: stage.name, key };
}

/** The folds that are trained: those that the configuration picks, or all. */
export function trainedFolds({ split }: Experiment): readonly number[] {
  return split.only ?? Array.from({ length: split.folds }, (_, fold) => fold);
}

function activeStages(experiment: Experiment, pipeline: Pipeline): readonly PlannedStage[] {
  return pipeline.stages
    .filter(({ when }) => when === undefined || Boolean(valueAt(experiment, when)))
    .map(({ stage: name, foreach }) => {
      const stage = stages[name];
      if (stage === undefined) {
        throw new OrtrainError('config', `pipeline ${pipeline.name} names the stage ${name}, which does not exist`, {
          subject: pipeline.name,
          remedy: `The stages are ${Object.keys(stages).join(', ')}.`,
        });
      }
      return { stage, perFold: foreach === 'fold' };
    });
}

function producersOf(
  stage: Stage,
  kind: string,
  need: Need,
  fold: number | undefined,
  producers: ReadonlyMap<string, readonly Task[]>,
): readonly Task[] {
  const from = producers.get(kind) ?? [];
  if (from.length === 0 && need !== 'optional') {
    throw new OrtrainError('config', `stage ${stage.name} needs ${kind}, and no stage before it makes that`, {
      subject: stage.name,
      remedy: 'Put the stage that makes it earlier in the pipeline file, or remove this one.',
    });
  }
  if (need === 'each-fold') return from;
  const own = from.find((task) => task.fold === fold || task.fold === undefined);
  return own === undefined ? [] : [own];
}

function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | null)?.[key], experiment);
}
