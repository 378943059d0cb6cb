import { afterEach, describe, expect, test } from 'vitest';
import { adam, adamw, clipFactor, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openTrainer, type Trainer, type TrainerOptions } from '../../../src/engine/runtime/index.ts';
import { batches, feedsOf, forwardProgram, initial, parameters, reference, stepProgram, H, V, W } from './small-model.ts';
import { numbers } from '../optim/reference.ts';
import { decayed, threeGroups } from '../../helpers/parameter-groups.ts';

const SEED = 7;
const rules: readonly (readonly [string, UpdateRule])[] = [
  ['adam', adam({ betas: [0.9, 0.999], eps: 1e-8 })],
  ['adamw', adamw({ betas: [0.9, 0.99], eps: 1e-8 })],
  ['sgd with nesterov', sgd({ momentum: 0.9, nesterov: true })],
  ['sgd without state', sgd({ momentum: 0, nesterov: false })],
];

const open: Trainer[] = [];
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.release();
});

async function trainerWith(options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const values = initial();
  const trainer = await openTrainer({
    step: stepProgram(),
    forward: forwardProgram(),
    source: (spec, into) => into.set(values[spec.name]!),
    threads: 1,
    optimizer: { rule: rules[0]![1], group: decayed(0.01) },
    clipNorm: null,
    seed: SEED,
    ...options,
  });
  open.push(trainer);
  return trainer;
}

const batchAt = (step: number) => batches[step % batches.length]!;
const feedsAt = (step: number): Feeds => feedsOf(batchAt(step));

describe.each(rules)('training with %s', (_name, rule) => {
  test('gives the losses, logits and parameters of the model written out, dense update of the table included', async () => {
    const clipNorm = 0.5;
    const trainer = await trainerWith({ optimizer: { rule, group: threeGroups }, clipNorm });
    const p: Record<string, number[]> = Object.fromEntries(Object.entries(initial()).map(([name, values]) => [name, [...values]]));
    const slots = Object.fromEntries(
      Object.entries(p).map(([name, values]) => [name, values.map(() => Object.fromEntries(rule.slots.map((slot) => [slot, 0])))]),
    );
    for (let step = 1; step <= 12; step += 1) {
      const rates = { lr: 0.02 + 0.001 * step, momentum: 0.85 };
      const expected = reference(p, batchAt(step), SEED, step);
      const norm = Math.sqrt(Object.values(expected.gradients).flatMap((g) => [...g]).reduce((sum, g) => sum + g * g, 0));
      const result = await trainer.step(feedsAt(step), rates);
      expect(result.loss).toBeCloseTo(expected.loss, 5);
      expect(result.gradientNorm).toBeCloseTo(norm, 5);
      result.logits.forEach((y, b) => expect(y).toBeCloseTo(expected.logits[b]!, 5));
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        const { lrScale, weightDecay } = threeGroups(name);
        const at = { ...rates, lr: rates.lr * lrScale, step, weightDecay };
        const scalars = Object.fromEntries(Object.entries(rule.scalars).map(([scalar, value]) => [scalar, value(at)]));
        gradient.forEach((g, i) => {
          const next = rule.update(numbers, p[name]![i]!, g * clipFactor(norm, clipNorm), slots[name]![i]!, scalars);
          p[name]![i] = next.p;
          slots[name]![i] = { ...next.slots };
        });
      }
    }
    const snapshot = await trainer.snapshot();
    for (const [name, values] of Object.entries(snapshot))
      values.forEach((value, i) => expect(value, `${name}[${i}]`).toBeCloseTo(p[name]![i]!, 4));
  });
});

test('the forward pass has no dropout and sees every update', async () => {
  const trainer = await trainerWith();
  const before = await trainer.forward(feedsAt(0));
  reference(initial(), batchAt(0), SEED, 0).logits.forEach((y, b) => expect(before[b]).toBeCloseTo(y, 5));
  await trainer.step(feedsAt(0), { lr: 0.1 });
  const values = { ...initial(), ...(await trainer.snapshot()) };
  const after = await trainer.forward(feedsAt(0));
  reference(values, batchAt(0), SEED, 0).logits.forEach((y, b) => expect(after[b]).toBeCloseTo(y, 5));
  expect(after).not.toEqual(before);
});

test('rows that no batch uses still decay', async () => {
  const trainer = await trainerWith({ optimizer: { rule: sgd({ momentum: 0, nesterov: false }), group: decayed(0.5) } });
  await trainer.step(feedsAt(0), { lr: 0.1 });
  const { table } = await trainer.snapshot();
  const unused = 6;
  const before = initial()['table']!.subarray(unused * W, (unused + 1) * W);
  before.forEach((value, i) => expect(table![unused * W + i]).toBeCloseTo(value * 0.95, 6));
});

test('a snapshot is a copy, holds the trained parameters only, and restores them', async () => {
  const trainer = await trainerWith();
  const snapshot = await trainer.snapshot();
  expect(Object.keys(snapshot).sort()).toEqual(['b1', 'table', 'w1', 'w2']);
  const kept = structuredClone(snapshot);
  const logits = await trainer.forward(feedsAt(0));
  for (let step = 0; step < 3; step += 1) await trainer.step(feedsAt(step), { lr: 0.1 });
  expect(snapshot).toEqual(kept);
  expect(await trainer.snapshot()).not.toEqual(kept);
  await trainer.restore(snapshot);
  expect(await trainer.snapshot()).toEqual(kept);
  expect(await trainer.forward(feedsAt(0))).toEqual(logits);
});

test('a snapshot of another model is refused, every difference named, and nothing is written', async () => {
  const trainer = await trainerWith();
  const before = await trainer.snapshot();
  const { w1: _w1, ...rest } = before;
  await expect(trainer.restore({ ...rest, b1: new Float32Array(2), w9: new Float32Array(1) })).rejects.toMatchObject({
    code: 'data',
    problems: [{ message: 'w9 is not in the model' }, { message: 'w1 is missing' }, { message: 'b1 has 2 numbers; the model takes 5' }],
  });
  expect(await trainer.snapshot()).toEqual(before);
});

test('two trainers with one seed agree bit for bit; another seed draws other masks', async () => {
  const run = async (seed: number): Promise<readonly number[]> => {
    const trainer = await trainerWith({ seed });
    const losses: number[] = [];
    for (let step = 0; step < 6; step += 1) losses.push((await trainer.step(feedsAt(step), { lr: 0.05 })).loss);
    return [...losses, ...Object.values(await trainer.snapshot()).flatMap((values) => [...values])];
  };
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
});

test('training goes on from parameters and optimizer state as if it had not stopped', async () => {
  const whole = await trainerWith();
  for (let step = 0; step < 3; step += 1) await whole.step(feedsAt(step), { lr: 0.05 });
  const [parametersThen, stateThen] = [await whole.snapshot(), await whole.optimizerState()];
  expect(stateThen.step).toBe(3);

  const resumed = await trainerWith();
  await resumed.restore(parametersThen);
  await resumed.restoreOptimizerState(stateThen);
  for (let step = 3; step < 6; step += 1) {
    expect(await resumed.step(feedsAt(step), { lr: 0.05 })).toEqual(await whole.step(feedsAt(step), { lr: 0.05 }));
  }
  expect(await resumed.snapshot()).toEqual(await whole.snapshot());
  expect(await resumed.optimizerState()).toEqual(await whole.optimizerState());
});

test('a loss that is not finite is reported and changes nothing', async () => {
  const trainer = await trainerWith();
  await trainer.step(feedsAt(0), { lr: 0.05 });
  const [before, stateBefore] = [await trainer.snapshot(), await trainer.optimizerState()];
  // The error's square overflows float32; the gradients, about 1e20, do not.
  const feeds: Feeds = { ...feedsAt(0), targets: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1e20, 0) } };
  const result = await trainer.step(feeds, { lr: 0.05 });
  expect(result.loss).toBeNaN();
  expect(result.gradientNorm).toBeLessThan(1e25);
  expect(await trainer.snapshot()).toEqual(before);
  expect(await trainer.optimizerState()).toEqual(stateBefore);
  expect((await trainer.step(feedsAt(1), { lr: 0.05 })).loss).toBeGreaterThan(0);
});

test('neither does a gradient that is not finite, where the loss is', async () => {
  // x = 1e35 meets w1 = 0, so y is about 1e4; the gradient of w1 is x times about 1e8.
  const values: Record<string, Float32Array> = {
    ...initial(),
    w1: new Float32Array(W * H),
    w2: new Float32Array(H).fill(1e4),
    table: new Float32Array(V * W).fill(1e35),
  };
  const trainer = await trainerWith({ source: (spec, into) => into.set(values[spec.name]!) });
  const { loss, logits, gradientNorm } = await trainer.step(feedsAt(0), { lr: 0.05 });
  expect(logits.every((y) => Math.abs(y) < 1e6)).toBe(true);
  expect([loss, gradientNorm].map(Number.isFinite)).toEqual([false, false]);
  expect((await trainer.snapshot())['w2']).toEqual(values['w2']);
  expect((await trainer.optimizerState()).step).toBe(0);
});

describe('a batch that does not fit', () => {
  test('is refused before anything runs, with everything that is wrong', async () => {
    const trainer = await trainerWith();
    const { targets: _targets, ...feeds } = feedsAt(0);
    const wrong: Feeds = {
      ...feeds,
      tokens: { dtype: 'int64', shape: [1, 2], data: BigInt64Array.of(0n, 1n) },
      rows: { dtype: 'int32', shape: [2, 1], data: Int32Array.of(0, 1) },
    };
    await expect(trainer.step(wrong, { lr: 0.1 })).rejects.toMatchObject({
      code: 'run',
      problems: [
        { message: 'rows is [2, 1]; the graph takes [U]' },
        { message: 'tokens is int64; the graph takes int32' },
        { message: 'targets is not fed' },
      ],
    });
  });

  test('is refused where two inputs disagree about a symbol', async () => {
    const trainer = await trainerWith();
    const wrong: Feeds = { ...feedsAt(0), targets: { dtype: 'float32', shape: [3, 1], data: new Float32Array(3) } };
    await expect(trainer.step(wrong, { lr: 0.1 })).rejects.toMatchObject({
      problems: [{ message: 'targets is [3, 1]; the graph takes [B, 1] with B = 2' }],
    });
  });

  test('is refused where a row is fed twice, and the next batch is as good as ever', async () => {
    const [trainer, other] = [await trainerWith(), await trainerWith()];
    const wrong: Feeds = { ...feedsAt(0), rows: { dtype: 'int32', shape: [4], data: Int32Array.of(1, 5, 5, 2) } };
    await expect(trainer.step(wrong, { lr: 0.1 })).rejects.toMatchObject({ code: 'run', subject: 'table' });
    expect(await trainer.step(feedsAt(0), { lr: 0.1 })).toEqual(await other.step(feedsAt(0), { lr: 0.1 }));
    expect(await trainer.snapshot()).toEqual(await other.snapshot());
  });
});

test('programs that contradict each other are refused', async () => {
  const forward = forwardProgram();
  await expect(
    trainerWith({ forward: { ...forward, parameters: parameters.map((spec) => (spec.name === 'b1' ? { ...spec, shape: [4] } : spec)) } }),
  ).rejects.toThrow('b1 is [5] in one program and [4] in the other');
  const step = stepProgram();
  await expect(trainerWith({ step: { ...step, gradients: [{ parameter: 'table', output: 'grad.w1' }] } })).rejects.toThrow('grad.w1');
});

test('only trained parameters have state', async () => {
  const state = await (await trainerWith()).optimizerState();
  expect(Object.keys(state.slots)).toEqual(['m', 'v']);
  expect(Object.keys(state.slots['m']!).sort()).toEqual(['b1', 'table', 'w1', 'w2']);
  expect(state.slots['m']!['table']).toHaveLength(V * W);
});

test('after release nothing runs', async () => {
  const trainer = await trainerWith();
  open.pop();
  await trainer.release();
  await expect(trainer.forward(feedsAt(0))).rejects.toMatchObject({ code: 'run' });
});
