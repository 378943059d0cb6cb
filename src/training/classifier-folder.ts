import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { readJsonObject } from '../core/inputs.ts';
import { list, number, object, oneOf, primitive, text, type Shape } from '../core/shapes.ts';
import { writeTokenizerFiles } from '../data/tokenizer/written.ts';
import { modelFiles, openWeights, readEncoderConfig, throwIfStray } from '../data/model-folder.ts';
import {
  encodeSafetensors,
  pretrainedParameters,
  randomParameters,
  savedClassifier,
  type EncoderConfig,
  type ParameterSource,
} from '../engine/models/index.ts';
import type { ParameterSpec } from '../engine/program.ts';

type Head = Experiment['model']['head'];
type Files = Readonly<Record<string, string>>;

const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'];

/** The tokenizer's files of a model directory, by their names. */
export function tokenizerFiles(folder: string): Files {
  return existing(folder, TOKENIZER_FILES);
}

/** The encoder's files of a model directory, by their names; without weights where they start at random. */
export function encoderFiles(folder: string, weights: Experiment['model']['weights']): Files {
  return existing(folder, weights === 'pretrained' ? ['config.json', 'model.safetensors'] : ['config.json']);
}

function existing(folder: string, names: readonly string[]): Files {
  return Object.fromEntries(names.map((name) => [name, join(folder, name)]).filter(([, path]) => existsSync(path ?? '')));
}

/** Where a classifier's first values come from: the encoder's from one place for all folds, the head's from the fold's seed. */
export interface InitialWeights {
  readonly config: EncoderConfig;
  source(parameters: readonly ParameterSpec[], headSeed: number): { readonly source: ParameterSource; readonly notices: readonly string[] };
}

/** The encoder of a model directory, pretrained, or at random from `seed`. */
export function initialWeights(files: Files, weights: Experiment['model']['weights'], seed: number): InitialWeights {
  const folder = dirname(files['config.json'] ?? '');
  return {
    config: readEncoderConfig(folder),
    source(parameters, headSeed) {
      if (weights === 'pretrained') return pretrainedParameters(openWeights(folder), this.config, parameters, headSeed);
      const [encoder, head] = [randomParameters(seed), randomParameters(headSeed)];
      return { source: (spec, into) => (isHead(spec) ? head : encoder)(spec, into), notices: [] };
    },
  };
}

const isHead = (spec: ParameterSpec): boolean => spec.name.startsWith('classifier.');

/** What a model of ours adds to Hugging Face's config.json, under the key `ortrain`. */
export interface ClassifierDescription {
  readonly classes: readonly string[];
  readonly head: Head;
  readonly max_seq_length: number;
}

/** Wider heads than any encoder are no heads. */
const width = primitive('a width', (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= 100_000);

const descriptionShape: Shape = object({
  classes: (value, place) => list(text)(value, place) ?? primitive('two classes or more', () => (value as readonly string[]).length > 1)(value, place),
  head: object({ dense: list(width), dropout: number, activation: oneOf('none', 'relu', 'tanh', 'gelu') }),
  max_seq_length: width,
});

export interface NewModel extends ClassifierDescription {
  /** Files of the pretrained model's directory. */
  readonly files: Files;
  readonly config: EncoderConfig;
  /** Every parameter's value: trained ones, and the frozen ones as they came. */
  readonly source: ParameterSource;
}

/** Writes a model directory in Hugging Face layout: config.json, model.safetensors and the tokenizer's files. */
export function writeModelFolder(folder: string, model: NewModel): void {
  mkdirSync(folder, { recursive: true });
  const saved = savedClassifier({ encoder: model.config, head: model.head, outputs: outputsFor(model.classes) });
  writeFileAtomic(join(folder, 'model.safetensors'), encodeSafetensors(saved.tensors(model.source)));
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify({ ...describe(model), ...saved.config }, null, 2)}\n`);
  writeTokenizerFiles(folder, Object.fromEntries(Object.entries(model.files).filter(([name]) => TOKENIZER_FILES.includes(name))));
}

/** The pretrained config.json with what a classifier changes. One output is a sigmoid, which Hugging Face calls multi-label. */
function describe({ files, classes, head, max_seq_length }: NewModel): Readonly<Record<string, unknown>> {
  const outputs = outputsFor(classes);
  const pretrained = readJsonObject(files['config.json'] ?? '');
  const labels = outputs === 1 ? classes.slice(1) : classes;
  const ortrain: ClassifierDescription = { classes, head, max_seq_length };
  return {
    ...pretrained,
    dtype: 'float32',
    torch_dtype: 'float32', // its name before Transformers 5
    num_labels: outputs,
    id2label: Object.fromEntries(labels.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(labels.map((name, i) => [name, i])),
    problem_type: outputs === 1 ? 'multi_label_classification' : 'single_label_classification',
    ortrain,
  };
}

export interface SavedModel extends ClassifierDescription {
  readonly encoder: EncoderConfig;
  readonly outputs: number;
  readonly source: ParameterSource;
}

/** A model directory that `writeModelFolder` made. Throws a `data` error for any other. */
export function readModelFolder(folder: string): SavedModel {
  const path = join(folder, 'config.json');
  throwIfStray(folder, folder, modelFiles(true).map(({ name }) => name));
  const { ortrain: described } = readJsonObject(path);
  const wrong = descriptionShape(described, 'ortrain');
  if (wrong !== undefined) throw new OrtrainError('data', `${path} does not describe a classifier that was trained here: ${wrong}`, { subject: path });
  const ortrain = described as ClassifierDescription; // the shape says so
  const [encoder, outputs] = [readEncoderConfig(folder), outputsFor(ortrain.classes)];
  const saved = savedClassifier({ encoder, head: ortrain.head, outputs });
  return { ...ortrain, encoder, outputs, source: saved.read(openWeights(folder)) };
}

/** One logit with a sigmoid serves two classes; more need one each. */
export function outputsFor(classes: readonly string[]): number {
  return classes.length === 2 ? 1 : classes.length;
}
