import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { loadTokenizer } from '../data/tokens.ts';
import { classifierForward } from '../engine/models/index.ts';
import { encoderFiles, initialWeights, tokenizerFiles } from '../training/classifier-folder.ts';

/**
 * Reads what describes a pretrained model before anything is paid for: configuration, names and shapes of the weights, and
 * the tokenizer. Throws a `data` error where they cannot be used.
 *
 * @param folder the model's directory in Hugging Face layout
 */
export async function checkModel({ model, seed }: Experiment, folder: string): Promise<void> {
  const weights = initialWeights(encoderFiles(folder, model.weights), model.weights, seed);
  const { maxPositions } = weights.config;
  if (model.max_seq_length > maxPositions) {
    const problem = { message: `model.max_seq_length is ${model.max_seq_length}, and the model has ${maxPositions} positions`, field: 'model.max_seq_length' };
    throw new OrtrainError('config', 'texts would be longer than the model can read', { subject: 'model.max_seq_length', problems: [problem], remedy: `Set model.max_seq_length to ${maxPositions} or less.` });
  }
  weights.source(classifierForward({ encoder: weights.config, head: model.head, outputs: 1 }).parameters, seed);
  await loadTokenizer(tokenizerFiles(folder));
}
