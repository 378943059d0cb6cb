import { join } from 'node:path';
import { loadTokens, type TokenSet } from '../data/tokens.ts';
import { encoderForward, type EncoderConfig } from '../engine/models/index.ts';
import { openForward, type ForwardModel } from '../engine/runtime/index.ts';
import { saveFeatures } from '../training/features.ts';
import { tokenSource } from '../training/batch-source.ts';
import { forwardAll } from '../training/inference.ts';
import { encoderFiles, loadEncoder } from '../training/model-folder.ts';
import { readExampleIndex } from './outputs.ts';
import type { Stage, StageContext } from './stage.ts';

interface Params {
  readonly weights: 'pretrained' | 'random';
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * For a frozen encoder: its pooled output for every row, once for all folds, epochs and heads. Dropout is off, because
 * features that differ from epoch to epoch could not be kept. Output: features.
 */
export const encode: Stage<Params> = {
  name: 'encode',
  version: 1,
  needs: { tokens: 'one' },
  makes: 'features',
  publishes: {},
  usesDevice: true,
  pick: ({ model, training, seed }, { modelFolder }) => ({
    params: { weights: model.weights, batchSize: training.eval_batch_size, seed: model.weights === 'random' ? seed : 0 },
    files: encoderFiles(modelFolder, model.weights),
  }),
  async run(context) {
    const { params, files, inputs, output, threads } = context;
    const tokens = inputs.one('tokens');
    const train = loadTokens(join(tokens, 'train.tokens'));
    const test = readExampleIndex(tokens).test === null ? undefined : loadTokens(join(tokens, 'test.tokens'));
    const encoder = loadEncoder(files, params.weights, params.seed, context.emit);
    const model = await openForward({ program: encoderForward({ encoder: encoder.config }), threads });
    try {
      model.load(encoder.parameters);
      const total = rowsOf(train) + (test === undefined ? 0 : rowsOf(test));
      saveFeatures(join(output, 'train.features'), await featuresOf(context, model, encoder.config, train, 0, total));
      if (test !== undefined) saveFeatures(join(output, 'test.features'), await featuresOf(context, model, encoder.config, test, rowsOf(train), total));
    } finally {
      await model.release();
    }
  },
};

async function featuresOf(context: StageContext<Params>, model: ForwardModel, config: EncoderConfig, tokens: TokenSet, before: number, total: number) {
  const rows = Int32Array.from({ length: rowsOf(tokens) }, (_, row) => row);
  const values = await forwardAll((feeds) => model.forward(feeds), tokenSource(tokens, config, 1), rows, config.hiddenSize, context.params.batchSize, (done) => {
    context.checkpoint();
    context.emit({ type: 'progress', done: before + done, total, unit: 'texts' });
  });
  return { width: config.hiddenSize, values };
}

const rowsOf = (tokens: TokenSet): number => tokens.offsets.length - 1;
