import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { readJsonObject } from '../../core/inputs.ts';
import { jsonTextLike } from '../../core/json-text.ts';
import { tokenizerFiles, writeTokenizerFiles } from '../../data/tokenizer/index.ts';
import { classificationClass, inFloat16, inInt8, portableClassifier, withWeights, type PortableModel } from '../../engine/models/index.ts';
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
 * Writes a fold's model as a directory that transformers.js and any ONNX runtime can use: config.json, the tokenizer's files and
 * onnx/. Throws a `data` error for a model above 2 GB, which one file cannot hold.
 */
export async function writePortableFolder(folder: string, modelFolder: string, precisions: readonly Precision[]): Promise<void> {
  const { encoder, source, task, max_seq_length: maxLength, ...own } = readModelFolder(modelFolder);
  const model = portableClassifier(publishedClassifier(encoder, { task, ...own }), source);
  checkSize(model, modelFolder);
  const { toOnnx } = await import('../../engine/graph/onnx/to-onnx.ts');
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const described = join(modelFolder, 'config.json');
  const config = { ...portableConfig(described, task, maxLength), architectures: [classificationClass(encoder)] };
  writeFileAtomic(join(folder, 'config.json'), jsonTextLike(readFileSync(described, 'utf8'), config));
  // Told to cut texts where training cut them.
  writeTokenizerFiles(folder, tokenizerFiles(modelFolder), { model_max_length: maxLength });
  for (const precision of precisions)
    writeFileSync(join(folder, PORTABLE_FILES[precision]), toOnnx(withWeights(inPrecision[precision](model))));
}

/** Protobuf's limit is 2 GiB; the graph and the names need little of it. */
const LARGEST_WEIGHTS = 2 ** 31 - 2 ** 24;

function checkSize({ weights }: PortableModel, modelFolder: string): void {
  const total = [...weights.values()].reduce((sum, data) => sum + data.byteLength, 0);
  if (total <= LARGEST_WEIGHTS) return;
  throw new OrtrainError('data', `the weights of ${modelFolder} are larger than the 2 GB that an ONNX file can hold`, {
    subject: modelFolder,
    remedy: 'Export with --format huggingface, which has no such limit.',
  });
}

/** With what the names of labels do not say of the task: `findModel` opens the same task again. */
function portableConfig(path: string, { published, description }: Task, maxLength: number): Readonly<Record<string, unknown>> {
  return { ...readJsonObject(path), ...published.config, ortrain: { ...description, max_seq_length: maxLength } };
}
