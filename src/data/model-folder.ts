import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { notAFile, readInput, saying, unreadable } from '../core/inputs.ts';
import { openSafetensors, parseEncoderConfig, type ByteSource, type EncoderConfig, type Safetensors } from '../engine/models/index.ts';

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
    { name: 'tokenizer_config.json', required: false },
    { name: 'special_tokens_map.json', required: false },
    { name: 'vocab.txt', required: false },
    { name: 'tokenizer.json', required: true },
    ...(weights ? [{ name: 'model.safetensors', required: true }] : []),
  ];
}

/** Names of required files that a directory does not have. */
export function missingFiles(folder: string, files: readonly ModelFile[]): readonly string[] {
  return files.filter((file) => file.required && !existsSync(join(folder, file.name))).map((file) => file.name);
}

export function throwIfIncomplete(title: string, folder: string, files: readonly ModelFile[]): void {
  const missing = missingFiles(folder, files);
  if (missing.length > 0) throw incompleteModel(title, missing, (name) => existsSync(join(folder, name)));
}

/**
 * Throws where a file of a model is a pipe or a device, or a link out of the model: downloaded folders come with any links. Those
 * of a snapshot in the hub's cache lead to the blobs of their repository.
 */
export function throwIfStray(title: string, folder: string, names: readonly string[]): void {
  const home = `${realpathSync(homeOf(folder))}${sep}`;
  const problems = names.flatMap((name): Problem[] => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    const kind = notAFile(path);
    if (kind !== undefined) return [{ message: `${name} is ${kind}`, file: path }];
    const target = realpathSync(path);
    return target.startsWith(home) ? [] : [{ message: `${name} is a link to ${target}, outside of the model`, file: path }];
  });
  if (problems.length === 0) return;
  throw new OrtrainError('data', `${title} cannot be read`, { subject: title, problems, remedy: 'Put the files themselves into the folder.' });
}

/** What the files of a model may link to: the folder, or the repository that a snapshot belongs to. */
function homeOf(folder: string): string {
  const snapshots = dirname(realpathSync(folder));
  return basename(snapshots) === 'snapshots' && basename(dirname(snapshots)).startsWith('models--') ? dirname(snapshots) : folder;
}

/** Files that a model may have in place of those that are read, and why they do not do. */
export const substitutes: readonly { readonly name: string; readonly insteadOf: string; readonly why: string }[] = [
  { name: 'model.safetensors.index.json', insteadOf: 'model.safetensors', why: 'weights in several files cannot be read' },
  { name: 'pytorch_model.bin', insteadOf: 'model.safetensors', why: 'it cannot be read without running code from the file' },
  { name: 'vocab.txt', insteadOf: 'tokenizer.json', why: 'it does not say how text is split' },
];

/** The error for a model that lacks files; `has` tells what it has in their place. */
export function incompleteModel(title: string, missing: readonly string[], has: (name: string) => boolean): OrtrainError {
  const problems = missing.map((name): Problem => {
    const substitute = substitutes.find((other) => other.insteadOf === name && has(other.name));
    return { message: substitute === undefined ? `${name} is missing` : `${name} is missing; there is ${substitute.name}, but ${substitute.why}` };
  });
  return new OrtrainError('data', `${title} lacks ${missing.join(' and ')}`, {
    subject: title,
    problems,
    remedy: 'Take another model, or load this one with Transformers and write model and tokenizer to a directory with save_pretrained().',
  });
}

/** The encoder's description in a model directory's config.json. */
export function readEncoderConfig(folder: string): EncoderConfig {
  const path = join(folder, 'config.json');
  return parseEncoderConfig(readInput(path, MOST_CONFIG_BYTES).toString('utf8'), path);
}

/** Nobody describes a model at greater length. */
const MOST_CONFIG_BYTES = 2 ** 24;

/** The weights in a model directory's model.safetensors, read tensor by tensor. */
export function openWeights(folder: string): Safetensors {
  return openTensorFile(join(folder, 'model.safetensors'));
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
      const count = readSync(file, bytes, done, length - done, offset + done);
      if (count === 0) throw unreadable(path, 'it ended while it was read');
      done += count;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
