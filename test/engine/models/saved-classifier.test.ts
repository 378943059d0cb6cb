import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import {
  batchFeeds,
  byteSource,
  classifierForward,
  encodeSafetensors,
  openSafetensors,
  randomParameters,
  savedClassifier,
  type ParameterSource,
  type PublishedClassifier,
  type NamedTensor,
  type Safetensors,
} from '../../../src/engine/models/index.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { tinyConfig, tinyConfigJson, tinyDistilbertJson, tinyEncoders, tinyRobertaJson } from './tiny.ts';

const deep = { dense: [4], dropout: 0.2, activation: 'relu' } as const;
const flat = { dense: [], dropout: 0.2, activation: 'none' } as const;
const source = randomParameters(3);

function options(json: typeof tinyConfigJson, head: PublishedClassifier['head'], outputs = 3): PublishedClassifier {
  return { encoder: tinyConfig({}, json), head, outputs, asPair: outputs === 1 };
}

function file(tensors: readonly NamedTensor[]): Safetensors {
  return openSafetensors(byteSource('model.safetensors', Buffer.concat(encodeSafetensors(tensors))));
}

function headOf(tensors: readonly NamedTensor[]): readonly string[] {
  return tensors.filter(({ name }) => /classifier|pooler/.test(name)).map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
}

const each = Object.entries(tinyEncoders).flatMap(([type, { json }]) => [flat, deep].map((head) => [type, head, json] as const));

test.each(each)('a saved %s with head %o comes back as it was', (_, head, json) => {
  const classifier = options(json, head);
  const saved = savedClassifier(classifier);
  const read = saved.read(file(saved.tensors(source)));
  for (const spec of classifierForward(classifier).parameters) {
    expect(read(spec), spec.name).toEqual(source(spec));
    const into = new Float32Array(source(spec).length);
    expect([...(read(spec, into), into)], spec.name).toEqual([...source(spec)]);
  }
});

describe.each(['coral', 'cumulative'] as const)('a saved %s layer of ranks', (link) => {
  const ranked = (type: string, head: PublishedClassifier['head']): PublishedClassifier => ({
    ...options(tinyEncoders[type]!.json, head, 4),
    ranks: { link },
  });

  test.each(Object.keys(tinyEncoders).flatMap((type) => [flat, deep].map((head) => [type, head] as const)))(
    'of a %s with head %o comes back',
    (type, head) => {
      const classifier = ranked(type, head);
      const saved = savedClassifier(classifier);
      const read = saved.read(file(saved.tensors(source)));
      for (const spec of classifierForward(classifier).parameters) {
        const [values, expected] = [read(spec), source(spec)];
        expect(values.length).toBe(expected.length);
        values.forEach((value, i) => expect(value, spec.name).toBeCloseTo(expected[i]!, 6));
      }
    },
  );

  test('is a dense layer that computes the same', async () => {
    const classifier = ranked('bert', flat);
    const { ranks: _, ...dense } = classifier;
    const tensors = file(savedClassifier(classifier).tensors(source));
    expect(headOf(savedClassifier(classifier).tensors(source)).slice(2)).toEqual(['classifier.weight [4, 8]', 'classifier.bias [4]']);
    const feeds = batchFeeds(classifier.encoder, [[1, 2, 3], [4, 5]], 3);
    const logits = async (options: PublishedClassifier, values: ParameterSource): Promise<Float32Array> => {
      const model = await openForward({ program: classifierForward(options), source: values, threads: 1 });
      const found = await model.forward(feeds);
      await model.release();
      return found;
    };
    const [own, published] = [await logits(classifier, source), await logits(dense, savedClassifier(dense).read(tensors))];
    own.forEach((x, i) => expect(published[i]).toBeCloseTo(x, 5));
    expect([...own]).toEqual([...own.slice(0, 4)].sort((a, b) => b - a).concat([...own.slice(4)].sort((a, b) => b - a)));
  });

  test('is refused where the rows differ', () => {
    const saved = savedClassifier(ranked('bert', flat));
    const differing = Float32Array.from({ length: 4 * 8 }, (_, i) => i);
    const changed = saved.tensors(source).map((tensor) => (tensor.name === 'classifier.weight' ? { ...tensor, data: differing } : tensor));
    const read = saved.read(file(changed));
    expect(() => read({ name: 'classifier.weight', shape: [1, 8], init: { kind: 'zeros' } })).toThrow('the rows of classifier.weight differ');
  });
});

describe('the layout of a head', () => {
  test('of one dense layer is that of the class named in config.json', () => {
    const [bert, roberta, distilbert] = [tinyConfigJson, tinyRobertaJson, tinyDistilbertJson].map((json) =>
      savedClassifier(options(json, flat)),
    );
    expect(bert?.config).toEqual({ architectures: ['BertForSequenceClassification'], classifier_dropout: 0.2 });
    expect(headOf(bert?.tensors(source) ?? [])).toEqual([
      'bert.pooler.dense.weight [8, 8]',
      'bert.pooler.dense.bias [8]',
      'classifier.weight [3, 8]',
      'classifier.bias [3]',
    ]);
    expect(roberta?.config).toEqual({ architectures: ['RobertaForSequenceClassification'], classifier_dropout: 0.2 });
    expect(headOf(roberta?.tensors(source) ?? [])).toEqual([
      'classifier.dense.weight [8, 8]',
      'classifier.dense.bias [8]',
      'classifier.out_proj.weight [3, 8]',
      'classifier.out_proj.bias [3]',
    ]);
    expect(distilbert?.config).toEqual({ architectures: ['DistilBertForSequenceClassification'], seq_classif_dropout: 0.2 });
    expect(headOf(distilbert?.tensors(source) ?? [])).toEqual([
      'classifier.weight [3, 8]',
      'classifier.bias [3]',
      'pre_classifier.weight [8, 8]',
      'pre_classifier.bias [8]',
    ]);
  });

  test.each([
    ['xlm-roberta', 'XLMRobertaForSequenceClassification', { classifier_dropout: 0.2 }, 'classifier.dense', 'classifier.out_proj'],
    ['camembert', 'CamembertForSequenceClassification', { classifier_dropout: 0.2 }, 'classifier.dense', 'classifier.out_proj'],
    ['electra', 'ElectraForSequenceClassification', { classifier_dropout: 0.2 }, 'classifier.dense', 'classifier.out_proj'],
    ['mpnet', 'MPNetForSequenceClassification', {}, 'classifier.dense', 'classifier.out_proj'],
    ['albert', 'AlbertForSequenceClassification', { classifier_dropout_prob: 0.2 }, 'albert.pooler', 'classifier'],
    ['deberta-v2', 'DebertaV2ForSequenceClassification', { cls_dropout: 0.2 }, 'pooler.dense', 'classifier'],
  ])('of %s is that of %s', (type, name, dropout, pooler, last) => {
    const saved = savedClassifier(options(tinyEncoders[type]!.json, flat));
    expect(saved.config).toEqual({ architectures: [name], ...dropout });
    expect(headOf(saved.tensors(source))).toEqual([
      `${pooler}.weight [8, 8]`,
      `${pooler}.bias [8]`,
      `${last}.weight [3, 8]`,
      `${last}.bias [3]`,
    ]);
  });

  test('of modernbert is that of ModernBertForSequenceClassification, whose head was pretrained', () => {
    const saved = savedClassifier(options(tinyEncoders['modernbert']!.json, flat));
    expect(saved.config).toEqual({ architectures: ['ModernBertForSequenceClassification'], classifier_dropout: 0.2 });
    expect(saved.tensors(source).flatMap(({ name }) => (name.startsWith('model.') ? [] : name))).toEqual([
      'head.dense.weight',
      'head.norm.weight',
      'classifier.weight',
      'classifier.bias',
    ]);
  });

  test.each([
    ['bert', tinyConfigJson, 'BertModel', ['bert.pooler.dense.weight [8, 8]', 'bert.pooler.dense.bias [8]']],
    ['roberta', tinyRobertaJson, 'RobertaModel', ['roberta.pooler.dense.weight [8, 8]', 'roberta.pooler.dense.bias [8]']],
    ['distilbert', tinyDistilbertJson, 'DistilBertModel', []],
  ] as const)('of more than one is our own, and config.json names the encoder: %s', (_, json, name, pooler) => {
    const saved = savedClassifier(options(json, deep));
    expect(saved.config['architectures']).toEqual([name]);
    expect(headOf(saved.tensors(source))).toEqual([
      ...pooler,
      'classifier.0.weight [4, 8]',
      'classifier.0.bias [4]',
      'classifier.1.weight [3, 4]',
      'classifier.1.bias [3]',
    ]);
  });
});

describe("DistilBERT's two dense layers with a ReLU between them", () => {
  const classifier = options(tinyDistilbertJson, flat);
  const tensors = savedClassifier(classifier).tensors(source);

  test('compute the one dense layer that they stand for', () => {
    const values = (name: string): Float32Array => tensors.find((each) => each.name === name)?.data ?? new Float32Array();
    const x = Array.from({ length: 8 }, (_, i) => Math.sin(i + 1));
    const product = (weight: ArrayLike<number>, row: number, y: readonly number[]): number =>
      y.reduce((sum, each, i) => sum + each * (weight[row * 8 + i] ?? NaN), 0);
    const inner = x.map((_, row) =>
      Math.max(0, product(values('pre_classifier.weight'), row, x) + (values('pre_classifier.bias')[row] ?? NaN)),
    );
    const weight = source({ name: 'classifier.weight', shape: [3, 8], init: { kind: 'uniform', bound: 1 / Math.sqrt(8) } });
    for (const k of [0, 1, 2]) expect(product(values('classifier.weight'), k, inner)).toBeCloseTo(product(weight, k, x), 12);
  });

  test.each(['pre_classifier.weight', 'pre_classifier.bias', 'classifier.weight'])('are refused where %s was changed', (name) => {
    const changed = tensors.map((each) =>
      each.name === name ? { ...each, data: each.data.map((x, i, { length }) => (i === length - 1 ? x + 0.5 : x)) } : each,
    );
    try {
      savedClassifier(classifier).read(file(changed));
    } catch (error) {
      expect(error).toBeInstanceOf(OrtrainError);
      expect((error as OrtrainError).problems).toEqual([
        { file: 'model.safetensors', message: `${name} does not represent a single dense layer` },
      ]);
      return;
    }
    throw new Error('it was accepted');
  });

  test('have no room for more outputs than half the width, which lie as they are', () => {
    const saved = savedClassifier(options(tinyDistilbertJson, flat, 5));
    expect(saved.config['architectures']).toEqual(['DistilBertModel']);
    expect(headOf(saved.tensors(source))).toEqual(['classifier.weight [5, 8]', 'classifier.bias [5]']);
  });
});
