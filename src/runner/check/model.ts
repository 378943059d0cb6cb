import { existsSync } from 'node:fs';
import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { localModel, missingFiles, modelFiles, outsideLinks, resolveModel, weightsNotice } from '../../data/hub/index.ts';
import {
  beyondProblems,
  encodeTexts,
  loadTokenizer,
  readVocabulary,
  tokensBeyond,
  unknownToModel,
  type AskedTexts,
  type Tokenizer,
  type Vocabulary,
} from '../../data/tokens/index.ts';
import { classifierForward } from '../../engine/models/index.ts';
import { tokenizerFiles } from '../../data/tokenizer/index.ts';
import { encoderFiles, initialWeights, trainedPart } from '../../training/index.ts';
import type { DataContents } from './data.ts';

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
  const unknown = await checkTokens(tokenizer, { folder, vocabSize, maxLength: model.max_seq_length }, data);
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

interface Asked {
  readonly folder: string;
  readonly vocabSize: number;
  readonly maxLength: number;
}

/** Texts are looked at only where the tokenizer has tokens that the model does not know, which are few models. */
async function checkTokens(tokenizer: Tokenizer, { folder, vocabSize, maxLength }: Asked, data: DataContents): Promise<readonly string[]> {
  const vocabulary = readVocabulary(tokenizer.files);
  const beyond = tokensBeyond(vocabulary, vocabSize);
  if (beyond.length === 0) return [];
  const problems = (await askedTexts(data, tokenizer, maxLength)).flatMap((asked) => beyondProblems(asked, vocabulary, vocabSize));
  if (problems.length > 0) throw unknownToModel(folder, vocabSize, problems, REMEDY);
  return [unusedSentence(folder, vocabSize, vocabulary, beyond)];
}

const REMEDY =
  'Set model.resize_embeddings: true, which gives the model an embedding for each of them, or take a tokenizer.json and a ' +
    'config.json that belong together.';

async function askedTexts({ tables, train, test }: DataContents, tokenizer: Tokenizer, maxLength: number): Promise<readonly AskedTexts[]> {
  const place = ({ file, lines }: DataContents['tables']['train'], row: number): ReturnType<AskedTexts['place']> => {
    const line = lines[row];
    return { file, ...(line === undefined ? {} : { line }), row: row + 1, name: 'the text' };
  };
  const asked: AskedTexts[] = [
    { tokens: await encodeTexts(tokenizer, train.texts, maxLength), place: (row) => place(tables.train, train.rows[row] ?? row) },
  ];
  const { test: table } = tables;
  if (test !== undefined && table !== null)
    asked.push({ tokens: await encodeTexts(tokenizer, test.texts, maxLength), place: (row) => place(table, row) });
  return asked;
}

function unusedSentence(folder: string, known: number, { tokens }: Vocabulary, beyond: readonly string[]): string {
  const shown = beyond.slice(0, 3).map((token) => JSON.stringify(token)).join(', ');
  return (
    `the tokenizer of ${folder} has ${plural(beyond.length, 'token')} of ${tokens.size} beyond the model's vocabulary of ${known} ` +
    `(${shown}${beyond.length > 3 ? ', …' : ''}); no text here has one within model.max_seq_length, and a text that has cannot be ` +
    'classified unless model.resize_embeddings is true'
  );
}
