import { afterEach, describe, expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { print } from '../../../src/engine/graph/index.ts';
import {
  batchFeeds,
  classifierForward,
  pretrainedParameters,
  randomParameters,
  type EncoderConfig,
} from '../../../src/engine/models/index.ts';
import { adam, adamw, deviceStep, loopStep, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import {
  openForward,
  openTrainer,
  type StepBatch,
  type StepResult,
  type Tensors,
  type Trainer,
  type TrainerOptions,
} from '../../../src/engine/runtime/index.ts';
import { openKeeper } from '../../../src/engine/runtime/cuda/keeper.ts';
import type { LoopSession } from '../../../src/engine/runtime/cuda/loop-session.ts';
import { openLoopForward, openLoopTrainer } from '../../../src/engine/runtime/cuda/loop-trainer.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { distance, oracleSource, sharedTensors, tinyFeeds, type TinyOracle } from '../models/oracle-run.ts';
import { tinyConfig, tinyEncoders } from '../models/tiny.ts';
import { deviceRun } from '../optim/device-run.ts';
import { batches, feedsOf, forwardProgram, initial, small, stepProgram, H, V, W } from './small-model.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { decayed, threeGroups } from '../../helpers/parameter-groups.ts';

// What runs here on the CPU is what runs on CUDA, but for the provider's name.

const open: { release(): Promise<void> }[] = [];
afterEach(async () => {
  for (const model of open.splice(0)) await model.release();
});

async function opened<T extends { release(): Promise<void> }>(model: Promise<T>): Promise<T> {
  open.push(await model);
  return model;
}

const loopTrainer = (options: TrainerOptions): Promise<Trainer> => opened(openLoopTrainer(options, 'cpu'));
const plainTrainer = (options: TrainerOptions): Promise<Trainer> => opened(openTrainer(options));

const stepAt = (step: number): StepBatch => ({
  feeds: feedsOf(batches[step % batches.length]!),
  rates: { lr: 0.02 + 0.001 * step, momentum: 0.85 },
});
const stepsFrom = (first: number, count: number): readonly StepBatch[] => Array.from({ length: count }, (_, i) => stepAt(first + i));

/** All steps, so many in a run. */
async function train(trainer: Trainer, steps: readonly StepBatch[], atOnce: number): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (let at = 0; at < steps.length; at += atOnce) results.push(...(await trainer.steps(steps.slice(at, at + atOnce))));
  return results;
}

/** Parameters, and slots as `slot.parameter`. */
async function stateOf(trainer: Trainer): Promise<Tensors> {
  const { slots } = await trainer.optimizerState();
  const named = Object.entries(slots).flatMap(([slot, tensors]) =>
    Object.entries(tensors).map(([name, data]) => [`${slot}.${name}`, data] as const),
  );
  return { ...(await trainer.snapshot()), ...Object.fromEntries(named) };
}

const rules: readonly (readonly [string, UpdateRule, number | null])[] = [
  ['adam, clipped', adam({ betas: [0.9, 0.999], eps: 1e-8 }), 0.5],
  ['adamw', adamw({ betas: [0.9, 0.99], eps: 1e-8 }), null],
  ['sgd with nesterov, clipped', sgd({ momentum: 0.9, nesterov: true }), 0.3],
  ['sgd without state', sgd({ momentum: 0, nesterov: false }), null],
];

// Dropout, a frozen parameter, gradients by row, and batches of 1, 2 and 4 rows of 5, 3 and 2 tokens.
describe.each(rules)('steps in a loop: %s', (_name, rule, clipNorm) => {
  const options = small({ clipNorm, optimizer: { rule, group: threeGroups } });
  const steps = stepsFrom(0, 14);

  test('are those of the same graph run step by step, bit for bit, however many are in a run', async () => {
    const device = await deviceRun(stepProgram(), initial(), options.optimizer, clipNorm, options.seed, { stacked: true });
    const expected: StepResult[] = [];
    for (const { feeds, rates } of steps) expected.push(await device.step(feeds, rates));
    await device.close();
    for (const atOnce of [1, 3, 7]) {
      const trainer = await loopTrainer(options);
      expect(await train(trainer, steps, atOnce)).toEqual(expected);
      const found = await stateOf(trainer);
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, device.state[name]])));
      expect(Object.keys(found)).toHaveLength(4 * (1 + rule.slots.length));
    }
  });

  test('are those of the CPU’s trainer as far as float32 goes', async () => {
    const [loop, plain] = [await loopTrainer(options), await plainTrainer(options)];
    const [found, expected] = [await train(loop, steps, 5), await train(plain, steps, 5)];
    expect(distance(found.map(({ loss }) => loss), expected.map(({ loss }) => loss))).toBeLessThan(1e-6);
    expect(distance(found.map((x) => x.gradientNorm), expected.map((x) => x.gradientNorm))).toBeLessThan(1e-5);
    expectNear(await stateOf(loop), await stateOf(plain), 1e-5);
    expectNear({ logits: await loop.forward(stepAt(1).feeds) }, { logits: await plain.forward(stepAt(1).feeds) }, 1e-5);
  });
});

/** Two texts whose first is a step that the square of its error takes beyond float32. */
const broken: StepBatch = {
  ...stepAt(0),
  feeds: { ...stepAt(0).feeds, targets: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1e20, 0) } },
};

describe('a step that is not finite', () => {
  test.each([0, 2, 4])('ends the run as number %i of it, and changes nothing', async (place) => {
    const [loop, plain] = [await loopTrainer(small()), await loopTrainer(small())];
    await loop.steps(stepsFrom(0, 1));
    const results = await loop.steps([...stepsFrom(1, place), broken, ...stepsFrom(1 + place, 2)]);
    const expected = await train(plain, stepsFrom(0, 1 + place), 1);
    expect(results.slice(0, -1)).toEqual(expected.slice(1));
    expect(results).toHaveLength(place + 1);
    expect(results.at(-1)!.loss).toBeNaN();
    expect(await loop.look()).toEqual(await plain.look());
    expect(await loop.step(stepAt(8).feeds, stepAt(8).rates)).toEqual(await plain.step(stepAt(8).feeds, stepAt(8).rates));
  });

  test('may have a finite loss', async () => {
    // As in the CPU's test: the loss is finite, the gradient of w1 is not.
    const values: Record<string, Float32Array> = {
      ...initial(),
      w1: new Float32Array(W * H),
      w2: new Float32Array(H).fill(1e4),
      table: new Float32Array(V * W).fill(1e35),
    };
    const steep = await loopTrainer(small({ source: (spec, into) => into.set(values[spec.name]!) }));
    const [result, ...more] = await steep.steps(stepsFrom(0, 3));
    expect([result!.loss, result!.gradientNorm].map(Number.isFinite)).toEqual([false, false]);
    expect(more).toEqual([]);
    expect((await steep.snapshot())['w2']).toEqual(values['w2']);
  });

  test('ends the steps of the CPU’s trainer as well', async () => {
    const plain = await plainTrainer(small());
    expect((await plain.steps([stepAt(0), broken, stepAt(1)])).map(({ loss }) => Number.isFinite(loss))).toEqual([true, false]);
    expect((await plain.optimizerState()).step).toBe(1);
    expect(plain.stepsPerRun()).toBe(1);
  });
});

test('training goes on from parameters and optimizer state as if it had not stopped', async () => {
  const whole = await loopTrainer(small());
  await whole.steps(stepsFrom(0, 3));
  const [parameters, state] = [await whole.snapshot(), await whole.optimizerState()];
  expect(state.step).toBe(3);
  const resumed = await loopTrainer(small());
  await resumed.restore(parameters);
  await resumed.restoreOptimizerState(state);
  expect(await resumed.steps(stepsFrom(3, 4))).toEqual(await whole.steps(stepsFrom(3, 4)));
  expect(await resumed.look()).toEqual(await whole.look());
  expect((await whole.optimizerState()).step).toBe(7);
  await expect(resumed.restore({ b1: new Float32Array(2) })).rejects.toMatchObject({ code: 'data' });
  await expect(resumed.restoreOptimizerState({ step: 1, slots: { m: state.slots['m']! } })).rejects.toMatchObject({ code: 'data' });
  expect(await resumed.look()).toEqual(await whole.look());
});

test('a snapshot stays what it is, and the forward pass sees every change', async () => {
  const trainer = await loopTrainer(small());
  const [before, logits] = [await trainer.snapshot(), await trainer.forward(stepAt(0).feeds)];
  const kept = structuredClone(before);
  await trainer.steps(stepsFrom(0, 2));
  expect(before).toEqual(kept);
  expect(await trainer.forward(stepAt(0).feeds)).not.toEqual(logits);
  await trainer.restore(before);
  expect(await trainer.forward(stepAt(0).feeds)).toEqual(logits);
});

test('a batch that does not fit is refused before the run, and the next one is as good as ever', async () => {
  const [trainer, other] = [await loopTrainer(small()), await loopTrainer(small())];
  const { targets: _targets, ...feeds } = stepAt(0).feeds;
  await expect(trainer.steps([stepAt(0), { ...stepAt(1), feeds }])).rejects.toMatchObject({
    code: 'run',
    problems: [{ message: 'targets is not fed' }],
  });
  const twice: Feeds = { ...stepAt(0).feeds, rows: { dtype: 'int32', shape: [4], data: Int32Array.of(1, 5, 5, 2) } };
  await expect(trainer.step(twice, { lr: 0.1 })).rejects.toMatchObject({ code: 'run', subject: 'table' });
  expect(await trainer.steps(stepsFrom(0, 2))).toEqual(await other.steps(stepsFrom(0, 2)));
});

test('a forward pass alone', async () => {
  const options = { ...small(), program: forwardProgram() };
  const [plain, loop] = [await opened(openForward(options)), await opened(openLoopForward(options, 'cpu'))];
  for (const batch of batches)
    expectNear({ logits: await loop.forward(feedsOf(batch)) }, { logits: await plain.forward(feedsOf(batch)) }, 1e-6);
});

test('asks for more steps once it knows what they take', async () => {
  const trainer = await loopTrainer(small());
  expect(trainer.stepsPerRun()).toBe(1);
  await trainer.steps(stepsFrom(0, 1));
  expect(trainer.stepsPerRun()).toBeGreaterThanOrEqual(1);
  expect(trainer.stepsPerRun()).toBeLessThanOrEqual(8);
});

describe('a loop that is kept for the next trainer', () => {
  const [one, more] = [stepsFrom(0, 1), stepsFrom(0, 6)];

  test('trains the next one with the same graph as a loop of its own would, at the pace that is known', async () => {
    const [keeper, own] = [openKeeper<LoopSession>(), await loopTrainer(small())];
    const first = await openLoopTrainer(small(), 'cpu', keeper);
    await first.steps(one);
    const pace = first.stepsPerRun();
    await first.release();
    const second = await openLoopTrainer(small(), 'cpu', keeper);
    expect([second.stepsPerRun(), own.stepsPerRun()]).toEqual([pace, 1]);
    expect(pace).toBeGreaterThan(1);
    expect(await second.steps(more)).toEqual(await own.steps(more));
    expect(await second.look()).toEqual(await own.look());
    await second.release();
    await keeper.releaseAll();
  });

  test('is let go when a trainer has another graph', async () => {
    const keeper = openKeeper<LoopSession>();
    const first = await openLoopTrainer(small(), 'cpu', keeper);
    await first.steps(one);
    await first.release();
    const other = await openLoopTrainer(small({ clipNorm: null }), 'cpu', keeper);
    const again = await openLoopTrainer(small(), 'cpu', keeper);
    expect(again.stepsPerRun()).toBe(1);
    await other.release();
    await again.release();
    await keeper.releaseAll();
  });

  test('is not kept after a run that failed', async () => {
    const keeper = openKeeper<LoopSession>();
    const failing = await openLoopTrainer(small(), 'cpu', keeper);
    await failing.steps(one);
    const unknown = { dtype: 'int32', shape: [1, 2], data: Int32Array.of(0, 99) } as const; // the batch has no 99 rows
    await expect(failing.steps([{ ...stepAt(2), feeds: { ...stepAt(2).feeds, tokens: unknown } }])).rejects.toMatchObject({ code: 'run' });
    await failing.release();
    const next = await openLoopTrainer(small(), 'cpu', keeper);
    expect(next.stepsPerRun()).toBe(1);
    await next.release();
    await keeper.releaseAll();
  });
});

test('CUDA that does not work is told in a sentence', async () => {
  const tried = openTrainer({ ...small(), device: 'cuda' });
  const works = await tried.then(
    (trainer) => trainer.release().then(() => true),
    () => false,
  );
  if (!works)
    await expect(tried).rejects.toMatchObject({ code: 'environment', subject: 'cuda', message: 'CUDA does not work on this machine' });
});

test('the body of the loop reads as a program', () => {
  expect(
    print(
      loopStep(deviceStep(stepProgram(), { rule: sgd({ momentum: 0, nesterov: false }), group: decayed(0.01) }, 1), stepProgram().parameters)
        .body,
    )
      .split('\n')
      .slice(-4),
  ).toMatchInlineSnapshot(`
    [
      "  Less_108: bool[] = Less(Abs_107, Infinity)  # loop",
      "  And_109: bool[] = And(Less_106, Less_108)  # loop",
      "  return { next.table: Sub_89, next.w1: Sub_94, next.b1: Sub_99, next.w2: Sub_104, loss: ReduceMean_31, logits: MatMul_28, gradient_norm: Sqrt_77, finite: And_109 }",
      "}",
    ]
  `);
});

describe('encoders', () => {
  const steps = (encoder: EncoderConfig): readonly StepBatch[] => Array.from({ length: 10 }, (_, i): StepBatch => {
    const ids = Array.from({ length: 3 + (i % 2) }, (_row, b) =>
      Array.from({ length: 4 + ((i + b) % 5) }, (_token, s) => (11 * i + 31 * b + 7 * s) % 50),
    );
    return {
      feeds: {
        ...batchFeeds(encoder, ids, 8 + (i % 3)),
        ...classFeeds(
          ids.map((_row, b) => (b + i) % 3),
          3,
        ),
      },
      rates: { lr: 1e-3 },
    };
  });
  const optimizer = { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) };

  test.each([
    ['bert', false],
    ['bert', true],
    ['deberta-v2', false],
    ['modernbert', false],
    ['mpnet', false],
    ['albert', false],
  ])('a small %s with dropout, the encoder frozen: %s', async (type, freezeEncoder) => {
    const encoder = tinyConfig({ num_hidden_layers: 2 }, tinyEncoders[type]!.json);
    const model = { encoder, head: { dense: [6], dropout: 0.3, activation: 'tanh' }, outputs: 3 } as const;
    const given = steps(encoder);
    const [step, forward] = [classifierStep({ ...model, ...(freezeEncoder ? { frozen: 'encoder' as const } : {}) }), classifierForward(model)];
    const options: TrainerOptions = { step, forward, source: randomParameters(5), optimizer, clipNorm: 1, seed: 3, threads: 1 };
    const [one, many, plain] = [await loopTrainer(options), await loopTrainer(options), await plainTrainer(options)];
    const [expected, found] = [await train(one, given, 1), await train(many, given, 4)];
    expect(found).toEqual(expected);
    expect(await many.look()).toEqual(await one.look());
    expect(distance((await train(plain, given, 1)).map(({ loss }) => loss), found.map(({ loss }) => loss))).toBeLessThan(1e-5);
    const feeds = given[0]!.feeds;
    expectNear({ logits: await many.forward(feeds) }, { logits: await plain.forward(feeds) }, 1e-4);
  });

  describeShared('against PyTorch', ['oracles', 'tiny'], () => {
    test.each([
      ['bert', 'dense1', []],
      ['bert', 'classes6', []],
      ['roberta', 'dense1', []],
      ['distilbert', 'dense1', []],
    ])('20 steps of Adam: %s, head %s', async (name, head, dense) => {
      const oracle = sharedJson<TinyOracle>('oracles', 'tiny', `${name}-${head}.json`);
      const folder = sharedPath('oracles', 'tiny', name) as string;
      const config = readEncoderConfig(folder);
      const own = { encoder: config, head: { dense, dropout: 0, activation: 'none' }, outputs: oracle.classes } as const;
      const [step, forward] = [classifierStep(own), classifierForward(own)];
      const pretrained = pretrainedParameters(openWeights(folder), config, step.parameters, 0).source;
      const source = oracleSource(sharedTensors('oracles', 'tiny', `${name}-${head}.safetensors`), 1, pretrained);
      const trainer = await loopTrainer({
        step, forward, source, clipNorm: null, seed: 1, threads: 1,
        optimizer: { rule: adam(oracle.optimizer), group: decayed(oracle.optimizer.weight_decay) },
      });
      const given = oracle.batch_of_step.map((i): StepBatch => ({
        feeds: tinyFeeds(config, oracle.batches[i]!, oracle.classes),
        rates: { lr: oracle.optimizer.lr },
      }));
      expect(
        distance(
          (await train(trainer, given, 6)).map(({ loss }) => loss),
          oracle.losses,
        ),
      ).toBeLessThan(1e-4);
    });
  });
});

/** Tensors of the same names, no element further apart than this. */
function expectNear(found: Tensors, expected: Tensors, tolerance: number): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) expect(distance(found[name]!, values), name).toBeLessThan(tolerance);
}
