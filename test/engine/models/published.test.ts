import { describe, expect, test } from 'vitest';
import {
  byteSource,
  classifierForward,
  encodeSafetensors,
  openSafetensors,
  publishedParameters,
  randomParameters,
  savedClassifier,
  type NamedTensor,
  type Safetensors,
} from '../../../src/engine/models/index.ts';
import { tinyConfig, tinyEncoders } from './tiny.ts';

const source = randomParameters(3);
const file = (tensors: readonly NamedTensor[]): Safetensors =>
  openSafetensors(byteSource('model.safetensors', Buffer.concat(encodeSafetensors(tensors))));

/** The class of DistilBERT has a layer with ReLU between encoder and logits. */
const kinds = Object.entries(tinyEncoders).filter(([type]) => type !== 'distilbert');

describe.each(kinds)('a published classifier of %s', (_, { json }) => {
  const options = { encoder: tinyConfig({}, json), head: { dense: [], dropout: 0, activation: 'none' }, outputs: 3 } as const;
  const tensors = savedClassifier({ ...options, asPair: false }).tensors(source);
  const { parameters } = classifierForward(options);

  test.each([
    ['as it is', (name: string) => name],
    ['behind wrappers', (name: string) => `module.${name}`],
    ['compiled', (name: string) => `_orig_mod.${name}`],
  ])('is read with its own head, %s', (_kind, rename) => {
    const read = publishedParameters(file(tensors.map((each) => ({ ...each, name: rename(each.name) }))), options);
    for (const spec of parameters) expect(read.source(spec), spec.name).toEqual(source(spec));
    expect([read.notices, read.remarks]).toEqual([[], []]);
  });

  test('is refused without its head, and with one for other classes', () => {
    const message = 'model.safetensors does not fit the model that its config.json describes';
    expect(() => publishedParameters(file(tensors.filter(({ name }) => !name.startsWith('classifier.'))), options)).toThrow(message);
    expect(() => publishedParameters(file(tensors), { ...options, outputs: 2 })).toThrow(message);
  });
});

test('a class that computes something else than one dense layer is refused', () => {
  const encoder = tinyConfig({}, tinyEncoders['distilbert']!.json);
  const options = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 3 } as const;
  const tensors = savedClassifier({ ...options, asPair: false }).tensors(source);
  expect(() => publishedParameters(file(tensors), options)).toThrow('the head of DistilBertForSequenceClassification is not one dense layer');
});
