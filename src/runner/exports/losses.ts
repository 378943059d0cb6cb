import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { modelName, type ModelId } from '../../core/model-name.ts';
import { folderInside } from '../../core/inside.ts';
import { valueAt } from '../../core/values.ts';
import { encodeTexts, type TokenSet, type Tokenizer } from '../../data/tokens/index.ts';
import { joinedTargets, rowCount } from '../../data/examples/index.ts';
import { ensemblePredictions, portablePredictions, writePortableFile, type Precision } from '../../training/index.ts';
import { measured, type Predictions, type Task } from '../../tasks/index.ts';
import { validationAside } from '../models/validation-aside.ts';
import type { Validation } from '../models/validation-rows.ts';
import { trainedModels } from '../models/predict.ts';
import type { StoredRun } from '../stored/runs.ts';

/** What measuring asks of its surroundings. */
export interface Measuring {
  readonly run: StoredRun;
  readonly task: Task;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  readonly speed: { readonly device: 'cpu'; readonly threads: number; readonly batchSize: number };
  /** Where files may lie for a while. */
  readonly temporary: string;
  readonly signal?: AbortSignal | undefined;
  /** May throw to stop. */
  readonly onProgress: (done: number, total: number, what: string) => void;
}

/** Metrics on rows that no model was trained on. */
export interface Loss {
  readonly rows: number;
  /** Of the run's own predictions. */
  readonly before: Readonly<Record<string, number>>;
  /** In each precision. */
  readonly after: ReadonlyMap<Precision, Readonly<Record<string, number>>>;
}

/** The models of folds, each of which has rows that it was not trained on. */
export function foldModels(run: StoredRun): readonly ModelId[] {
  return trainedModels(run).filter(({ fold }) => fold !== 'all');
}

/**
 * What smaller precisions cost, on out-of-fold rows: every fold's model answers for its own validation rows, in the run's precision and in
 * each of these. Models of several seeds answer together.
 *
 * @param judged the task with the loss that the run was trained by
 */
export async function measuredLoss(precisions: readonly Precision[], judged: Task, measuring: Measuring): Promise<Loss> {
  const { run, task } = measuring;
  const models = foldModels(run);
  const folds = [...new Set(models.map(({ fold }) => fold))];
  const validations: Validation[] = [];
  const own: Predictions[] = [];
  const answers = new Map<Precision, Predictions[]>(precisions.map((precision) => [precision, []]));
  for (const fold of folds) {
    const ofFold = models.filter((model) => model.fold === fold);
    const validation = await validationAside(run, fold, task.description, measuring.signal);
    const tokens = await tokensOf(validation, measuring);
    const folders = ofFold.map((model) => folderInside(run.folder, `models/${modelName(model)}`));
    const what = `fold ${fold}`;
    const rows = validation.texts.length;
    const ours = (done: number): void => measuring.onProgress(done, rows, what);
    validations.push(validation);
    own.push(
      ofFold.every((model) => isRecorded(run, model))
        ? validation.predictions
        : await ensemblePredictions(folders, { kind: 'tokens', tokens }, measuring.speed, ours),
    );
    for (const precision of precisions) {
      const seeds: Predictions[] = [];
      for (const folder of folders) seeds.push(await inPrecision(folder, precision, tokens, what, measuring));
      answers.get(precision)?.push(meanOf(seeds));
    }
  }
  const targets = validations.map((validation) => validation.targets).reduce((all, more) => joinedTargets(all, more));
  return {
    rows: rowCount(targets),
    before: measured(judged, targets, together(own)),
    after: new Map([...answers].map(([precision, parts]) => [precision, measured(judged, targets, together(parts))])),
  };
}

/** Whether oof.csv has the model's own predictions, and not a mean of several. */
export function isRecorded({ experiment: { split } }: StoredRun, { fold, seed }: ModelId): boolean {
  return fold !== 'all' && seed === undefined && (split.repeats ?? 1) === 1;
}

export function tokensOf({ texts }: Pick<Validation, 'texts'>, { run, tokenizer, maxLength, ...more }: Measuring): Promise<TokenSet> {
  const { truncation } = run.experiment.model;
  const onProgress = (done: number): void => more.onProgress(done, texts.length, 'tokens');
  return encodeTexts(tokenizer, texts, maxLength, { onProgress, truncation, threads: more.speed.threads });
}

async function inPrecision(
  folder: string,
  precision: Precision,
  tokens: TokenSet,
  what: string,
  measuring: Measuring,
): Promise<Predictions> {
  const file = join(measuring.temporary, 'measured.onnx');
  const rows = tokens.offsets.length - 1;
  try {
    await writePortableFile(file, [folder], precision);
    return await portablePredictions(file, tokens, measuring.task.published, measuring.speed, (done) =>
      measuring.onProgress(done, rows, `${what} in ${precision}`),
    );
  } finally {
    rmSync(file, { force: true });
  }
}

function meanOf(parts: readonly Predictions[]): Predictions {
  const [first] = parts;
  const sum = (i: number): number => parts.reduce((total, { numbers }) => total + valueAt(numbers, i), 0);
  return { ...first!, numbers: first!.numbers.map((_, i) => sum(i) / parts.length) };
}

function together(parts: readonly Predictions[]): Predictions {
  return { ...parts[0]!, numbers: Float64Array.from(parts.flatMap(({ numbers }) => [...numbers])) };
}
