import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { readJsonObject } from '../../core/inputs.ts';
import { jsonTextLike } from '../../core/json-text.ts';
import { required } from '../../core/values.ts';
import { tokenizerFiles, writeTokenizerFiles } from '../../data/tokenizer/index.ts';
import {
  classificationClass,
  ensembleOf,
  inFloat16,
  inInt8,
  portableClassifier,
  withWeights,
  type PortableModel,
} from '../../engine/models/index.ts';
import type { Task } from '../../tasks/index.ts';
import { publishedClassifier, readModelFolder } from './classifier-folder.ts';

export type Precision = 'float32' | 'float16' | 'int8';

/** Where transformers.js looks for a model of each precision: its dtypes fp32, fp16 and q8. */
export const PORTABLE_FILES: Readonly<Record<Precision, string>> = {
  float32: 'onnx/model.onnx',
  float16: 'onnx/model_fp16.onnx',
  int8: 'onnx/model_quantized.onnx',
};

const inPrecision: Readonly<Record<Precision, (model: PortableModel) => PortableModel>> = {
  float32: (model) => model,
  float16: inFloat16,
  int8: inInt8,
};

/**
 * Writes a model as a directory that transformers.js and any ONNX runtime can use: config.json, the tokenizer's files and onnx/. Several
 * models of one run become one, which gives the mean of their predictions. Throws a `data` error for models above 2 GB, which one file
 * cannot hold.
 */
export async function writePortableFolder(
  folder: string,
  modelFolders: readonly string[],
  precisions: readonly Precision[],
): Promise<void> {
  const first = required(modelFolders[0], 'a model');
  const { encoder, task, max_seq_length: maxLength } = readModelFolder(first);
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const described = join(first, 'config.json');
  const config = { ...portableConfig(described, task, maxLength), architectures: [classificationClass(encoder)] };
  writeFileAtomic(join(folder, 'config.json'), jsonTextLike(readFileSync(described, 'utf8'), config));
  // Told to cut texts where training cut them.
  writeTokenizerFiles(folder, tokenizerFiles(first), { model_max_length: maxLength });
  for (const precision of precisions) await writePortableFile(join(folder, PORTABLE_FILES[precision]), modelFolders, precision);
}

/** Writes one model, or several as one, as an ONNX file. Throws as `writePortableFolder`. */
export async function writePortableFile(path: string, modelFolders: readonly string[], precision: Precision): Promise<void> {
  const { toOnnx } = await import('../../engine/graph/onnx/to-onnx.ts');
  const models = modelFolders.map((modelFolder) => {
    const { encoder, source, task, ...own } = readModelFolder(modelFolder);
    const model = portableClassifier(publishedClassifier(encoder, { task, ...own }), source);
    return { model: inPrecision[precision](model), averaged: task.published.averaged };
  });
  const [first] = models;
  const whole = models.length > 1 ? ensembleOf(models.map(({ model }) => model), first!.averaged) : first!.model;
  checkSize(whole, modelFolders);
  writeFileSync(path, toOnnx(withWeights(whole)));
}

/** Protobuf's limit is 2 GiB; the graph and the names need little of it. */
const LARGEST_WEIGHTS = 2 ** 31 - 2 ** 24;

function checkSize({ graph, weights }: PortableModel, modelFolders: readonly string[]): void {
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs.map((x) => x?.name)));
  const total = [...weights].reduce((sum, [name, data]) => sum + (used.has(name) ? data.byteLength : 0), 0);
  if (total <= LARGEST_WEIGHTS) return;
  const [first = ''] = modelFolders;
  if (modelFolders.length === 1)
    throw new OrtrainError('data', `the weights of ${first} are larger than the 2 GB that an ONNX file can hold`, {
      subject: first,
      remedy: 'Export with --format huggingface, which has no such limit.',
    });
  throw new OrtrainError('data', `the weights of ${modelFolders.length} models are larger than the 2 GB that an ONNX file can hold`, {
    subject: dirname(first),
    remedy: 'Export one of them with --what fold, or train one on all rows (training.refit: true) and export it with --what all.',
  });
}

/** With what the names of labels do not say of the task: `findModel` opens the same task again. */
function portableConfig(path: string, { published, description }: Task, maxLength: number): Readonly<Record<string, unknown>> {
  return { ...readJsonObject(path), ...published.config, ortrain: { ...description, max_seq_length: maxLength } };
}
