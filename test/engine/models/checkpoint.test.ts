import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { savedParameters } from '../../../src/engine/models/weights/checkpoint.ts';
import {
  byteSource,
  classifierForward,
  encodeSafetensors,
  headForward,
  openSafetensors,
  pretrainedParameters,
  randomParameters,
  type NamedTensor,
  type Safetensors,
} from '../../../src/engine/models/index.ts';
import { tinyConfig, tinyDebertaJson, tinyDistilbertJson, tinyElectraJson, tinyModernbertJson, tinyRobertaJson } from './tiny.ts';
import { elementCount } from '../../../src/engine/models/weights/parameters.ts';

const config = tinyConfig();
const { parameters } = classifierForward({ encoder: config, head: { dense: [4], dropout: 0, activation: 'none' }, outputs: 1 });
const encoder = parameters.filter((spec) => spec.name.startsWith('bert.'));

/** Each parameter filled with a number of its own. */
function numbered(specs: typeof parameters, rename: (name: string) => string = (name) => name): NamedTensor[] {
  return specs.map((spec) => ({
    name: rename(spec.name),
    shape: spec.shape,
    data: new Float32Array(elementCount(spec)).fill(parameters.indexOf(spec) + 1),
  }));
}

function file(tensors: readonly NamedTensor[]): Safetensors {
  return openSafetensors(byteSource('model.safetensors', Buffer.concat(encodeSafetensors(tensors))));
}

function tensor(name: string, ...shape: number[]): NamedTensor {
  return { name, shape, data: new Float32Array(shape.reduce((product, axis) => product * axis, 1)) };
}

function failure(read: () => unknown): OrtrainError {
  try {
    read();
  } catch (error) {
    if (error instanceof OrtrainError) return error;
  }
  throw new Error('it was accepted');
}

describe('pretrained weights', () => {
  const bare = (name: string): string => name.slice('bert.'.length);
  const old = (name: string): string => name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
  test.each([
    ['with the prefix', (name: string) => name],
    ['without the prefix', bare],
    ['with the names of the first releases', old],
    ['without the prefix, with the names of the first releases', (name: string) => bare(old(name))],
  ])('%s', (_, rename) => {
    const { source, notices } = pretrainedParameters(file(numbered(encoder, rename)), config, parameters, 1);
    expect(notices).toEqual([]);
    for (const spec of encoder) expect(new Set(source(spec))).toEqual(new Set([parameters.indexOf(spec) + 1]));
  });

  test("the head starts at random, whatever the file's own head is", () => {
    const others = [tensor('cls.predictions.bias', 50), tensor('classifier.0.weight', 4, 8), tensor('bert.embeddings.position_ids', 1, 16)];
    const { source, notices, remarks } = pretrainedParameters(file([...numbered(encoder), ...others]), config, parameters, 7);
    const head = parameters.filter((spec) => spec.name.startsWith('classifier.'));
    expect(head).toHaveLength(4);
    for (const spec of head) expect(source(spec)).toEqual(randomParameters(7)(spec));
    expect(notices).toEqual([]);
    expect(remarks).toEqual(['model.safetensors also holds classifier.0.weight, cls.predictions.bias, which the model does not use']);
  });

  test('a missing pooler starts at random, with a notice', () => {
    const pooler = encoder.filter((spec) => spec.name.startsWith('bert.pooler.'));
    const { source, notices } = pretrainedParameters(
      file(numbered(encoder.filter((spec) => !pooler.includes(spec)))),
      config,
      parameters,
      7,
    );
    expect(notices).toEqual(['model.safetensors has no bert.pooler.dense.{weight,bias}; it starts from random weights']);
    // The same for another seed: each fold has one of its own, and all of them may train on the same features.
    const other = pretrainedParameters(file(numbered(encoder.filter((spec) => !pooler.includes(spec)))), config, parameters, 8).source;
    for (const spec of pooler) expect(source(spec)).toEqual(other(spec));
    const weight = source(pooler[0] as (typeof pooler)[number]);
    expect(new Set(weight).size).toBeGreaterThan(weight.length / 2);
  });

  test('of a language model: RoBERTa brings no pooler, and DistilBERT needs none', () => {
    const languageModels = [
      [
        tinyRobertaJson,
        'roberta',
        ['model.safetensors has no roberta.pooler.dense.{weight,bias}; it starts from random weights'],
      ],
      [tinyDistilbertJson, 'distilbert', []],
    ] as const;
    for (const [json, prefix, expected] of languageModels) {
      const own = tinyConfig({}, json);
      const specs = classifierForward({ encoder: own, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 }).parameters;
      const saved = specs.filter(({ name }) => name.startsWith(prefix) && !name.includes('pooler'));
      const others = [tensor('lm_head.bias', 50), tensor('vocab_projector.bias', 50), tensor(`${prefix}.embeddings.position_ids`, 1, 18)];
      expect(
        pretrainedParameters(file([...saved.map(({ name, shape }) => tensor(name, ...shape)), ...others]), own, specs, 7).notices,
      ).toEqual(expected);
      const { problems } = failure(() =>
        pretrainedParameters(file(saved.slice(1).map(({ name, shape }) => tensor(name, ...shape))), own, specs, 7),
      );
      expect(problems.map(({ message }) => message)).toEqual([`${prefix}.embeddings.word_embeddings.weight [50, 8] is missing`]);
    }
  });

  describe('whose pooler lies beside the encoder', () => {
    const load = (json: typeof tinyDebertaJson, rename: (name: string) => string | null, others: readonly NamedTensor[] = []) => {
      const own = tinyConfig({}, json);
      const specs = classifierForward({ encoder: own, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 }).parameters;
      const saved = specs.flatMap((spec): NamedTensor[] => {
        const name = spec.name.startsWith('classifier.') ? null : rename(spec.name);
        return name === null ? [] : [{ name, shape: spec.shape, data: new Float32Array(elementCount(spec)).fill(specs.indexOf(spec) + 1) }];
      });
      const { source, notices } = pretrainedParameters(file([...saved, ...others]), own, specs, 7);
      const fromFile = specs.filter((spec) => source(spec).every((x) => x === specs.indexOf(spec) + 1)).map(({ name }) => name);
      return { notices, fromFile: fromFile.length, all: specs.length - 2 };
    };
    const asModernbert = (name: string): string => name.replace('model.head.', 'head.');
    const decoder = tensor('decoder.bias', 50);

    test.each([
      ['a language model', asModernbert],
      ['a language model in a wrapper', (name: string) => `module.${asModernbert(name)}`],
      ['a compiled one', (name: string) => `_orig_mod.${asModernbert(name)}`],
      ['one with a deeper head that was trained here', (name: string) => name],
    ])('ModernBERT: %s brings the pretrained head', (_, rename) => {
      const { notices, fromFile, all } = load(tinyModernbertJson, rename, [decoder]);
      expect([notices, fromFile]).toEqual([[], all]);
    });

    test('ModernBERT: the encoder alone has names without a beginning, and a head that starts at random', () => {
      const bare = (name: string): string | null => (name.startsWith('model.head.') ? null : name.replace('model.', ''));
      const { notices, fromFile, all } = load(tinyModernbertJson, bare);
      expect(notices).toEqual(['model.safetensors has no model.head.dense.weight, model.head.norm.weight; it starts from random weights']);
      expect(fromFile).toBe(all - 2);
    });

    test('DeBERTa: a classifier brings its pooler, and the published encoders have none', () => {
      const classifier = load(tinyDebertaJson, (name) => name.replace('deberta.pooler.', 'pooler.'));
      expect([classifier.notices, classifier.fromFile]).toEqual([[], classifier.all]);
      const unused = tensor('deberta.embeddings.position_embeddings.weight', 16, 8);
      const published = load(tinyDebertaJson, (name) => (name.includes('.pooler.') ? null : name), [
        unused,
        tensor('lm_predictions.lm_head.bias', 50),
      ]);
      expect(published.notices).toEqual(['model.safetensors has no deberta.pooler.dense.{weight,bias}; it starts from random weights']);
      expect(published.fromFile).toBe(published.all - 2);
    });

    test('ELECTRA: a classifier brings the layer that counts as its pooler, and the discriminator has none', () => {
      const output = [tensor('classifier.out_proj.weight', 2, 8), tensor('classifier.out_proj.bias', 2)];
      for (const wrapper of ['', 'module.']) {
        const rename = (name: string): string => wrapper + name.replace('electra.pooler.', 'classifier.');
        const classifier = load(tinyElectraJson, rename, output);
        expect([classifier.notices, classifier.fromFile]).toEqual([[], classifier.all]);
      }
      const discriminator = load(tinyElectraJson, (name) => (name.includes('.pooler.') ? null : name));
      expect(discriminator.notices).toEqual(['model.safetensors has no electra.pooler.dense.{weight,bias}; it starts from random weights']);
    });
  });

  test('a layer that the configuration does not have is named in a notice', () => {
    const { notices } = pretrainedParameters(
      file([...numbered(encoder), tensor('bert.encoder.layer.1.output.dense.bias', 8)]),
      config,
      parameters,
      7,
    );
    expect(notices).toEqual(['model.safetensors has tensors that the model does not have: bert.encoder.layer.1.output.dense.bias']);
  });

  test('a head alone takes nothing from the file', () => {
    const head = headForward({ width: 8, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 }).parameters;
    expect(pretrainedParameters(file(numbered(encoder)), config, head, 7).notices).toEqual([]);
  });

  test('every missing tensor and every wrong shape is named', () => {
    const tensors = numbered(encoder).filter(
      ({ name }) => name !== 'bert.encoder.layer.0.output.dense.weight' && name !== 'bert.embeddings.word_embeddings.weight',
    );
    const error = failure(() =>
      pretrainedParameters(file([...tensors, tensor('bert.embeddings.word_embeddings.weight', 49, 8)]), config, parameters, 7),
    );
    expect(error.code).toBe('data');
    expect(error.problems.map((problem) => problem.message)).toEqual([
      'bert.encoder.layer.0.output.dense.weight [8, 16] is missing',
      'bert.embeddings.word_embeddings.weight is [49, 8], the model needs [50, 8]',
    ]);
  });
});

describe('saved weights', () => {
  test('come back as they were', () => {
    const source = savedParameters(file(numbered(parameters)), parameters);
    for (const spec of parameters) expect(new Set(source(spec))).toEqual(new Set([parameters.indexOf(spec) + 1]));
  });

  test('are refused unless names and shapes are exactly those of the model', () => {
    const tensors = numbered(parameters).filter(({ name }) => name !== 'bert.pooler.dense.bias' && name !== 'classifier.1.weight');
    const error = failure(() => savedParameters(file([...tensors, tensor('classifier.1.weight', 2, 4), tensor('extra', 1)]), parameters));
    expect(error.problems.map((problem) => problem.message)).toEqual([
      'bert.pooler.dense.bias [8] is missing',
      'classifier.1.weight is [2, 4], the model needs [1, 4]',
      'extra has no place in the model',
    ]);
  });
});

describe('random weights', () => {
  test('depend on the seed and the name alone', () => {
    const spec = { name: 'x', shape: [40], init: { kind: 'normal', std: 1 } } as const;
    expect(randomParameters(1)(spec)).toEqual(randomParameters(1)(spec));
    expect(randomParameters(1)(spec)).not.toEqual(randomParameters(2)(spec));
    expect(randomParameters(1)(spec)).not.toEqual(randomParameters(1)({ ...spec, name: 'y' }));
  });

  test('have the moments of their distribution', () => {
    const n = 99_999;
    const moments = (values: Float32Array): readonly number[] =>
      [1, 2, 4].map((power) => values.reduce((sum, x) => sum + x ** power, 0) / n);
    // Standard errors over n draws: mean sd/√n, variance sd²·√(2/n) for a normal distribution; five of them are allowed.
    const [mean, variance, fourth] = moments(randomParameters(3)({ name: 'n', shape: [n], init: { kind: 'normal', std: 0.02 } })) as [
      number,
      number,
      number,
    ];
    expect(Math.abs(mean)).toBeLessThan((5 * 0.02) / Math.sqrt(n));
    expect(Math.abs(variance / 0.02 ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(fourth / 0.02 ** 4 - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    const uniform = randomParameters(3)({ name: 'u', shape: [n], init: { kind: 'uniform', bound: 0.5 } });
    const [centre, spread] = moments(uniform) as [number, number, number];
    expect(Math.abs(centre)).toBeLessThan((5 * 0.5) / Math.sqrt(3 * n));
    expect(Math.abs(spread - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    expect(Math.max(...uniform.subarray(0, 50_000))).toBeLessThanOrEqual(0.5);
  });

  test('are written into memory of the caller', () => {
    const into = new Float32Array(3);
    expect(randomParameters(1)({ name: 'w', shape: [3], init: { kind: 'ones' } }, into)).toBe(into);
    expect([...into]).toEqual([1, 1, 1]);
  });
});
