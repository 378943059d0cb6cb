import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { readJsonObject, statsOf } from '../../core/inputs.ts';
import { isObject } from '../../core/shapes.ts';
import { readEncoderConfig, weightFiles } from '../../data/hub/index.ts';
import type { EncoderConfig } from '../../engine/models/index.ts';
import { openTask, taskProblem, type Task, type TaskDescription } from '../../tasks/index.ts';
import { describedModel } from '../folders/classifier-folder.ts';
import { PORTABLE_FILES } from '../folders/portable-folder.ts';
import { foreignTask } from './foreign-task.ts';

/** A directory that holds a classifier of texts. */
export interface FoundModel {
  /**
   * `trained`: a model of a run, or its export for Hugging Face; `portable`: an ONNX file with a tokenizer, exported here or elsewhere;
   * `foreign`: a model of one of Hugging Face's classes for sequence classification, made elsewhere.
   */
  readonly kind: 'trained' | 'portable' | 'foreign';
  readonly folder: string;
  /** The ONNX file of a portable one. */
  readonly file?: string;
  readonly task: Task;
  readonly encoder: EncoderConfig;
  /** Tokens that a text is cut to, special ones included. */
  readonly maxLength: number;
}

/**
 * The model in a directory, or that of an ONNX file in one. Throws a `data` error where there is none, or one that does not classify
 * texts.
 */
export function findModel(path: string): FoundModel {
  const given = path.endsWith('.onnx') ? path : undefined;
  const folder = given === undefined ? path : folderOf(given);
  if (!existsSync(join(folder, 'config.json'))) throw noModel(path);
  const config = readJsonObject(join(folder, 'config.json'));
  const { ortrain } = config;
  if (given === undefined && isObject(ortrain) && 'head' in ortrain) {
    const { task, encoder, max_seq_length: maxLength } = describedModel(folder);
    return { kind: 'trained', folder, task, encoder, maxLength };
  }
  const file = given ?? portableFile(folder);
  const encoder = readEncoderConfig(folder);
  const own = isObject(ortrain) ? describedTask(ortrain, folder) : undefined;
  const task = own?.task ?? foreignTask(config, folder, encoder);
  const maxLength = own?.maxLength ?? tokenizersLimit(folder, encoder);
  if (file !== undefined) return { kind: 'portable', folder, file, task, encoder, maxLength };
  return { kind: 'foreign', folder, task, encoder, maxLength };
}

function noModel(path: string): OrtrainError {
  return new OrtrainError('data', `${path} holds no model: there is no config.json`, {
    subject: path,
    remedy: 'Give the directory of a model with its tokenizer, an ONNX file in one, or a run.',
  });
}

/** The directory of an ONNX file: the one above `onnx/`, or the file's own. */
function folderOf(file: string): string {
  const own = dirname(file);
  return basename(own) === 'onnx' && !existsSync(join(own, 'config.json')) ? dirname(own) : own;
}

/** The ONNX file of a directory without weights, in the highest precision that there is. */
function portableFile(folder: string): string | undefined {
  if (existsSync(join(folder, weightFiles(folder)[0] ?? ''))) return undefined;
  return Object.values(PORTABLE_FILES)
    .map((name) => join(folder, name))
    .find((path) => statsOf(path)?.isFile() === true);
}

/** What an export of ours says of its task. */
function describedTask(described: Readonly<Record<string, unknown>>, folder: string): Pick<FoundModel, 'task' | 'maxLength'> {
  const { max_seq_length: maxLength, ...description } = described as TaskDescription & { readonly max_seq_length?: number };
  const isCount = Number.isSafeInteger(maxLength) && Number(maxLength) > 0;
  const wrong = taskProblem(description, 'ortrain') ?? (isCount ? undefined : 'ortrain.max_seq_length is not a number of tokens');
  if (wrong === undefined) return { task: openTask(description), maxLength: Number(maxLength) };
  const path = join(folder, 'config.json');
  throw new OrtrainError('data', `${path} does not describe a classifier that was exported here: ${wrong}`, { subject: path });
}

/** As the tokenizer's configuration says; Transformers writes an enormous number where it knows none. */
function tokenizersLimit(folder: string, { maxPositions }: EncoderConfig): number {
  const path = join(folder, 'tokenizer_config.json');
  const { model_max_length: limit } = existsSync(path) ? readJsonObject(path) : {};
  return typeof limit === 'number' && limit > 0 ? Math.min(limit, maxPositions) : maxPositions;
}
