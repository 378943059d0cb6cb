import { closeSync, existsSync, lstatSync, openSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import { MOST_AT_ONCE } from '../../core/files.ts';
import { notAFile, readInput, saying, unreadable } from '../../core/inputs.ts';
import { valueAt } from '../../core/values.ts';
import {
  joinShards,
  openSafetensors,
  openTorchFile,
  parseEncoderConfig,
  type ByteSource,
  type EncoderConfig,
  type Safetensors,
} from '../../engine/models/index.ts';
import { formIn, TOKENIZER_FILES, TOKENIZER_FORMS } from '../tokenizer/index.ts';
import { readWeightMap, weightFiles, WEIGHT_FORMS, WEIGHTS } from './weight-forms.ts';

/** The form of a tokenizer that says everything; others do in its place. */
export const TOKENIZER = 'tokenizer.json';

/** One file of a model directory in Hugging Face layout. */
export interface ModelFile {
  readonly name: string;
  readonly required: boolean;
}

/**
 * The files of a model, in the order of fetching: a required one comes after those that are not, so that a directory which
 * has all that is required lacks nothing that there was.
 */
export function modelFiles(weights: boolean): readonly ModelFile[] {
  return [
    { name: 'config.json', required: true },
    ...TOKENIZER_FILES.filter((name) => name !== TOKENIZER && name !== 'vocab.json' && name !== 'merges.txt').map((name) => ({
      name,
      required: false,
    })),
    { name: TOKENIZER, required: true },
    ...(weights ? [{ name: WEIGHTS, required: true }] : []),
  ];
}

/** Names of required files that a directory does not have. */
export function missingFiles(folder: string, files: readonly ModelFile[]): readonly string[] {
  return files
    .filter(({ required }) => required)
    .flatMap(({ name }) => namesOf(folder, name))
    .filter((name) => !existsSync(join(folder, name)));
}

export function throwIfIncomplete(title: string, folder: string, files: readonly ModelFile[]): void {
  const missing = missingFiles(folder, files);
  if (missing.length > 0) throw incompleteModel(title, missing, (name) => existsSync(join(folder, name)));
}

/** The names of all files of a model that a directory has. */
export function presentFiles(folder: string): readonly string[] {
  return modelFiles(true).flatMap(({ name }) => namesOf(folder, name)).filter((name) => existsSync(join(folder, name)));
}

/** All names under which a directory has a file of a model. */
function namesOf(folder: string, name: string): readonly string[] {
  return name === WEIGHTS ? weightFiles(folder) : name === TOKENIZER ? (formIn(folder) ?? [TOKENIZER]) : [name];
}

/**
 * Throws where a file of a model is a pipe, a device, a directory or a link that leads to none: downloaded folders come with any of these.
 */
export function throwIfStray(title: string, folder: string, files: readonly ModelFile[]): void {
  const names = files.map(({ name }) => name);
  const problems = straysOf(folder, names);
  // An index is read only once it is known to be a file.
  if (problems.length === 0 && names.includes(WEIGHTS)) problems.push(...straysOf(folder, WEIGHT_FORMS.map(({ name }) => name)));
  if (problems.length === 0 && names.includes(WEIGHTS)) problems.push(...straysOf(folder, weightFiles(folder)));
  if (problems.length === 0) return;
  throw new OrtrainError('data', `${title} cannot be read`, {
    subject: title,
    problems,
    remedy: 'Put the files themselves into the folder.',
  });
}

function straysOf(folder: string, names: readonly string[]): Problem[] {
  return names.flatMap((name): Problem[] => {
    const path = join(folder, name);
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return [];
    if (entry.isSymbolicLink() && !existsSync(path))
      return [{ message: `${name} is a link to ${readlinkSync(path)}, where there is no file`, file: path }];
    const kind = notAFile(path);
    if (kind === undefined) return [];
    return [{ message: entry.isSymbolicLink() ? `${name} is a link to ${realpathSync(path)}, ${kind}` : `${name} is ${kind}`, file: path }];
  });
}

/**
 * A sentence that names those files of a model which are links to files outside of it, as in shared stores and in folders that the hub's
 * older tools made. Links of a snapshot in the hub's cache lead to the blobs of their repository, and are none of these.
 */
export function outsideLinks(folder: string, files: readonly ModelFile[]): string | undefined {
  const home = `${realpathSync(homeOf(folder))}${sep}`;
  const links = files.flatMap(({ name }) => namesOf(folder, name)).flatMap((name) => {
    const path = join(folder, name);
    const target = existsSync(path) ? realpathSync(path) : home;
    return target.startsWith(home) ? [] : [`${name} to ${target}`];
  });
  return links.length === 0 ? undefined : `files of ${folder} are links to others outside of it: ${links.join(', ')}`;
}

/** What the files of a model may link to: the folder, or the repository that a snapshot belongs to. */
function homeOf(folder: string): string {
  const snapshots = dirname(realpathSync(folder));
  return basename(snapshots) === 'snapshots' && basename(dirname(snapshots)).startsWith('models--') ? dirname(snapshots) : folder;
}

/** Files that a model may have in place of those that are read, and why they do not do. */
export const substitutes: readonly { readonly name: string; readonly insteadOf: string; readonly why: string }[] = [
  ...['tf_model.h5', 'flax_model.msgpack'].map((name) => ({
    name,
    insteadOf: WEIGHTS,
    why: 'weights of TensorFlow and Flax cannot be read',
  })),
  { name: 'adapter_model.safetensors', insteadOf: WEIGHTS, why: 'it holds an adapter without its model' },
  { name: 'vocab.json', insteadOf: TOKENIZER, why: 'there is no merges.txt beside it' },
];

const otherForms = TOKENIZER_FORMS.slice(1).map((names) => names.join(' with ')).join(', ');
const OTHER_FORMS = `, and so is every other form of a tokenizer: ${otherForms}`;

/** The error for a model that lacks files; `has` tells what it has in their place. */
export function incompleteModel(title: string, missing: readonly string[], has: (name: string) => boolean): OrtrainError {
  const problems = missing.map((name): Problem => {
    const substitute = substitutes.find((other) => other.insteadOf === name && has(other.name));
    return {
      message:
        substitute === undefined
          ? `${name} is missing${name === TOKENIZER ? OTHER_FORMS : ''}`
          : `${name} is missing; there is ${substitute.name}, but ${substitute.why}`,
    };
  });
  return new OrtrainError('data', `${title} lacks ${missing.join(' and ')}`, {
    subject: title,
    problems,
    remedy: 'Take another model, or load this one with Transformers and write model and tokenizer to a directory with save_pretrained().',
  });
}

/** The encoder's description in a model directory's config.json; its weights are looked at only where that does not name its kind. */
export function readEncoderConfig(folder: string): EncoderConfig {
  const path = join(folder, 'config.json');
  return parseEncoderConfig(readInput(path, MOST_CONFIG_BYTES).toString('utf8'), path, () =>
    existsSync(join(folder, valueAt(weightFiles(folder), 0))) ? [...openWeights(folder).entries.keys()] : [],
  );
}

/** Nobody describes a model at greater length. */
const MOST_CONFIG_BYTES = 2 ** 24;

/** The weights of a model directory, in whatever form they are, read tensor by tensor. */
export function openWeights(folder: string): Safetensors {
  const [first = WEIGHTS, ...shards] = weightFiles(folder);
  if (shards.length === 0) return openWeightFile(join(folder, first));
  const files = new Map(shards.map((name) => [name, openWeightFile(join(folder, name))]));
  return joinShards(join(folder, first), readWeightMap(folder, first), files);
}

/** A file of weights of either kind: its name says which, as it does for every other tool. */
function openWeightFile(path: string): Safetensors {
  return path.endsWith('.bin') ? openTorchFile(fileSource(path)) : openTensorFile(path);
}

/** A safetensors file, read tensor by tensor. */
export function openTensorFile(path: string): Safetensors {
  return openSafetensors(fileSource(path));
}

/** A file whose pieces are read when they are asked for; it is not kept open in between. */
function fileSource(path: string): ByteSource {
  const kind = saying(path, () => notAFile(path));
  if (kind !== undefined) throw unreadable(path, `it is ${kind}`);
  return { name: path, size: statSync(path).size, read: (offset, length) => readPiece(path, offset, length) };
}

function readPiece(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < length; ) {
      const count = readSync(file, bytes, done, Math.min(length - done, MOST_AT_ONCE), offset + done);
      if (count === 0) throw unreadable(path, 'it ended while it was being read');
      done += count;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
