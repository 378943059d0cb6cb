import { join, relative } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { hashOf } from '../../core/hash.ts';
import { presentFiles } from '../../data/hub/index.ts';
import type { TextColumns } from '../../data/texts/index.ts';
import type { Device } from '../../engine/runtime/index.ts';
import { findModel, type FoundModel } from '../../training/index.ts';
import type { TaskName } from '../../tasks/index.ts';
import { summaryOf } from '../../tracking/index.ts';
import { verifyModels } from '../models/verify-models.ts';
import type { FoundModels } from './find-models.ts';

/** What a classifier is. Plain data. */
export interface ClassifierDescription<T extends TaskName = TaskName> {
  /** What `openClassifier` was given. */
  readonly kind: 'run' | 'folder' | 'hub';
  /** The run's name, the folder or file, or the hub's name. */
  readonly name: string;
  readonly task: T;
  /** Names of the classes, labels or grades, or of the columns of numbers. */
  readonly targets: readonly string[];
  /** Whether texts come in pairs; null where nothing says so, and both are taken. */
  readonly pairs: boolean | null;
  /** `data.text` of the run: the columns or templates that its texts were made of. Null for other models. */
  readonly text: TextColumns | null;
  /** Tokens that a text or a pair is cut to. */
  readonly maxLength: number;
  /** Rows that go through a model at a time. */
  readonly batchSize: number;
  /** Where it computes. */
  readonly device: Device;
  /** Of the CPU. */
  readonly threads: number;
  /** Those whose predictions are averaged. */
  readonly models: readonly DescribedModel[];
  /** A digest of all files of all models: the same for the same predictions. */
  readonly sha256: string;
  /** Of the run: `oof/…`, `cv/<metric>/mean|sd`, `baseline/oof/…` and `test/…`. Null for other models, and before an evaluation. */
  readonly metrics: Readonly<Record<string, number | null>> | null;
}

export interface DescribedModel {
  /** `fold-0`, `all`, or as the classifier is called. */
  readonly name: string;
  /** Its directory, or its ONNX file. */
  readonly path: string;
  /** SHA-256 of each of its files. */
  readonly files: Readonly<Record<string, string>>;
}

export function describe(
  { kind, name, run, pairs }: FoundModels,
  { task, maxLength }: FoundModel,
  given: Pick<ClassifierDescription, 'batchSize' | 'device' | 'threads' | 'task' | 'models'>,
): ClassifierDescription {
  return {
    kind,
    name,
    task: given.task,
    targets: task.names,
    pairs,
    text: run?.experiment.data.text ?? null,
    maxLength,
    batchSize: given.batchSize,
    device: given.device,
    threads: given.threads,
    models: given.models,
    sha256: digestOfModels(given.models),
    metrics: run === undefined || run.metrics === null ? null : summaryOf(run.metrics),
  };
}

export function digestOfModels(models: readonly DescribedModel[]): string {
  return hashOf(models.map(({ files }) => files));
}

/**
 * Reads the files of all models once, to know their digests. Throws a `data` error where a model of a run is not as the run left it; of
 * other models nobody knows how they were.
 */
export async function verifiedModels(
  { models, run, isWhole = false }: FoundModels,
  signal: AbortSignal | undefined,
): Promise<readonly DescribedModel[]> {
  if (run !== undefined) await verifyModels(run, models.map(({ path }) => path), isWhole ? 'all' : 'these', signal);
  return Promise.all(models.map(async (model) => ({ ...model, files: await digestsOf(model.path) })));
}

async function digestsOf(path: string): Promise<Readonly<Record<string, string>>> {
  const { folder, file } = findModel(path);
  const names = [...presentFiles(folder), ...(file === undefined ? [] : [relative(folder, file).replaceAll('\\', '/')])];
  const digests = await Promise.all(names.map(async (name) => [name, await contentHash(join(folder, name))] as const));
  return Object.fromEntries(digests);
}
