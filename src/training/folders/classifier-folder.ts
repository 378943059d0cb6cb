import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { readJsonObject } from '../../core/inputs.ts';
import { jsonTextLike } from '../../core/json-text.ts';
import { plural } from '../../core/text.ts';
import { isObject, list, number, object, oneOf, optional, primitive, type Shape } from '../../core/shapes.ts';
import { TOKENIZER_FILES, tokenizerFiles, writeTokenizerFiles } from '../../data/tokenizer/index.ts';
import { modelFiles, openWeights, readEncoderConfig, throwIfStray, weightFiles } from '../../data/hub/index.ts';
import { readVocabulary } from '../../data/tokens/index.ts';
import {
  inspectPretrained,
  pretrainedParameters,
  randomParameters,
  savedClassifier,
  withVocabulary,
  type EncoderConfig,
  type ParameterSource,
  type Pretrained,
  type PublishedClassifier,
} from '../../engine/models/index.ts';
import type { ParameterSpec } from '../../engine/program.ts';
import { HEAD_FILE, openSaved, writeWeights, type SharedWeights } from './weight-files.ts';
import { openTask, taskProblem, type Task, type TaskDescription } from '../../tasks/index.ts';

type Head = Experiment['model']['head'];
type Pooling = Experiment['model']['pooling'];
type Files = Readonly<Record<string, string>>;

/** The encoder's files of a model directory, by their names; without weights where they start at random. */
export function encoderFiles(folder: string, { weights, resize_embeddings }: StartingModel): Files {
  const files = existing(folder, weights === 'pretrained' ? ['config.json', ...weightFiles(folder)] : ['config.json']);
  return resize_embeddings ? { ...files, ...tokenizerFiles(folder) } : files;
}

function existing(folder: string, names: readonly string[]): Files {
  return Object.fromEntries(names.filter((name) => existsSync(join(folder, name))).map((name) => [name, join(folder, name)]));
}

/** Throws a `data` error where the model has no such file. */
function fileOf(files: Files, name: string): string {
  const path = files[name];
  if (path === undefined) throw new OrtrainError('data', `the model has no ${name}`, { subject: name });
  return path;
}

/** What a classifier starts from, as an experiment says it. */
export type StartingModel = Pick<Experiment['model'], 'weights' | 'resize_embeddings'>;

/** Where a classifier's first values come from: the encoder's from one place for all folds, the head's from the fold's seed. */
export interface InitialWeights {
  /** Of the encoder as it will be, with embeddings for all tokens where it is resized. */
  readonly config: EncoderConfig;
  source(parameters: readonly ParameterSpec[], headSeed: number): Pretrained;
  /** `inspectPretrained`; nothing where the weights start at random. */
  inspect(parameters: readonly ParameterSpec[]): readonly string[];
}

/** The encoder of a model directory, pretrained, or at random from `seed`; `files` are those of `encoderFiles`. */
export function initialWeights(
  files: Files,
  { weights, resize_embeddings: resizeEmbeddings }: StartingModel,
  seed: number,
): InitialWeights {
  const folder = dirname(fileOf(files, 'config.json'));
  const own = readEncoderConfig(folder);
  const config = resizeEmbeddings ? resized(own, folder) : own;
  return {
    config,
    source(parameters, headSeed) {
      if (weights === 'pretrained') return pretrainedParameters(openWeights(folder), config, parameters, headSeed, { resizeEmbeddings });
      const [encoder, head] = [randomParameters(seed), randomParameters(headSeed)];
      const more = config.vocabSize - own.vocabSize;
      const notices =
        more === 0
          ? []
          : [
              `the embeddings have ${plural(more, 'row')} more than config.json says, one for each token that the ` +
                'tokenizer has beyond its vocabulary',
            ];
      return { source: (spec, into) => (isHead(spec) ? head : encoder)(spec, into), notices, remarks: [] };
    },
    inspect: (parameters) => (weights === 'pretrained' ? inspectPretrained(openWeights(folder), config, parameters) : []),
  };
}

/** The encoder with embeddings for all tokens of the model's tokenizer. */
function resized(config: EncoderConfig, folder: string): EncoderConfig {
  return withVocabulary(config, Math.max(config.vocabSize, readVocabulary(tokenizerFiles(folder)).size), folder);
}

const isHead = ({ name }: ParameterSpec): boolean => name.startsWith('classifier.') || name.startsWith('pooling.');

/** What a model of ours adds to Hugging Face's config.json, under the key `ortrain`, beside the description of its task. */
interface ClassifierDescription {
  /** Left out where it is `default`. */
  readonly pooling?: Pooling;
  readonly head: Head;
  readonly max_seq_length: number;
}

/** Wider heads than any encoder are no heads. */
const width = primitive('a width', (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= 100_000);

const descriptionShape: Shape = object({
  pooling: optional(oneOf('default', 'cls', 'mean', 'max', 'mean-max', 'last4', 'attention', 'weighted')),
  head: object({ dense: list(width), dropout: number, activation: oneOf('none', 'relu', 'tanh', 'gelu') }),
  max_seq_length: width,
});

export interface NewModel extends ClassifierDescription {
  readonly task: Task;
  /** Files of the pretrained model's directory. */
  readonly files: Files;
  readonly config: EncoderConfig;
  /** Every parameter's value: trained ones, and the frozen ones as they came. */
  readonly source: ParameterSource;
  /** Where folds share frozen tensors. */
  readonly shared?: SharedWeights;
}

/**
 * Writes a model directory in Hugging Face layout: config.json, the weights and the tokenizer's files. Weights that folds share are a link
 * to one file.
 */
export function writeModelFolder(folder: string, model: NewModel): void {
  mkdirSync(folder, { recursive: true });
  const saved = savedClassifier(publishedClassifier(model.config, model));
  writeWeights(folder, saved, model);
  const pretrained = fileOf(model.files, 'config.json');
  const config = { ...describe(model, readJsonObject(pretrained)), ...saved.config };
  writeFileSync(join(folder, 'config.json'), jsonTextLike(readFileSync(pretrained, 'utf8'), config));
  const isTokenizers = ([name]: readonly [string, string]): boolean => TOKENIZER_FILES.includes(name) || name === 'config.json';
  writeTokenizerFiles(folder, Object.fromEntries(Object.entries(model.files).filter(isTokenizers)));
}

/** Writes a model that `writeModelFolder` made once more, as it is written today and whole: without a file that other models share. */
export function copyModelFolder(from: string, to: string): void {
  const { encoder: config, ...model } = readModelFolder(from);
  const files = { 'config.json': join(from, 'config.json'), ...tokenizerFiles(from) };
  writeModelFolder(to, { files, config, ...model });
}

/** The pretrained config.json with what a classifier changes. */
function describe(
  { config, task, pooling = 'default', head, max_seq_length }: NewModel,
  pretrained: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const ortrain: TaskDescription & ClassifierDescription = {
    ...task.description,
    ...(pooling === 'default' ? {} : { pooling }),
    head,
    max_seq_length,
  };
  return {
    ...pretrained,
    model_type: config.modelType,
    vocab_size: config.vocabSize,
    dtype: 'float32',
    torch_dtype: 'float32', // its name before Transformers 5
    ...task.published.config,
    ortrain,
  };
}

export interface SavedModel extends ClassifierDescription {
  readonly pooling: Pooling;
  readonly task: Task;
  readonly encoder: EncoderConfig;
  readonly source: ParameterSource;
}

/** What a model directory that `writeModelFolder` made says of its model. Throws a `data` error for any other. */
export function describedModel(folder: string): Omit<SavedModel, 'source'> {
  const path = join(folder, 'config.json');
  throwIfStray(folder, folder, [...modelFiles(true), { name: HEAD_FILE, required: false }]);
  const { ortrain: described } = readJsonObject(path);
  const wrong = isObject(described)
    ? (taskProblem(described, 'ortrain') ?? descriptionShape(described, 'ortrain'))
    : descriptionShape(described, 'ortrain');
  if (wrong !== undefined)
    throw new OrtrainError('data', `${path} does not describe a classifier that was trained here: ${wrong}`, { subject: path });
  const stored = described as TaskDescription & ClassifierDescription; // the shape says so
  const { pooling = 'default', head, max_seq_length, ...description } = stored;
  return { task: openTask(description), pooling, head, max_seq_length, encoder: readEncoderConfig(folder) };
}

/** A model directory that `writeModelFolder` made. Throws a `data` error for any other. */
export function readModelFolder(folder: string): SavedModel {
  const described = describedModel(folder);
  const saved = savedClassifier(publishedClassifier(described.encoder, described));
  return { ...described, source: saved.read(openSaved(folder, saved)) };
}

/** What a task asks of a model's last layer. */
export function lastLayerOf({ outputs, ranks }: Pick<Task, 'outputs' | 'ranks'>): Pick<PublishedClassifier, 'outputs' | 'ranks'> {
  return { outputs, ...(ranks === undefined ? {} : { ranks }) };
}

/** The model of a task as it is given away. */
export function publishedClassifier(
  encoder: EncoderConfig,
  { task, pooling = 'default', head }: { readonly task: Task; readonly pooling?: Pooling; readonly head: Head },
): PublishedClassifier {
  const { asPair, scale } = task.published;
  return { encoder, pooling, head, ...lastLayerOf(task), asPair, ...(scale === undefined ? {} : { scale }) };
}
