import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer, loadTokens, saveTokens, tokenize } from '../../src/data/tokens/tokens.ts';
import { openTensorFile } from '../../src/data/hub/model-folder.ts';
import { fromOnnx } from '../../src/engine/graph/onnx/from-onnx.ts';
import {
  classifierForward,
  encodeSafetensors,
  parseEncoderConfig,
  randomParameters,
  readFloats,
  readIntegers,
} from '../../src/engine/models/index.ts';
import { loadFeatures, saveFeatures } from '../../src/training/features.ts';
import { readModelFolder, writeModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { tinyConfig, tinyConfigJson, tinyDistilbertJson, tinyEncoders, tinyRobertaJson } from '../engine/models/tiny.ts';
import { floatTensor, longTensor, onnxFile, tensorType } from '../helpers/onnx-file.ts';
import type { Reader } from './fuzz.ts';
import { tinyTokenizer } from '../helpers/tiny-tokenizer.ts';
import { written } from './written.ts';
import { classification } from '../../src/tasks/classification/task.ts';

/** Readers of models, of what other tools make, and of the numbers that stages hand to each other. */
export async function modelReaders(folder: string): Promise<readonly Reader[]> {
  mkdirSync(folder, { recursive: true });
  return [
    safetensors(folder),
    encoderConfig(),
    classifierFolder(folder),
    ...(await tokenizers(folder)),
    await tokens(folder),
    features(folder),
    onnx(),
  ];
}

const jsonBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A safetensors file without padding, of any dtypes. */
function tensorFile(
  ...tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[]; readonly data: Uint8Array }[]
): Buffer {
  let end = 0;
  const header = jsonBytes({
    __metadata__: { format: 'pt' },
    ...Object.fromEntries(
      tensors.map(({ name, dtype, shape, data }) => [name, { dtype, shape, data_offsets: [end, (end += data.byteLength)] }]),
    ),
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...tensors.map(({ data }) => data)]);
}

/** Every tensor is as long as its shape says; together they fill the file; and written again they read the same. */
function safetensors(folder: string): Reader {
  const path = join(folder, 'model.safetensors');
  return {
    name: 'safetensors',
    syntax: 'safetensors',
    seeds: [
      Buffer.concat(
        encodeSafetensors([
          { name: 'a.weight', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
          { name: 'b', shape: [], data: Float32Array.of(7) },
        ]),
      ),
      tensorFile(
        { name: 'half', dtype: 'F16', shape: [3], data: new Uint8Array(6) },
        { name: 'brain', dtype: 'BF16', shape: [2, 1], data: new Uint8Array(4) },
        { name: 'long', dtype: 'I64', shape: [1], data: new Uint8Array(8) },
        { name: 'byte', dtype: 'U8', shape: [0, 5], data: new Uint8Array(0) },
      ),
    ],
    file: path,
    read(bytes) {
      const file = openTensorFile(written(path, bytes));
      let covered = 8 + Number(bytes.readBigUInt64LE());
      const floats = [...file.entries].flatMap(([name, { dtype, shape, begin, end }]) => {
        covered += end - begin;
        const data = /^[IU]|^BOOL$/.test(dtype) ? readIntegers(file, name) : readFloats(file, name);
        strictEqual(data.length, shape.reduce((product, axis) => product * axis, 1));
        return data instanceof Float32Array ? [{ name, shape, data }] : [];
      });
      strictEqual(covered, bytes.length);
      const again = openTensorFile(
        written(`${path}.again`, Buffer.concat(encodeSafetensors(floats.filter(({ name }) => name !== '__metadata__')))),
      );
      for (const { name, data } of floats) deepStrictEqual(readFloats(again, name), data);
    },
  };
}

/** A config.json: one that is accepted describes a classifier that can be built, of no absurd size. */
function encoderConfig(): Reader {
  return {
    name: 'config.json',
    syntax: 'json',
    seeds: [
      ...Object.values(tinyEncoders).map(({ json }) => json),
      { ...tinyRobertaJson, hidden_act: 'gelu_new', pad_token_id: 1 },
      { ...tinyDistilbertJson, dropout: 0.2 },
    ].map(jsonBytes),
    file: 'm/config.json',
    read(bytes) {
      const encoder = parseEncoderConfig(bytes.toString('utf8'), 'm/config.json');
      if (encoder.layers > 50) return;
      const { parameters } = classifierForward({ encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1 });
      const numbers = parameters.reduce((sum, { shape }) => sum + shape.reduce((product, axis) => product * axis, 1), 0);
      ok(Number.isSafeInteger(numbers) && numbers > 0 && numbers < 2e10);
    },
  };
}

/** The config.json of a model that was trained here, which also tells of its head and classes. */
function classifierFolder(folder: string): Reader {
  const own = join(folder, 'classifier');
  mkdirSync(own, { recursive: true });
  const base = written(join(folder, 'config.json'), jsonBytes(tinyConfigJson));
  writeModelFolder(own, {
    files: { 'config.json': base },
    config: tinyConfig(),
    task: classification(['calm', 'fire']),
    head: { dense: [4], dropout: 0.1, activation: 'none' },
    max_seq_length: 16,
    source: randomParameters(1),
  });
  const path = join(own, 'config.json');
  return {
    name: 'trained model',
    syntax: 'json',
    seeds: [readFileSync(path)],
    file: own,
    read(bytes) {
      written(path, bytes);
      const { task, max_seq_length: length } = readModelFolder(own);
      const { classes } = task.description as { readonly classes: readonly string[] };
      strictEqual(task.outputs, classes.length === 2 ? 1 : classes.length);
      ok(Number.isSafeInteger(length) && length > 0);
    },
  };
}

const TEXTS = ['Fires in the 🔥', '', '[CLS] fire', 'a'.repeat(300)];

/** What a tokenizer that is accepted makes of texts: ids that are numbers, and not more than asked for. */
async function useTokenizer(files: Readonly<Record<string, string>>): Promise<void> {
  const set = tokenize(await loadTokenizer(files), TEXTS, 12);
  ok(set.ids.every((id) => id >= 0) && set.offsets.length === TEXTS.length + 1);
  ok(TEXTS.every((_, row) => set.row(row).length <= 12));
}

async function tokenizers(folder: string): Promise<readonly Reader[]> {
  const [definition, config] = [join(folder, 'tokenizer.json'), join(folder, 'tokenizer_config.json')];
  const whole = written(join(folder, 'whole-tokenizer.json'), jsonBytes(tinyTokenizer));
  return [
    {
      name: 'tokenizer.json',
      syntax: 'json',
      seeds: [jsonBytes(tinyTokenizer)],
      file: definition,
      read: (bytes) => useTokenizer({ 'tokenizer.json': written(definition, bytes) }),
    },
    {
      name: 'tokenizer_config.json',
      syntax: 'json',
      seeds: [
        jsonBytes({
          pad_token: '[PAD]',
          unk_token: { content: '[UNK]' },
          do_lower_case: true,
          tokenizer_class: 'BertTokenizer',
          model_max_length: 512,
          added_tokens_decoder: { '0': { content: '[PAD]', special: true } },
        }),
      ],
      file: folder,
      read: (bytes) => useTokenizer({ 'tokenizer.json': whole, 'tokenizer_config.json': written(config, bytes) }),
    },
  ];
}

/** Token ids: whole rows, and the same when they are saved and loaded again. */
async function tokens(folder: string): Promise<Reader> {
  const [path, again] = [join(folder, 'train.tokens'), join(folder, 'again.tokens')];
  const tokenizer = await loadTokenizer({ 'tokenizer.json': written(join(folder, 'whole-tokenizer.json'), jsonBytes(tinyTokenizer)) });
  saveTokens(again, tokenize(tokenizer, TEXTS, 12));
  return {
    name: 'tokens',
    syntax: 'bytes',
    seeds: [readFileSync(again)],
    file: path,
    read(bytes) {
      const { offsets, ids, types, row, ...rest } = loadTokens(written(path, bytes));
      strictEqual(Array.from({ length: offsets.length - 1 }, (_, i) => row(i).length).reduce((sum, length) => sum + length, 0), ids.length);
      strictEqual(4 * (7 + offsets.length + ids.length + (types?.length ?? 0)), bytes.length);
      ok(Object.values(rest).every(Number.isInteger));
    },
  };
}

/** Features of a frozen encoder: rows of one width. */
function features(folder: string): Reader {
  const [path, whole] = [join(folder, 'features.safetensors'), join(folder, 'whole-features.safetensors')];
  saveFeatures(whole, { width: 4, values: Float32Array.from({ length: 12 }, (_, i) => i) });
  return {
    name: 'features',
    syntax: 'safetensors',
    seeds: [readFileSync(whole)],
    file: path,
    read(bytes) {
      const { width, values } = loadFeatures(written(path, bytes));
      ok(width > 0 && values.length % width === 0);
    },
  };
}

/** An ONNX graph: what is accepted is a graph that has what it returns. */
function onnx(): Reader {
  const shape = longTensor('shape', [2], [0, -1]);
  const seed = onnxFile({
    opset: 17,
    inputs: { x: tensorType('float32', 'batch', 4), ids: tensorType('int64', 'batch', null) },
    outputs: { y: tensorType('float32', 'batch', 3) },
    tensors: [
      floatTensor(
        'w',
        [4, 3],
        Array.from({ length: 12 }, (_, i) => i),
      ),
      floatTensor('b', [3], [1, 2, 3]),
      floatTensor(
        'table',
        [5, 3],
        Array.from({ length: 15 }, () => 0.5),
      ),
      shape,
    ],
    nodes: [
      { op: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['h'], attributes: { alpha: 1.5 } },
      { op: 'Gather', inputs: ['table', 'ids'], outputs: ['e'], attributes: { axis: 0n } },
      { op: 'ReduceMean', inputs: ['e'], outputs: ['m'], attributes: { axes: [1n], keepdims: 0n } },
      { op: 'Add', inputs: ['h', 'm'], outputs: ['s'] },
      { op: 'Reshape', inputs: ['s', 'shape'], outputs: ['r'] },
      { op: 'Transpose', inputs: ['r'], outputs: ['t'], attributes: { perm: [1n, 0n] } },
      { op: 'Transpose', inputs: ['t'], outputs: ['u'] },
      { op: 'LeakyRelu', inputs: ['u'], outputs: ['l'], attributes: { alpha: 0.1 } },
      { op: 'Softmax', inputs: ['l'], outputs: ['y'], attributes: { axis: -1n } },
    ],
  });
  return {
    name: 'onnx',
    syntax: 'bytes',
    seeds: [Buffer.from(seed)],
    file: '', // it is given bytes, and says which node they fail in
    read(bytes) {
      const { graph, parameters } = fromOnnx(bytes, { parameters: 'weights' });
      ok(graph.outputs.size > 0);
      for (const { name, shape: lengths } of graph.inputs)
        if (parameters.has(name))
          strictEqual(
            parameters.get(name)?.length,
            lengths.reduce<number>((product, length) => product * Number(length), 1),
          );
    },
  };
}
