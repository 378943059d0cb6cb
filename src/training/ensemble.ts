import { valueAt } from '../core/values.ts';
import type { TokenSet } from '../data/tokens/index.ts';
import { classifierForward, headForward, headModel, type EncoderConfig } from '../engine/models/index.ts';
import type { Device } from '../engine/runtime/index.ts';
import { featureSource, tokenSource, type BatchSource, type FeatureSet } from './batch-source.ts';
import { lastLayerOf, readModelFolder } from './folders/classifier-folder.ts';
import type { Predictions } from '../tasks/index.ts';
import { openTrained } from './models/opened-model.ts';
import { stateSource, type StateSet } from './states.ts';

/** Texts to classify: as token ids, or as features or hidden states of what is frozen, which all the models share. */
export type EnsembleInput =
  | { readonly kind: 'tokens'; readonly tokens: TokenSet }
  | { readonly kind: 'features'; readonly features: FeatureSet }
  | { readonly kind: 'states'; readonly states: StateSet };

export interface EnsembleOptions {
  readonly device: Device;
  readonly threads: number;
  readonly batchSize: number;
}

/**
 * The mean of several models' predictions, number by number. One model is in memory at a time.
 *
 * @param onProgress hears of rows: each model is a share of the work on every one of them
 */
export async function ensemblePredictions(
  modelFolders: readonly string[],
  input: EnsembleInput,
  options: EnsembleOptions,
  onProgress: (done: number, total: number) => void,
): Promise<Predictions> {
  let sum: Predictions | undefined;
  for (const [i, folder] of modelFolders.entries()) {
    const predictions = await modelPredictions(folder, input, options, (done, rows) =>
      onProgress(Math.floor((i * rows + done) / modelFolders.length), rows),
    );
    sum = sum === undefined ? predictions : { ...sum, numbers: sum.numbers.map((total, at) => total + valueAt(predictions.numbers, at)) };
  }
  const { width, numbers } = sum ?? { width: 1, numbers: new Float64Array(0) };
  return { width, numbers: numbers.map((total) => total / modelFolders.length) };
}

async function modelPredictions(
  folder: string,
  input: EnsembleInput,
  { device, threads, batchSize }: EnsembleOptions,
  onProgress: (done: number, rows: number) => void,
): Promise<Predictions> {
  const saved = readModelFolder(folder);
  const whole = { ...saved, ...lastLayerOf(saved.task) };
  const source = sourceOf(input, saved.encoder);
  const fed = 'state' in source ? { fedState: source.state } : {};
  const program = input.kind === 'features' ? headForward(headModel(whole)) : classifierForward({ ...whole, ...fed });
  try {
    const model = await openTrained(folder, saved, program, { device, threads });
    try {
      return await model.predict(source, batchSize, (done) => onProgress(done, source.lengths.length));
    } finally {
      await model.release();
    }
  } finally {
    source.close?.();
  }
}

function sourceOf(input: EnsembleInput, encoder: EncoderConfig): BatchSource | ReturnType<typeof stateSource> {
  switch (input.kind) {
    case 'tokens':
      return tokenSource(input.tokens, encoder);
    case 'features':
      return featureSource(input.features);
    case 'states':
      return stateSource(input.states, encoder);
  }
}
