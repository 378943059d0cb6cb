import { join } from 'node:path';
import { batchTokens, evaluationBatches } from '../data/tokens/index.ts';
import { encoderForward, featureWidth, type Pooling } from '../engine/models/index.ts';
import { openForward, type ForwardModel } from '../engine/runtime/index.ts';
import {
  encoderFiles,
  forwardAll,
  initialWeights,
  saveCommonTensors,
  saveFeatures,
  tokenSource,
  type BatchSource,
  type FeatureSet,
  type StartingModel,
} from '../training/index.ts';
import { ENCODER_FILE, featureFile } from './outputs.ts';
import type { Stage, StageContext } from './stage.ts';

interface Params {
  /** The pooling is absent where it is `default`, so that what was encoded before there was a choice is still found. */
  readonly model: StartingModel & { readonly pooling?: Pooling };
  readonly seed: number;
}

const needs = { tokens: 'one' } as const;

type Needs = typeof needs;
type Files = Readonly<Record<string, string>>;

/**
 * For a frozen encoder: what is pooled of it for every row, once for all folds, epochs and heads. Dropout is off, because
 * features that differ from epoch to epoch could not be kept. Beside them lies the encoder, as the folds' models will share it. Output:
 * features.
 */
export const encode: Stage<Params, Files, Needs> = {
  name: 'encode',
  version: 3,
  needs,
  reads: 'everything',
  makes: 'features',
  writes: ({ data }) => [ENCODER_FILE, featureFile('train'), ...(data.test === null ? [] : [featureFile('test')])],
  publishes: {},
  usesDevice: true,
  pick: ({ model, seed }, { modelFolder }) => ({
    params: {
      model: {
        weights: model.weights,
        resize_embeddings: model.resize_embeddings,
        ...(model.pooling === 'default' ? {} : { pooling: model.pooling }),
      },
      seed: model.weights === 'random' ? seed : 0,
    },
    files: encoderFiles(modelFolder, model),
  }),
  async run(context) {
    const { params, files, inputs, output, device, threads, emit } = context;
    const weights = initialWeights(files, params.model, params.seed);
    const { pooling = 'default' } = params.model;
    const program = encoderForward(weights.config, pooling);
    const width = featureWidth(weights.config, pooling) ?? 0;
    const { source, notices } = weights.source(program.parameters, params.seed);
    for (const message of notices) emit({ type: 'notice', level: 'warning', message });
    const [train, test] = [inputs.tokens.train(), inputs.tokens.test()];
    const tables = [{ part: 'train', tokens: train } as const, ...(test === null ? [] : [{ part: 'test', tokens: test } as const])];
    const parts = tables.map(({ part, tokens }) => ({ part, source: tokenSource(tokens, weights.config) }));
    const total = parts.reduce((rows, { source: { lengths } }) => rows + lengths.length, 0);
    saveCommonTensors(join(output, ENCODER_FILE), weights.config, source);
    const model = await openForward({ device, program, threads, source });
    try {
      let before = { rows: 0, positions: 0 };
      for (const { part, source: texts } of parts) {
        saveFeatures(
          join(output, featureFile(part)),
          await featuresOf(context, model, width, texts, { before, total }),
        );
        const { positions } = batchTokens(texts.lengths, evaluationBatches(texts.lengths, context.evalBatchSize));
        before = { rows: before.rows + texts.lengths.length, positions: before.positions + positions };
      }
    } finally {
      await model.release();
    }
  },
};

async function featuresOf(
  { evalBatchSize, emit, throwIfStopped }: StageContext<Params, Files, Needs>,
  model: ForwardModel,
  width: number,
  source: BatchSource,
  { before, total }: { readonly before: { readonly rows: number; readonly positions: number }; readonly total: number },
): Promise<FeatureSet> {
  const rows = Int32Array.from({ length: source.lengths.length }, (_, row) => row);
  const values = await forwardAll((feeds) => model.forward(feeds), source, rows, width, evalBatchSize, (done, positions) => {
    throwIfStopped();
    emit({ type: 'progress', done: before.rows + done, total, unit: 'texts', positions: before.positions + positions });
  });
  return { width, values };
}
