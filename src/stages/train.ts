import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { writeJsonAtomic } from '../core/files.ts';
import { readFolds } from '../data/folds.ts';
import { loadTokens } from '../data/tokens.ts';
import { featureSource, tokenSource, type BatchSource } from '../training/batch-source.ts';
import { loadFeatures } from '../training/features.ts';
import { fit } from '../training/fit.ts';
import { encoderFiles, loadEncoder, tokenizerFiles, writeModelFolder } from '../training/model-folder.ts';
import { openClassifier } from '../training/classifier.ts';
import { seedFor } from '../core/random.ts';
import { outputsFor, readExampleIndex, type FoldHistory, type FoldValidation } from './outputs.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly model: Pick<Experiment['model'], 'weights' | 'freeze_encoder' | 'head' | 'max_seq_length'>;
  readonly training: Experiment['training'];
  readonly seed: number;
  readonly logEvery: number;
}

/** Trains one fold's model from the pretrained weights, afresh, and keeps its best epoch. Output: model. */
export const train: Stage<Params> = {
  name: 'train',
  version: 1,
  needs: { tokens: 'one', folds: 'one', features: 'optional' },
  makes: 'model',
  publishes: { model: 'models/fold-{fold}' },
  usesDevice: true,
  pick: ({ model, training, seed, tracking }, { modelFolder }) => ({
    params: {
      model: { weights: model.weights, freeze_encoder: model.freeze_encoder, head: model.head, max_seq_length: model.max_seq_length },
      training,
      seed,
      logEvery: tracking.log_every,
    },
    files: { ...encoderFiles(modelFolder, model.weights), ...tokenizerFiles(modelFolder) },
  }),
  async run({ params, files, inputs, output, fold, threads, emit, checkpoint }) {
    const { model, training, seed } = params;
    const tokens = inputs.one('tokens');
    const index = readExampleIndex(tokens);
    const outputs = outputsFor(index.classes);
    const foldOf = readFolds(join(inputs.one('folds'), 'folds.csv'));
    const encoder = loadEncoder(files, model.weights, seed, emit);
    const features = inputs.optional('features');
    const source: BatchSource =
      features === undefined
        ? tokenSource(loadTokens(join(tokens, 'train.tokens')), encoder.config, outputs)
        : featureSource(loadFeatures(join(features, 'train.features')), outputs);

    const foldSeed = seedFor(seed, 'fold', fold);
    const trainer = await openClassifier({ encoder, head: model.head, outputs, frozen: features !== undefined, training, threads, seed: foldSeed });
    try {
      const validationRows = rowsWhere(foldOf, (of) => of === fold);
      const result = await fit({
        trainer,
        source,
        labels: Int32Array.from(index.train.labels),
        outputs,
        trainRows: rowsWhere(foldOf, (of) => of !== fold),
        validationRows,
        training,
        maxLength: model.max_seq_length,
        seed: foldSeed,
        logEvery: params.logEvery,
        emit,
        checkpoint,
      });
      const history: FoldHistory = {
        fold,
        best_epoch: result.bestEpoch,
        stopped: result.stopped,
        epochs: result.epochs,
        best: result.epochs.find(({ epoch }) => epoch === result.bestEpoch)?.metrics ?? {},
      };
      const validation: FoldValidation = { rows: [...validationRows], probabilities: [...result.validation] };
      writeJsonAtomic(join(output, 'history.json'), history);
      writeJsonAtomic(join(output, 'validation.json'), validation);
      writeModelFolder(join(output, 'model'), {
        files,
        encoder,
        trained: result.parameters,
        head: model.head,
        classes: index.classes,
        maxLength: model.max_seq_length,
      });
    } finally {
      await trainer.release();
    }
  },
};

function rowsWhere(foldOf: Int32Array, belongs: (fold: number) => boolean): Int32Array {
  return Int32Array.from({ length: foldOf.length }, (_, row) => row).filter((row) => belongs(foldOf[row] ?? -1));
}
