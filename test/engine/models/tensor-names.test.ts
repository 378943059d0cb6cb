import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { inspectPretrained } from '../../../src/engine/models/weights/checkpoint.ts';
import {
  byteSource,
  classifierForward,
  encodeSafetensors,
  openSafetensors,
  pretrainedParameters,
  type NamedTensor,
  type Safetensors,
} from '../../../src/engine/models/index.ts';
import { elementCount } from '../../../src/engine/models/weights/parameters.ts';
import { tinyConfig } from './tiny.ts';

const config = tinyConfig();
const { parameters } = classifierForward({ encoder: config, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 });
const encoder = parameters.filter(({ name }) => name.startsWith('bert.'));

const numbered = (rename: (name: string) => string): NamedTensor[] =>
  encoder.map((spec, i) => ({ name: rename(spec.name), shape: spec.shape, data: new Float32Array(elementCount(spec)).fill(i + 1) }));
const file = (tensors: readonly NamedTensor[]): Safetensors =>
  openSafetensors(byteSource('model.safetensors', Buffer.concat(encodeSafetensors(tensors))));

function failure(read: () => unknown): OrtrainError {
  try {
    read();
  } catch (error) {
    if (error instanceof OrtrainError) return error;
  }
  throw new Error('it was accepted');
}

describe('an encoder is found in a checkpoint', () => {
  const bare = (name: string): string => name.slice('bert.'.length);
  test.each([
    ['module.', (name: string) => `module.${name}`],
    ['module. without the own prefix', (name: string) => `module.${bare(name)}`],
    ['_orig_mod.', (name: string) => `_orig_mod.${name}`],
    ['_orig_mod. before single layers', (name: string) => name.replace(/layer\.(\d+)\./, 'layer.$1._orig_mod.')],
    ['model.', (name: string) => `model.${bare(name)}`],
    ['several together', (name: string) => `_orig_mod.module.model.${name}`],
    ['a name that a larger model has for it', (name: string) => `text_encoder.backbone.${bare(name)}`],
    ["encoder., which is also a part of the encoder's own", (name: string) => `encoder.${bare(name)}`],
    ['the wrong architecture', (name: string) => `roberta.${bare(name)}`],
    [
      'old names of the normalizations',
      (name: string) => `module.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`,
    ],
  ])('behind %s', (_, rename) => {
    const heads = ['cls.predictions.bias', 'classifier.weight', 'module.classifier.weight'].map((name): NamedTensor => ({
      name,
      shape: [2],
      data: new Float32Array(2),
    }));
    const { source, notices } = pretrainedParameters(file([...numbered(rename), ...heads]), config, parameters, 1);
    expect(notices).toEqual([]);
    encoder.forEach((spec, i) => expect(new Set(source(spec)), spec.name).toEqual(new Set([i + 1])));
  });

  test('unless there are two of them, neither under the own name', () => {
    const two = [...numbered((name) => `query.${name}`), ...numbered((name) => `passage.${name}`)];
    expect(failure(() => pretrainedParameters(file(two), config, parameters, 1))).toMatchObject({
      code: 'data',
      message: 'model.safetensors holds 2 encoders',
      problems: [{ message: 'the names of one begin with passage.bert., those of another with query.bert.' }],
    });
    const student = [
      ...numbered((name) => name),
      ...numbered((name) => `teacher.${name}`).map((each) => ({ ...each, data: each.data.map(() => -1) })),
    ];
    expect(pretrainedParameters(file(student), config, parameters, 1).source(encoder[0]!)[0]).toBe(1);
  });

  test('once where a tensor is there under two names, and refused where its numbers are not the same', () => {
    const again = numbered((name) => `_orig_mod.${name}`).slice(0, 1);
    const { source, remarks } = pretrainedParameters(file([...numbered((name) => name), ...again]), config, parameters, 1);
    expect([source(encoder[0]!)[0], remarks]).toEqual([1, []]);
    const twice = [...numbered((name) => name), ...again.map((each) => ({ ...each, data: each.data.map((x, i) => (i === 9 ? -x : x)) }))];
    expect(failure(() => pretrainedParameters(file(twice), config, parameters, 1)).message).toMatch(
      /^model\.safetensors holds one tensor twice, as /,
    );
  });
});

describe('what does not fit', () => {
  test('is told in a sentence with a count and a few names, however much it is', () => {
    const foreign = Array.from({ length: 300 }, (_, i): NamedTensor => ({
      name: `layers.${i}.weight`,
      shape: [1],
      data: Float32Array.of(i),
    }));
    const { problems } = failure(() => pretrainedParameters(file(foreign), config, parameters, 1));
    const parts = [
      ...['query', 'key', 'value'].map((name) => `attention.self.${name}`),
      ...['attention.output.dense', 'attention.output.LayerNorm', 'intermediate.dense', 'output.dense', 'output.LayerNorm'],
    ];
    // All but the pooler, which may be absent.
    const needed = encoder.length - 2;
    expect(problems.map(({ message }) => message)).toEqual([
      `${needed} of ${encoder.length} tensors are missing: bert.embeddings.word_embeddings.weight, ` +
        'bert.embeddings.position_embeddings.weight, bert.embeddings.token_type_embeddings.weight, bert.embeddings.LayerNorm.{weight,bias}, ' +
        `${parts.map((part) => `bert.encoder.layer.0.${part}.{weight,bias}`).join(', ')}; the tensors of the file are layers.{0…299}.weight`,
    ]);
    const narrow = numbered((name) => name).map((each) => ({ ...each, shape: [...each.shape, 1] }));
    expect(failure(() => pretrainedParameters(file(narrow), config, parameters, 1)).problems.at(-1)?.message).toBe(
      `${encoder.length - 3} more tensors have another shape than the model needs`,
    );
  });

  test('types that cannot be read are refused before they are needed', () => {
    const tensors = file(numbered((name) => name));
    const entries = new Map(
      [...tensors.entries].map(([name, entry]) => [name, name.includes('query.weight') ? { ...entry, dtype: 'I8' as const } : entry]),
    );
    expect(
      failure(() => pretrainedParameters({ ...tensors, entries }, config, parameters, 1)).problems.map(({ message }) => message),
    ).toEqual(['bert.encoder.layer.0.attention.self.query.weight is I8; only F32, F16, BF16 and F64 can be read, not quantized weights']);
  });
});

describe('the numbers of a checkpoint', () => {
  const changed = (part: string, change: (x: number, i: number) => number): Safetensors =>
    file(numbered((name) => `module.${name}`).map((each) => (each.name.includes(part) ? { ...each, data: each.data.map(change) } : each)));

  test.each([
    [NaN, 'NaN: 1 of 8 numbers'],
    [Infinity, 'infinity: 1 of 8 numbers'],
    [-Infinity, 'infinity: 1 of 8 numbers'],
  ])('%f is named with the file and the tensor as it has it', (wrong, told) => {
    const error = failure(() =>
      inspectPretrained(
        changed('pooler.dense.bias', (x, i) => (i === 3 ? wrong : x)),
        config,
        parameters,
      ),
    );
    expect(error).toMatchObject({
      code: 'data',
      message: 'model.safetensors is damaged: 1 tensor of it holds values that are not numbers',
    });
    expect(error.problems).toEqual([{ file: 'model.safetensors', message: `module.bert.pooler.dense.bias holds ${told}` }]);
  });

  test('of all tensors the first few are named', () => {
    const { problems } = failure(() => inspectPretrained(changed('', () => NaN), config, parameters));
    expect(problems).toHaveLength(4);
    expect(problems[3]?.message).toBe(`${encoder.length - 3} more tensors as well`);
  });

  test('weights that are zero throughout are worth a sentence, biases and segments are not', () => {
    expect(inspectPretrained(changed('', (x) => x), config, parameters)).toEqual([]);
    expect(inspectPretrained(changed('bias', () => 0), config, parameters)).toEqual([]);
    expect(inspectPretrained(changed('token_type', () => 0), config, parameters)).toEqual([]);
    expect(inspectPretrained(changed('embeddings.LayerNorm.weight', () => 0), config, parameters)).toEqual([
      'model.safetensors: module.bert.embeddings.LayerNorm.weight is zero throughout, which no training leaves behind; the file may be damaged',
    ]);
  });
});

describe('a vocabulary that is larger than the checkpoint', () => {
  const larger = tinyConfig({ vocab_size: 53 });
  const own = classifierForward({ encoder: larger, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 }).parameters;
  const table = own.find(({ name }) => name === 'bert.embeddings.word_embeddings.weight')!;
  const ramp = file(
    numbered((name) => name).map((each) => (each.name === table.name ? { ...each, data: each.data.map((_, i) => i) } : each)),
  );

  test('is refused unless somebody asks for it', () => {
    expect(failure(() => pretrainedParameters(ramp, larger, own, 1)).problems.map(({ message }) => message)).toEqual([
      'bert.embeddings.word_embeddings.weight is [50, 8], the model needs [53, 8]',
    ]);
  });

  test('gets rows that are the mean of the others', () => {
    const { source, notices } = pretrainedParameters(ramp, larger, own, 1, { resizeEmbeddings: true });
    const values = source(table);
    expect(values).toHaveLength(53 * 8);
    expect([...values.subarray(0, 400)]).toEqual(Array.from({ length: 400 }, (_, i) => i));
    for (const row of [50, 51, 52])
      expect([...values.subarray(row * 8, row * 8 + 8)]).toEqual(Array.from({ length: 8 }, (_, i) => 8 * 24.5 + i));
    const into = new Float32Array(53 * 8);
    expect([...(source(table, into), into)]).toEqual([...values]);
    expect(notices).toEqual([
      "model.safetensors: the tokenizer has 3 tokens beyond the model's vocabulary, for which model.resize_embeddings adds rows to the embeddings, the mean of the others to begin with",
    ]);
  });

  test('leaves a vocabulary alone that is large enough', () => {
    const { source, notices } = pretrainedParameters(ramp, config, parameters, 1, { resizeEmbeddings: true });
    expect([notices, source({ ...table, shape: [50, 8] }).length]).toEqual([[], 400]);
  });
});
