import { existsSync } from 'node:fs';
import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { localModel, missingFiles, modelFiles, outsideLinks, resolveModel, weightsNotice } from '../../data/hub/index.ts';
import { loadTokenizer } from '../../data/tokens/index.ts';
import { classifierForward } from '../../engine/models/index.ts';
import { tokenizerFiles } from '../../data/tokenizer/index.ts';
import { encoderFiles, initialWeights, trainedPart } from '../../training/index.ts';
import type { DataContents } from './data.ts';
import { checkTokens } from './tokens.ts';

/** Something to know about a model that can be used all the same. */
export interface ModelNotice {
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/**
 * Reads a pretrained model before anything is paid for: configuration, weights, tokenizer, and whether the model knows every token of
 * the texts. Throws a `data` error where they cannot be used.
 *
 * @param folder the model's directory in Hugging Face layout
 */
export async function checkModel(experiment: Experiment, folder: string, data: DataContents): Promise<readonly ModelNotice[]> {
  const { model, seed } = experiment;
  const weights = initialWeights(encoderFiles(folder, model), model, seed);
  trainedPart(experiment, weights.config, true);
  const { maxPositions, vocabSize } = weights.config;
  if (model.max_seq_length > maxPositions) {
    const problem = {
      message: `model.max_seq_length is ${model.max_seq_length}, and the model has ${maxPositions} positions`,
      field: 'model.max_seq_length',
    };
    throw new OrtrainError('config', 'texts would be longer than the model can read', {
      subject: 'model.max_seq_length',
      problems: [problem],
      remedy: `Set model.max_seq_length to ${maxPositions} or less.`,
    });
  }
  const { parameters } = classifierForward({ encoder: weights.config, pooling: model.pooling, head: model.head, outputs: 1 });
  const { remarks } = weights.source(parameters, seed);
  const tokenizer = await loadTokenizer(tokenizerFiles(folder));
  const unknown = await checkTokens(tokenizer, { folder, vocabSize, model }, data);
  const isPretrained = model.weights === 'pretrained';
  const infos = [outsideLinks(folder, modelFiles(isPretrained)), isPretrained ? weightsNotice(folder) : undefined, ...remarks];
  return [
    ...infos.filter((message) => message !== undefined).map((message) => ({ level: 'info', message }) as const),
    ...[...unknown, ...weights.inspect(parameters)].map((message) => ({ level: 'warning', message }) as const),
  ];
}

/** `checkModel` of a model that is on this machine, a directory or a complete one in the hub's cache; of any other nothing is known yet. */
export async function checkLocalModel(experiment: Experiment, data: DataContents): Promise<readonly ModelNotice[]> {
  const { base, revision, weights } = experiment.model;
  const isPretrained = weights === 'pretrained';
  if (existsSync(base)) return checkModel(experiment, await resolveModel(base, { revision, weights: isPretrained }), data);
  const cached = localModel(base, revision);
  if (cached === undefined || missingFiles(cached, modelFiles(isPretrained)).length > 0) return [];
  return checkModel(experiment, cached, data);
}
