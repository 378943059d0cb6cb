import { describe, expect, test } from 'vitest';
import { trainedPart } from '../../src/training/part.ts';
import { tinyConfig, tinyEncoders } from '../engine/models/tiny.ts';

describe('frozen layers of an ALBERT of 3 layers that share their weights, and 2 more', () => {
  const albert = tinyConfig({ num_hidden_layers: 5, num_hidden_groups: 2 }, tinyEncoders['albert']!.json);
  const part = (layers: number): ReturnType<typeof trainedPart> =>
    trainedPart(
      { model: { pooling: 'mean', freeze_encoder: false, freeze: { embeddings: false, layers } }, training: { layer_decay: 1 } },
      albert,
      false,
    );

  test.each([0, 3, 5])('%i can be frozen', (layers) => {
    expect(part(layers)).toEqual(layers === 0 ? { fed: 'tokens' } : { fed: 'tokens', frozen: { embeddings: true, layers } });
  });

  test.each([
    [1, 'one of 0, 3, 5', 'these layers share their weights with layers above them'],
    [4, 'one of 0, 3, 5', 'these layers share their weights with layers above them'],
    [6, 'at most 5', 'the model has 5 layers'],
  ])('%i are refused with those that can be', (layers, possible, why) => {
    expect(() => part(layers)).toThrow(
      expect.objectContaining({
        code: 'config',
        problems: [{ field: 'model.freeze.layers', message: `model.freeze.layers is ${layers}, and ${why}` }],
        remedy: `Set model.freeze.layers to ${possible}.`,
      }) as Error,
    );
  });
});

test('a model of one layer has none left for training.layer_decay once that is frozen', () => {
  const bert = tinyConfig({ num_hidden_layers: 1 });
  const part = (layers: number): ReturnType<typeof trainedPart> =>
    trainedPart(
      { model: { pooling: 'mean', freeze_encoder: false, freeze: { embeddings: null, layers } }, training: { layer_decay: 0.9 } },
      bert,
      true,
    );
  const message = 'training.layer_decay needs layers that are trained, but model.freeze.layers freezes the only one';
  expect(() => part(1)).toThrow(expect.objectContaining({ problems: [{ message, field: 'training.layer_decay' }] }) as Error);
  expect(part(0)).toEqual({ fed: 'tokens' });
});
