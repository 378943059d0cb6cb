import { describe, expect, test } from 'vitest';
import { layerWork, operatorCounts, parameterSums, stepMemory, stepWork, totalWork } from '../../src/engine/step-analysis.ts';
import { deviceStep, sgd } from '../../src/engine/optim/index.ts';
import { inPrecision } from '../../src/engine/precision.ts';
import { choicesOf, deviceChoicesOf } from '../../src/engine/step-choices.ts';
import { tinyConfig, tinyDebertaJson } from './models/tiny.ts';
import { classifierHeadStep, classifierStep } from '../helpers/class-steps.ts';

const B = 3;
const head = { dense: [4], dropout: 0.5, activation: 'relu' } as const;

/** x [B, 8] → 4 → 1, by hand. */
describe('a step of a small head', () => {
  const step = classifierHeadStep({ width: 8, head, outputs: 1 });
  const lengths = new Map([['B', B]]);

  test('has so many parameters', () => {
    expect(parameterSums(step)).toEqual({ trained: { tensors: 4, count: 41, bytes: 164 }, frozen: { tensors: 0, count: 0, bytes: 0 } });
  });

  test('takes so many operations', () => {
    const { forward, backward, update, total } = stepWork(step, lengths, 16);
    expect(forward['matrix products']).toBe(B * 4 * (2 * 8 + 1) + B * (2 * 4 + 1));
    // the gradients of both weights, of the hidden layer, and of its bias as a product with a row of ones; that of a single number is a sum
    expect(backward['matrix products']).toBe(2 * B * 32 + 2 * B * 4 + 2 * B * 4 + 2 * B * 4);
    expect(update).toBe(16 * 41);
    expect(total).toBe([forward, backward].flatMap((work) => Object.values(work)).reduce((sum, each) => sum + each, update));
  });

  test('takes so much memory', () => {
    const memory = stepMemory(step, lengths, 2);
    expect(memory).toMatchObject({ parameters: 164, optimizerState: 328, gradients: 164, masks: B * (8 + 4), batch: 4 * B * (8 + 1) });
    // x after dropout; of the hidden layer relu, the scaled mask and their product; logit, its loss, and the mean loss
    expect(memory.activations).toBe(4 * B * (8 + 3 * 4 + 1 + 1) + 4);
    expect(memory.peak).toBeGreaterThan(memory.activations);
  });
});

describe('a step of BERT', () => {
  const [L, H, I, A, S, V] = [2, 8, 16, 2, 5, 50];
  const encoder = tinyConfig({ num_hidden_layers: L });
  const lengths = new Map([['B', B], ['S', S], ['U', 7]]);
  const options = { encoder, head: { ...head, dense: [] }, outputs: 1 };
  const step = classifierStep(options);

  test('has the products of its layers forward, the last layer’s for first tokens only', () => {
    const dense = (rows: number, inputs: number, outputs: number): number => rows * outputs * (2 * inputs + 1);
    const rest = (rows: number): number => dense(rows, H, H) + dense(rows, H, I) + dense(rows, I, H);
    const layer =
      3 * dense(B * S, H, H) + // query, key, value
      B * A * S * S * (2 * (H / A) + 1) + // scores, scaled
      B * S * H * 2 * S + // context
      rest(B * S);
    const lastLayer =
      dense(B, H, H) + // query
      2 * (2 * B * H * H) + // the key's weights on the query, the value's on the weighted tokens
      B * A * S * (2 * H + 1) + // scores, scaled
      B * A * H * 2 * S + // weighted tokens
      rest(B);
    const segments = B * S * H * (2 * 2 + 1);
    const expected = segments + (L - 1) * layer + lastLayer + dense(B, H, H) + dense(B, H, 1);
    expect(stepWork(step, lengths, 0).forward['matrix products']).toBe(expected);
  });

  test('has about twice as many backward, as each product has two factors', () => {
    const { forward, backward } = stepWork(step, lengths, 0);
    expect(backward['matrix products'] / forward['matrix products']).toBeGreaterThan(1.9);
    expect(backward['matrix products'] / forward['matrix products']).toBeLessThan(2.4);
  });

  test('has gradients of the rows in use only', () => {
    const { trained } = parameterSums(step);
    const unused = (V - 7) * H + (encoder.maxPositions - S) * H;
    expect(stepMemory(step, lengths, 0).gradients).toBe(trained.bytes - 4 * unused);
  });

  test('keeps more for longer texts: what grows with S², besides what grows with S', () => {
    const at = (length: number): number => stepMemory(step, new Map([...lengths, ['S', length]]), 0).activations;
    expect(at(10) / at(5)).toBeGreaterThan(1.5);
    expect(at(16) - 2 * at(8)).toBeGreaterThan(0);
  });

  test('with a frozen encoder trains the head alone, and keeps next to nothing', () => {
    const frozen = classifierStep({ ...options, frozen: 'encoder' });
    const sums = parameterSums(frozen);
    expect(sums.trained).toEqual({ tensors: 2, count: H + 1, bytes: 4 * (H + 1) });
    expect(sums.frozen.count + sums.trained.count).toBe(parameterSums(step).trained.count);
    expect(stepMemory(frozen, lengths, 2).activations).toBeLessThan(stepMemory(step, lengths, 2).activations / 20);
    expect(stepMemory(frozen, lengths, 2).parameters).toBe(stepMemory(step, lengths, 2).parameters);
  });

  test('consists of these operators', () => {
    const counts = operatorCounts(step.graph);
    expect(counts.reduce((sum, { nodes }) => sum + nodes, 0)).toBe(step.graph.nodes.length);
    expect(counts.map(({ nodes }) => nodes)).toEqual(counts.map(({ nodes }) => nodes).sort((a, b) => b - a));
    expect(counts.find(({ op }) => op === 'LayerNormalization')).toEqual({
      op: 'LayerNormalization',
      kind: 'along axes',
      nodes: 2 * L + 1,
    });
  });

  test('was written in these forms', () => {
    const counts = Object.fromEntries(choicesOf(step).map(({ choice, count }) => [choice, count]));
    const [norms, biases] = [2 * L + 1, 6 * L]; // with the pooler's and the head's, without the last layer's key and value
    expect(counts).toMatchObject({
      'LayerNormalization with mean and deviation': norms,
      'means of the backward pass of LayerNormalization as products with a column': 2 * norms,
      'bias gradient as a product with a row of ones': biases + 2 * norms, // gamma and beta are summed alike
      'gradient of an embedding table by row': 2,
      'ScatterElements': 2,
      'Gelu': L,
      'only the first token of every text': 1,
      'dropout by masks that are fed': step.masks.length,
    });
  });

  test.each(['float32', 'bfloat16'] as const)('is told of what lies together on a device, in %s', (precision) => {
    const given = inPrecision(step, precision);
    const options = { rule: sgd({ momentum: 0, nesterov: false }) };
    const counts = (stacked: boolean) =>
      Object.fromEntries(
        deviceChoicesOf(given, deviceStep(given, options, null, { stacked }).graph).map(({ choice, count }) => [choice, count]),
      );
    const [together, alone] = [counts(true), counts(false)];
    // Hidden states, attention, and the last layer's of the first token alone; a mask that is alone in its shape is no stack.
    expect(together).toMatchObject({
      'stack of masks of a shape': new Set(step.masks.map(({ shape }) => String(shape)).filter((shape, i, all) => all.indexOf(shape) !== i))
        .size,
      'one product in place of several': L - 1,
    });
    expect(together['stack of parameters of a size']).toBeGreaterThan(3);
    expect(Object.keys(alone).filter((choice) => /stack|in place of/.test(choice))).toEqual([]);
  });

  test('of a DeBERTa tells how it reads relative positions', () => {
    const deberta = classifierStep({ encoder: tinyConfig({ num_hidden_layers: 3 }, tinyDebertaJson), head, outputs: 1 });
    const found = choicesOf(deberta).find(({ choice }) => choice.startsWith('relative positions'));
    expect(found?.count).toBe(2 * 2); // of keys and of queries, in all layers but the last, which reads the first token alone
    expect(choicesOf(step).map(({ choice }) => choice)).not.toContain(found?.choice);
  });

  test('of a head says nothing of forms that it does not have', () => {
    const found = choicesOf(classifierHeadStep({ width: 8, head, outputs: 1 })).map(({ choice }) => choice);
    expect(found).toEqual([
      'Gemm with a transposed operand',
      'Gemm with a bias',
      'bias gradient as a product with a row of ones',
      'dropout by masks that are fed',
    ]);
  });
});

test('the work of the layers is that of the step, each with its backward pass', () => {
  const encoder = tinyConfig({ num_hidden_layers: 2 });
  const lengths = new Map([['B', B], ['S', 5], ['U', 7]]);
  const step = classifierStep({ encoder, head, outputs: 1 });
  const layers = layerWork(step, lengths);
  const names = ['bert.embeddings', 'bert.encoder.layer.0', 'bert.encoder.layer.1', 'bert.pooler', 'classifier.0', 'classifier.1', 'loss'];
  expect(layers.map(({ layer }) => layer)).toEqual(names);
  expect(layers.every(({ forward, backward }) => forward > 0 && backward > 0)).toBe(true);
  const { forward, backward } = stepWork(step, lengths, 0);
  expect(layers.reduce((sum, layer) => sum + layer.forward, 0)).toBe(totalWork(forward));
  expect(layers.reduce((sum, layer) => sum + layer.backward, 0)).toBe(totalWork(backward));
});
