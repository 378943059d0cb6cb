import { expect } from 'vitest';
import {
  batchFeeds,
  classifierForward,
  hiddenForward,
  lowerForward,
  randomParameters,
  stateFeeds,
  trainingStep,
  type ClassifierOptions,
  type EncoderConfig,
  type Pooling,
} from '../../../src/engine/models/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import type { Feeds, ForwardProgram } from '../../../src/engine/program.ts';
import { openForward, openTrainer, type Device, type Tensors } from '../../../src/engine/runtime/index.ts';
import { classFeeds } from '../../helpers/class-steps.ts';
import { distance } from './oracle-run.ts';

const SAME = 1e-5;
const source = randomParameters(5);
const head = { dense: [], dropout: 0.2, activation: 'none' } as const;
const texts = [
  [2, 7, 9, 30, 3],
  [2, 11, 3],
  [2, 40, 41, 42, 43, 44, 3],
  [2, 12, 13, 3],
];

/** What the frozen layers make of a batch, as a cache would keep it: padding is zero. */
async function stored(config: EncoderConfig, pooling: Pooling, state: number, feeds: Feeds, width: number): Promise<Feeds> {
  const hidden = await output(hiddenForward(config, state), feeds);
  texts.forEach(({ length }, b) => hidden.fill(0, (b * width + length) * config.hiddenSize, (b + 1) * width * config.hiddenSize));
  const lower = lowerForward(config, pooling, state);
  return stateFeeds(config, texts.length, hidden, lower === undefined ? new Float32Array(0) : await output(lower, feeds));
}

async function output(program: ForwardProgram, feeds: Feeds): Promise<Float32Array> {
  const model = await openForward({ program, source, threads: 1 });
  try {
    return await model.forward(feeds);
  } finally {
    await model.release();
  }
}

/** Five steps, then the logits without dropout. */
async function trained(
  options: ClassifierOptions,
  layers: number,
  fed: Feeds,
  device: Device,
): Promise<{ readonly numbers: readonly number[]; readonly weights: Tensors }> {
  const step = trainingStep({ ...options, loss: 'cross-entropy', frozen: { embeddings: true, layers } });
  const trainer = await openTrainer({
    device,
    step,
    forward: classifierForward(options),
    source,
    threads: 1,
    optimizer: { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }) },
    clipNorm: 1,
    seed: 9,
  });
  try {
    const feeds = { ...fed, ...classFeeds([0, 2, 1, 1], 3) };
    const losses: number[] = [];
    for (let i = 0; i < 5; i += 1) losses.push((await trainer.step(feeds, { lr: 1e-3 })).loss);
    return { numbers: [...losses, ...(await trainer.forward(feeds))], weights: await trainer.snapshot() };
  } finally {
    await trainer.release();
  }
}

/** Five steps with the lowest layers frozen: in the whole graph, and from what these layers gave. */
export async function sameAsWithout(config: EncoderConfig, pooling: Pooling, layers: number, device: Device = 'cpu'): Promise<void> {
  const width = Math.max(...texts.map(({ length }) => length));
  const feeds = batchFeeds(config, texts, width);
  const options = { encoder: config, pooling, head, outputs: 3 };
  const whole = await trained(options, layers, feeds, device);
  const fed = { ...feeds, ...(await stored(config, pooling, layers, feeds, width)) };
  const cut = await trained({ ...options, fedState: layers }, layers, fed, device);
  expect(distance(cut.numbers, whole.numbers)).toBeLessThan(SAME);
  expect(Object.keys(cut.weights).sort()).toEqual(Object.keys(whole.weights).sort());
  for (const [name, values] of Object.entries(whole.weights)) {
    // The bias of keys has no gradient; Adam moves it by rounding.
    if (!/\b(key|k_lin|k|in_proj)\.bias$/.test(name)) expect(distance(cut.weights[name]!, values), name).toBeLessThan(SAME);
  }
  expect(whole.numbers[0]).not.toBeCloseTo(whole.numbers[4]!, 5);
}
