import { describe, expect, test } from 'vitest';
import { print } from '../../../src/engine/graph/index.ts';
import {
  batchFeeds,
  classifierForward,
  encoderForward,
  featureFeeds,
  headForward,
  randomParameters,
  type ClassifierOptions,
  type ParameterSource,
} from '../../../src/engine/models/index.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import type { Feeds, ForwardProgram, StepProgram } from '../../../src/engine/program.ts';
import { openForward, openTrainer } from '../../../src/engine/runtime/index.ts';
import { distance, sgdGradients } from './oracle-run.ts';
import { tinyConfig, tinyConfigJson, tinyDistilbertJson, tinyEncoders } from './tiny.ts';
import { elementCount } from '../../../src/engine/models/weights/parameters.ts';
import { classFeeds, classifierHeadStep, classifierStep } from '../../helpers/class-steps.ts';

const head = { dense: [4], dropout: 0.1, activation: 'relu' } as const;
const texts = [[2, 7, 9, 4], [2, 11, 4], [2, 9, 9, 30, 41, 4]];

const architectures = Object.entries(tinyEncoders).map(([type, { json, keys }]) => [type, json, keys] as const);

/** Larger than the 0.02 of BERT, so that no layer of so small a model is close to linear. */
const lively = { initializer_range: 0.5 };

async function forward(program: ForwardProgram, source: ParameterSource, feeds: Feeds): Promise<Float32Array> {
  const model = await openForward({ program, source, threads: 1 });
  const output = await model.forward(feeds);
  await model.release();
  return output;
}

describe('the graph', () => {
  test.each(architectures)('of a forward pass of one layer of %s', (_, json) => {
    const { graph } = classifierForward({ encoder: tinyConfig({}, json), head: { ...head, dense: [] }, outputs: 1 });
    expect(print(graph).replaceAll(/\w+\.(encoder|transformer)\.layer\.0/g, 'layer')).toMatchSnapshot();
  });

  test('has parameters with the names and shapes of a Hugging Face checkpoint', () => {
    const { parameters } = classifierForward({ encoder: tinyConfig({ num_hidden_layers: 2 }), head: { ...head, dense: [] }, outputs: 3 });
    const layer = (i: number): readonly string[] => [
      ...['query', 'key', 'value'].flatMap((part) => [
        `bert.encoder.layer.${i}.attention.self.${part}.weight 8,8`,
        `bert.encoder.layer.${i}.attention.self.${part}.bias 8`,
      ]),
      `bert.encoder.layer.${i}.attention.output.dense.weight 8,8`,
      `bert.encoder.layer.${i}.attention.output.dense.bias 8`,
      `bert.encoder.layer.${i}.attention.output.LayerNorm.weight 8`,
      `bert.encoder.layer.${i}.attention.output.LayerNorm.bias 8`,
      `bert.encoder.layer.${i}.intermediate.dense.weight 16,8`,
      `bert.encoder.layer.${i}.intermediate.dense.bias 16`,
      `bert.encoder.layer.${i}.output.dense.weight 8,16`,
      `bert.encoder.layer.${i}.output.dense.bias 8`,
      `bert.encoder.layer.${i}.output.LayerNorm.weight 8`,
      `bert.encoder.layer.${i}.output.LayerNorm.bias 8`,
    ];
    expect(parameters.map(({ name, shape }) => `${name} ${shape.join()}`)).toEqual([
      'bert.embeddings.word_embeddings.weight 50,8',
      'bert.embeddings.position_embeddings.weight 16,8',
      'bert.embeddings.token_type_embeddings.weight 2,8',
      'bert.embeddings.LayerNorm.weight 8',
      'bert.embeddings.LayerNorm.bias 8',
      ...layer(0),
      ...layer(1),
      'bert.pooler.dense.weight 8,8',
      'bert.pooler.dense.bias 8',
      'classifier.weight 3,8',
      'classifier.bias 3',
    ]);
  });

  test('of a training step has dropout where BertModel has it, and before the first two dense layers of the head', () => {
    const options = {
      encoder: tinyConfig({ num_hidden_layers: 2, hidden_dropout_prob: 0.2 }),
      head: { ...head, dense: [4, 3], dropout: 0.5 },
      outputs: 1,
    };
    expect(classifierStep(options).masks.map(({ input, shape, rate }) => `${input} [${shape.join(', ')}] ${rate}`)).toEqual([
      'bert.embeddings.dropout.mask [B*S, 8] 0.2',
      'bert.encoder.layer.0.attention.self.dropout.mask [B, 2, S, S] 0.1',
      'bert.encoder.layer.0.attention.output.dropout.mask [B*S, 8] 0.2',
      'bert.encoder.layer.0.output.dropout.mask [B*S, 8] 0.2',
      'bert.encoder.layer.1.attention.self.dropout.mask [B, 2, S] 0.1',
      'bert.encoder.layer.1.attention.output.dropout.mask [B, 8] 0.2',
      'bert.encoder.layer.1.output.dropout.mask [B, 8] 0.2',
      'classifier.0.dropout.mask [B, 8] 0.5',
      'classifier.1.dropout.mask [B, 4] 0.5',
    ]);
    expect(classifierStep({ ...options, frozen: 'encoder' }).masks.map(({ input }) => input)).toEqual([
      'classifier.0.dropout.mask',
      'classifier.1.dropout.mask',
    ]);
  });

  test('of a training step of DistilBERT has dropout where DistilBertModel has it: none on what attention gives', () => {
    const options = { encoder: tinyConfig({ dropout: 0.2 }, tinyDistilbertJson), head: { ...head, dense: [], dropout: 0.5 }, outputs: 1 };
    expect(classifierStep(options).masks.map(({ input, shape, rate }) => `${input} [${shape.join(', ')}] ${rate}`)).toEqual([
      'distilbert.embeddings.dropout.mask [B*S, 8] 0.2',
      'distilbert.transformer.layer.0.attention.dropout.mask [B, 2, S] 0.1',
      'distilbert.transformer.layer.0.ffn.dropout.mask [B, 8] 0.2',
      'classifier.dropout.mask [B, 8] 0.5',
    ]);
  });

  test('of a training step has a gradient for every parameter, or with a frozen encoder for those of the head', () => {
    const options = { encoder: tinyConfig(), head, outputs: 1 };
    const { parameters, gradients } = classifierStep(options);
    expect(gradients.map(({ parameter }) => parameter)).toEqual(parameters.map(({ name }) => name));
    expect(gradients.filter(({ rows }) => rows !== undefined).map(({ parameter, rows }) => `${parameter} ${rows}`)).toEqual([
      'bert.embeddings.word_embeddings.weight token_rows',
      'bert.embeddings.position_embeddings.weight positions',
    ]);
    const frozen = classifierStep({ ...options, frozen: 'encoder' });
    expect(frozen.parameters).toEqual(parameters);
    expect(frozen.gradients.map(({ parameter }) => parameter)).toEqual(
      classifierHeadStep({ width: 8, head, outputs: 1 }).parameters.map(({ name }) => name),
    );
  });
});

describe.each(architectures)('the forward pass of %s', (_, json, keys) => {
  const options: ClassifierOptions = { encoder: tinyConfig({ [keys.layers]: 2, ...lively }, json), head, outputs: 3 };
  const source = randomParameters(1);

  test.each(['default', 'last4', 'mean', 'max'] as const)('with the pooling %s does not depend on the width of a batch', async (pooling) => {
    const program = classifierForward({ ...options, pooling });
    const narrow = await forward(program, source, batchFeeds(options.encoder, texts, 6));
    const wide = await forward(program, source, batchFeeds(options.encoder, texts, 13));
    expect(distance(narrow, wide)).toBeLessThan(1e-5);
    const alone = await forward(program, source, batchFeeds(options.encoder, texts.slice(1, 2), 3));
    expect(distance(narrow.slice(3, 6), alone)).toBeLessThan(1e-5);
  });

  test('is the encoder followed by the head', async () => {
    const feeds = batchFeeds(options.encoder, texts, 6);
    const features = await forward(encoderForward(options.encoder), source, feeds);
    const logits = await forward(headForward({ width: 8, head, outputs: 3 }), source, featureFeeds(features, 8));
    expect(distance(logits, await forward(classifierForward(options), source, feeds))).toBeLessThan(1e-6);
  });
});

describe('the gradients', () => {
  test.each([
    ...architectures.map(([type, json, keys]) => [type, 'gelu', 1, json, keys] as const),
    ['bert', 'gelu_new', 3, tinyConfigJson, tinyEncoders['bert']!.keys] as const,
    ['bert', 'relu', 1, tinyConfigJson, tinyEncoders['bert']!.keys] as const,
  ])('of %s with %s and %i outputs are the slope of its loss', async (_, activation, outputs, json, keys) => {
    const noDropout = { [keys.hidden]: 0, [keys.attention]: 0, classifier_dropout: 0 };
    const changes = { [keys.layers]: 2, hidden_act: activation, activation, ...noDropout, ...lively };
    const options = { encoder: tinyConfig(changes, json), head: { ...head, dropout: 0 }, outputs };
    const step = classifierStep(options);
    const types = texts.map((text) => text.map((_, i) => (i < 2 ? 0 : 1)));
    const feeds = { ...batchFeeds(options.encoder, texts, 6, types), ...classFeeds([0, 1, outputs - 1], outputs) };
    const source = randomParameters(2);
    const found = await sgdGradients(step, source, feeds);

    // (f(p + hd) - f(p - hd)) / 2h = ∇f·d + O(h²), in the steepest of a few random directions d of length 1.
    const along = (direction: Readonly<Record<string, Float32Array>>): number =>
      step.parameters.reduce((sum, { name }) => sum + dot(found[name] as Float32Array, direction[name] as Float32Array), 0);
    const directions = Array.from({ length: 16 }, (_, i) => unitDirection(step, 9 + i));
    const direction = directions.reduce((best, each) => (Math.abs(along(each)) > Math.abs(along(best)) ? each : best));
    const slope = along(direction);
    const h = 1e-2;
    const shifted =
      (by: number): ParameterSource =>
      (spec, into) => {
        const values = source(spec, into);
        return values.map((x, i) => (values[i] = x + by * (direction[spec.name]?.[i] ?? 0)));
      };
    const lossAt = (by: number): Promise<Float32Array> =>
      forward({ graph: step.graph, parameters: step.parameters, output: 'loss' }, shifted(by), feeds);
    const [above, below] = [await lossAt(h), await lossAt(-h)];
    expect(Math.abs(slope)).toBeGreaterThan(0.005); // ten times the tolerance
    expect(((above[0] ?? NaN) - (below[0] ?? NaN)) / (2 * h)).toBeCloseTo(slope, 3);
  });
});

test.each(architectures)('a small %s learns eight texts by heart, dropout on', async (_, json, keys) => {
  const encoder = tinyConfig({ [keys.width]: 32, [keys.layers]: 2, initializer_range: 0.2 }, json);
  const options = { encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1 } as const;
  const eight = [[2, 7, 4], [2, 8, 4], [2, 9, 10, 4], [2, 10, 9, 4], [2, 11, 4], [2, 12, 13, 14, 4], [2, 12, 14, 13, 4], [2, 30, 4]];
  const labels = [0, 1, 0, 1, 1, 0, 1, 0];
  const feeds = { ...batchFeeds(encoder, eight, 5), ...classFeeds(labels, 1) };
  const trainer = await openTrainer({
    step: classifierStep(options),
    forward: classifierForward(options),
    source: randomParameters(5),
    threads: 1,
    optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) },
    clipNorm: null,
    seed: 5,
  });
  for (let i = 0; i < 200; i++) await trainer.step(feeds, { lr: 0.003 });
  const logits = await trainer.forward(feeds);
  await trainer.release();
  expect([...logits].map((x) => (x > 0 ? 1 : 0))).toEqual(labels);
  expect(Math.min(...logits.map(Math.abs))).toBeGreaterThan(3); // probabilities beyond 0.95
});

function unitDirection(step: StepProgram, seed: number): Readonly<Record<string, Float32Array>> {
  const random = randomParameters(seed);
  const total = step.parameters.reduce((sum, spec) => sum + elementCount(spec), 0);
  return Object.fromEntries(
    step.parameters.map((spec) => [spec.name, random({ ...spec, init: { kind: 'normal', std: 1 / Math.sqrt(total) } })]),
  );
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}
