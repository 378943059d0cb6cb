import { describe, expect, test } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, type Builder, type Value } from '../../../src/engine/graph/index.ts';
import { readFloats, readIntegers } from '../../../src/engine/models/index.ts';
import { activate } from '../../../src/engine/models/blocks/activation.ts';
import { lossInGraph, lossOfLogits } from '../../../src/engine/models/loss-arithmetic.ts';
import { binaryCrossEntropy, crossEntropy, meanSquaredError } from '../../../src/engine/models/losses.ts';
import { modelBuilder } from '../../../src/engine/models/model-builder.ts';
import type { HostTensor } from '../../../src/engine/program.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { describeShared } from '../../helpers/shared.ts';
import { distance, sharedTensors } from './oracle-run.ts';
import { classFeeds } from '../../helpers/class-steps.ts';

function float(shape: readonly number[], data: Float32Array): HostTensor {
  return { dtype: 'float32', shape, data };
}

/** Runs a graph of one output. */
async function run(build: (g: Builder) => Value, feeds: Readonly<Record<string, HostTensor>>): Promise<Float32Array> {
  const g = graphBuilder('test');
  g.output('y', build(g));
  const model = await openForward({ program: { graph: g.build(), parameters: [], output: 'y' }, source: () => undefined, threads: 1 });
  const y = await model.forward(feeds);
  await model.release();
  return y;
}

describe('dropout', () => {
  const x = Float32Array.of(1, 2, -3, 4);
  const feeds = { x: float([4], x), 'layer.mask': { dtype: 'uint8', shape: [4], data: Uint8Array.of(1, 0, 1, 0) } } as const;

  test('sets to zero what its mask says and scales the rest, so that the mean stays', async () => {
    const y = await run((g) => modelBuilder(g, () => true).dropout('layer', g.input('x', 'float32', [4]), 0.2), feeds);
    expect(distance(y, [1.25, 0, -3.75, 0])).toBeLessThan(1e-6);
  });

  test('of rate 0, and outside training, has no mask', () => {
    const g = graphBuilder('test');
    const value = g.input('x', 'float32', [4]);
    expect(modelBuilder(g, () => true).dropout('layer', value, 0)).toBe(value);
    expect(modelBuilder(g).dropout('layer', value, 0.2)).toBe(value);
  });
});

describe('the losses', () => {
  const x = (g: Builder, width: number): Value => g.input('x', 'float32', ['B', width]);

  test('stay finite where an exponential would not', async () => {
    const logits = Float32Array.of(1000, -1000, 1000, -1000);
    const binary = await run((g) => lossInGraph(g, binaryCrossEntropy, x(g, 1), g.input('targets', 'float32', ['B', 1])), {
      x: float([4, 1], logits),
      ...classFeeds([1, 0, 0, 1], 1),
    });
    expect(binary[0]).toBeCloseTo(500, 3);
    const many = await run((g) => lossInGraph(g, crossEntropy, x(g, 2), g.input('targets', 'float32', ['B', 2])), {
      x: float([2, 2], logits),
      ...classFeeds([0, 1], 2),
    });
    expect(many[0]).toBeCloseTo(1000, 3);
    expect(lossOfLogits(binaryCrossEntropy, logits, 1, (row) => [[1], [0], [0], [1]][row]!)).toBe(500);
    expect(lossOfLogits(crossEntropy, logits, 2, (row) => [[1, 0], [0, 1]][row]!)).toBe(1000);
  });

  test('keep their digits here where the probability is almost 1', () => {
    // log(1 + e^−40) = 4.25e-18, which vanishes beside 40.
    expect(lossOfLogits(binaryCrossEntropy, [40], 1, () => [1])).toBe(Math.log1p(Math.exp(-40)));
  });

  test.each([
    ['binary cross-entropy', binaryCrossEntropy, 1],
    ['cross-entropy', crossEntropy, 4],
    ['mean squared error', meanSquaredError, 2],
  ] as const)('%s is the same here as in a graph', async (_, loss, width) => {
    const random = new RandomState(3);
    const rows = 6;
    const logits = Float32Array.from({ length: rows * width }, () => random.uniform(-4, 4));
    const targets = Float32Array.from(logits, () => random.sample());
    const [inGraph] = await run((g) => lossInGraph(g, loss, x(g, width), g.input('targets', 'float32', ['B', width])), {
      x: float([rows, width], logits),
      targets: float([rows, width], targets),
    });
    expect(lossOfLogits(loss, logits, width, (row) => targets.subarray(row * width, (row + 1) * width))).toBeCloseTo(inGraph!, 5);
  });
});

describe('the activations', () => {
  // ACT2FN of Transformers 5.23 on PyTorch 2.15, rounded to six decimals.
  const x = Float32Array.of(-3, -1, -0.25, 0.5, 2);
  test.each([
    ['gelu', [-0.00405, -0.158655, -0.100323, 0.345731, 1.9545]],
    ['gelu-tanh', [-0.003637, -0.158808, -0.100325, 0.345714, 1.954598]],
    ['gelu-sigmoid', [-0.018071, -0.154204, -0.0988, 0.350388, 1.935659]],
    ['silu', [-0.142278, -0.268941, -0.109456, 0.31123, 1.761594]],
    ['relu', [0, 0, 0, 0.5, 2]],
    ['tanh', [-0.995055, -0.761594, -0.244919, 0.462117, 0.964028]],
    ['sigmoid', [0.047426, 0.268941, 0.437824, 0.622459, 0.880797]],
    ['none', [-3, -1, -0.25, 0.5, 2]],
  ] as const)('%s is what Transformers has under that name', async (name, expected) => {
    const y = await run((g) => g.Add(activate(modelBuilder(g), g.input('x', 'float32', [5]), name), g.scalar(0)), {
      x: float([5], x),
    });
    expect(distance(y, expected)).toBeLessThan(1e-6);
  });
});

// The oracles' README: 1e-5 and 1e-5 of the value.
describeShared('layers against PyTorch', ['oracles', 'ops'], () => {
  const place = ['oracles', 'ops', 'ops.safetensors'] as const;

  test.each([
    ['gelu_tanh', 'gelu-tanh'],
    ['gelu_erf', 'gelu'],
  ] as const)('%s', async (name, activation) => {
    const tensors = sharedTensors(...place);
    const x = readFloats(tensors, `${name}/in/x`);
    const y = await run((g) => activate(modelBuilder(g), g.input('x', 'float32', [x.length]), activation), {
      x: float([x.length], x),
    });
    expect(distance(y, readFloats(tensors, `${name}/out/0`))).toBeLessThan(1e-5);
  });

  test.each([
    ['bce_with_logits', 0],
    ['cross_entropy', 0],
    ['cross_entropy_smoothing', 0.1],
  ] as const)('%s, and its gradient', async (name, smoothing) => {
    const tensors = sharedTensors(...place);
    const x = readFloats(tensors, `${name}/in/x`);
    const [batch, width] = tensors.entries.get(`${name}/in/x`)!.shape as [number, number];
    const binary = name === 'bce_with_logits';
    const targets = binary
      ? float([batch, 1], readFloats(tensors, `${name}/in/target`))
      : smooth(classFeeds(Array.from(readIntegers(tensors, `${name}/in/target`), Number), width)['targets'] as HostTensor, smoothing);
    const logits = (g: Builder): Value => g.input('x', 'float32', ['B', width]);
    const loss = (g: Builder, of: Value): Value =>
      lossInGraph(g, binary ? binaryCrossEntropy : crossEntropy, of, g.input('targets', 'float32', ['B', width]));
    const gradient = (g: Builder, of: Value): Value => gradients(g, loss(g, of), [of])[0] as Value;
    const feeds = { x: float([batch, width], x), targets };
    expect(distance(await run((g) => loss(g, logits(g)), feeds), readFloats(tensors, `${name}/out/0`))).toBeLessThan(1e-5);
    const scale = readFloats(tensors, `${name}/grad_out/0`)[0] as number;
    const found = await run((g) => gradient(g, logits(g)), feeds);
    expect(distance(found.map((d) => d * scale), readFloats(tensors, `${name}/grad_in/x`))).toBeLessThan(1e-5);
  });
});

/** Label smoothing is a matter of the targets: (1 - s) t + s / classes. */
function smooth(targets: HostTensor, smoothing: number): HostTensor {
  const classes = targets.shape[1] as number;
  return float(targets.shape, Float32Array.from(targets.data as Float32Array, (t) => (1 - smoothing) * t + smoothing / classes));
}
