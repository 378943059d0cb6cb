import { expect, test } from 'vitest';
import { batchFeeds, classifierForward, pretrainedParameters, randomParameters } from '../../../src/engine/models/index.ts';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import { adam, adamw, sgd } from '../../../src/engine/optim/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openForward, type Tensors } from '../../../src/engine/runtime/index.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { distance, losses, oracleSource, sharedTensors, tinyFeeds, type TinyOracle } from '../models/oracle-run.ts';
import { tinyConfig } from '../models/tiny.ts';
import { both, open, trainerOn } from './webgpu-trainers.ts';
import { batches, feedsOf, forwardProgram, initial, small, H, V, W } from './small-model.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';

/** Losses of two devices from the same weights, the same masks and the same batches. */
const LOSS = 1e-4;

const feedsAt = (step: number): Feeds => feedsOf(batches[step % batches.length]!);

await describeWebgpu('a trainer on WebGPU', () => {
  test('trains as the CPU does: masks, clipping, decay, batches of several shapes, rows of a table', async () => {
    const [cpu, webgpu] = await both(small());
    for (let step = 0; step < 20; step += 1) {
      const rates = { lr: 0.02 + 0.001 * step, momentum: 0.85 };
      const [expected, found] = [await cpu.step(feedsAt(step), rates), await webgpu.step(feedsAt(step), rates)];
      expect(found.loss).toBeCloseTo(expected.loss, 5);
      expect(found.gradientNorm).toBeCloseTo(expected.gradientNorm, 4);
      expectNear({ logits: found.logits }, { logits: expected.logits }, 1e-5);
    }
    expectNear(await webgpu.snapshot(), await cpu.snapshot(), 1e-4);
    expectNear({ logits: await webgpu.forward(feedsAt(1)) }, { logits: await cpu.forward(feedsAt(1)) }, 1e-4);
    const look = await webgpu.look();
    expect(look).toEqual({ parameters: await webgpu.snapshot(), optimizer: await webgpu.optimizerState() });
  });

  test('is the device that fails where a node has no kernel on it', async () => {
    const g = graphBuilder('quantized');
    const [, scale] = g.DynamicQuantizeLinear(g.input('x', 'float32', ['N']));
    g.output('y', scale);
    const program = { graph: g.build(), parameters: [], output: 'y' };
    const failure = { code: 'environment', subject: 'webgpu', message: expect.stringMatching(/^webgpu failed while the model was made ready: the graph quantized does not load on webgpu/) };
    await expect(openForward({ device: 'webgpu', program, source: () => {}, threads: 1 })).rejects.toMatchObject(failure);
  });

  test('goes on from the CPU’s parameters and optimizer state', async () => {
    const [cpu, webgpu] = await both(small({ optimizer: { rule: sgd({ momentum: 0.9, nesterov: true }), group: decayed(0.01) } }));
    for (let step = 0; step < 3; step += 1) await cpu.step(feedsAt(step), { lr: 0.05 });
    await webgpu.restore(await cpu.snapshot());
    await webgpu.restoreOptimizerState(await cpu.optimizerState());
    for (let step = 3; step < 6; step += 1) {
      expect((await webgpu.step(feedsAt(step), { lr: 0.05 })).loss).toBeCloseTo((await cpu.step(feedsAt(step), { lr: 0.05 })).loss, 5);
    }
    expect((await webgpu.optimizerState()).step).toBe(6);
    await expect(webgpu.restore({ b1: new Float32Array(2) })).rejects.toMatchObject({ code: 'data' });
  });

  test('a loss or gradient that is not finite is reported and changes nothing', async () => {
    const webgpu = await trainerOn('webgpu', small());
    await webgpu.step(feedsAt(0), { lr: 0.05 });
    const before = await webgpu.look();
    const broken: Feeds = { ...feedsAt(0), targets: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1e20, 0) } };
    expect((await webgpu.step(broken, { lr: 0.05 })).loss).toBeNaN();
    expect(await webgpu.look()).toEqual(before);
    expect((await webgpu.step(feedsAt(1), { lr: 0.05 })).loss).toBeGreaterThan(0);

    // As in the CPU's test: the loss is finite, the gradient of w1 is not.
    const values: Record<string, Float32Array> = { ...initial(), w1: new Float32Array(W * H), w2: new Float32Array(H).fill(1e4), table: new Float32Array(V * W).fill(1e35) };
    const steep = await trainerOn('webgpu', small({ source: (spec, into) => into.set(values[spec.name]!) }));
    const { loss, gradientNorm } = await steep.step(feedsAt(0), { lr: 0.05 });
    expect([loss, gradientNorm].map(Number.isFinite)).toEqual([false, false]);
    expect((await steep.snapshot())['w2']).toEqual(values['w2']);
  });

  test('a batch that does not fit is refused, and the next one is as good as ever', async () => {
    const webgpu = await trainerOn('webgpu', small());
    const { targets: _targets, ...feeds } = feedsAt(0);
    await expect(webgpu.step(feeds, { lr: 0.1 })).rejects.toMatchObject({ code: 'run', problems: [{ message: 'targets is not fed' }] });
    const twice: Feeds = { ...feedsAt(0), rows: { dtype: 'int32', shape: [4], data: Int32Array.of(1, 5, 5, 2) } };
    await expect(webgpu.step(twice, { lr: 0.1 })).rejects.toMatchObject({ code: 'run', subject: 'table' });
    expect((await webgpu.step(feedsAt(0), { lr: 0.1 })).loss).toBeGreaterThan(0);
  });

  test('a forward pass alone', async () => {
    const [cpu, webgpu] = [await openForward({ ...small(), program: forwardProgram() }), await openForward({ ...small(), program: forwardProgram(), device: 'webgpu' })];
    open.push(cpu, webgpu);
    for (const batch of batches) expectNear({ logits: await webgpu.forward(feedsOf(batch)) }, { logits: await cpu.forward(feedsOf(batch)) }, 1e-5);
  });

  test('a small BERT with dropout and three classes has the CPU’s losses over 20 steps', async () => {
    const encoder = tinyConfig({ num_hidden_layers: 2 });
    const model = { encoder, head: { dense: [6], dropout: 0.3, activation: 'tanh' }, outputs: 3 } as const;
    const step = classifierStep(model);
    expect(step.masks).toHaveLength(9); // embeddings, three in each layer, two in the head
    const optimizer = { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) };
    const [cpu, webgpu] = await both({ step, forward: classifierForward(model), source: randomParameters(5), optimizer, clipNorm: 1, seed: 3 });
    for (let i = 0; i < 20; i += 1) {
      const ids = Array.from({ length: 3 + (i % 2) }, (_, b) => Array.from({ length: 4 + ((i + b) % 5) }, (__, s) => (11 * i + 31 * b + 7 * s) % 50));
      const feeds = { ...batchFeeds(encoder, ids, 9), ...classFeeds(ids.map((_, b) => (b + i) % 3), 3) };
      const [expected, found] = [await cpu.step(feeds, { lr: 1e-3 }), await webgpu.step(feeds, { lr: 1e-3 })];
      expect(Math.abs(found.loss - expected.loss)).toBeLessThan(LOSS);
    }
  });

  describeShared('tiny encoders against PyTorch', ['oracles', 'tiny'], () => {
    test.each([['bert', 'dense1'], ['bert', 'classes6'], ['roberta', 'dense1'], ['distilbert', 'dense1']])('%s, 20 steps of Adam, head %s', async (family, name) => {
      const oracle = sharedJson<TinyOracle>('oracles', 'tiny', `${family}-${name}.json`);
      const folder = sharedPath('oracles', 'tiny', family) as string;
      const encoder = readEncoderConfig(folder);
      const model = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: oracle.classes } as const;
      const [step, forward] = [classifierStep(model), classifierForward(model)];
      const pretrained = pretrainedParameters(openWeights(folder), encoder, step.parameters, 0).source;
      const source = oracleSource(sharedTensors('oracles', 'tiny', `${family}-${name}.safetensors`), 1, pretrained);
      const webgpu = await trainerOn('webgpu', {
        step, forward, source, clipNorm: null, seed: 1,
        optimizer: { rule: adam(oracle.optimizer), group: decayed(oracle.optimizer.weight_decay) },
      });
      const found = await losses(webgpu, oracle.batches.map((batch) => tinyFeeds(encoder, batch, oracle.classes)), oracle.batch_of_step, oracle.optimizer.lr);
      expect(distance(found, oracle.losses)).toBeLessThan(LOSS);
    });
  });
});

/** Tensors of the same names, no element further apart than this. */
function expectNear(found: Tensors, expected: Tensors, tolerance: number): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) expect(distance(found[name]!, values), name).toBeLessThan(tolerance);
}
