import { afterEach, describe, expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { classifierForward, pretrainedParameters, randomParameters, trainingStep } from '../../../src/engine/models/index.ts';
import { adam, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import {
  openTrainer,
  type MicroBatch,
  type StepBatch,
  type StepFeeds,
  type StepResult,
  type Tensors,
  type Trainer,
  type TrainerOptions,
} from '../../../src/engine/runtime/index.ts';
import { openLoopTrainer } from '../../../src/engine/runtime/cuda/loop-trainer.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { distance, oracleSource, sharedTensors, tinyFeeds, type TinyBatch, type TinyOracle } from '../models/oracle-run.ts';
import { batches, feedsOf, small, type Batch } from './small-model.ts';
import { threeGroups } from '../../helpers/parameter-groups.ts';

const open: Trainer[] = [];
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.release();
});

type Opener = (options: TrainerOptions) => Promise<Trainer>;
const cpu: Opener = (options) => openTrainer(options);
const loop: Opener = (options) => openLoopTrainer(options, 'cpu'); // what runs on CUDA, but for the provider's name
const webgpu: Opener = (options) => openTrainer({ ...options, device: 'webgpu' });

async function opened(opener: Opener, changes: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const optimizer = { rule: adam({ betas: [0.9, 0.999], eps: 1e-3 }), group: threeGroups };
  const trainer = await opener(small({ optimizer, ...changes }));
  open.push(trainer);
  return trainer;
}

/** So many rows a part; one with all rows where there is none. */
function cut({ tokens, targets }: Batch, counts: readonly number[]): readonly MicroBatch[] {
  let at = 0;
  return counts.map((count) => {
    const rows = [at, (at += count)] as const;
    return { feeds: feedsOf({ tokens: tokens.slice(...rows), targets: targets.slice(...rows) }), share: count / targets.length };
  });
}

const [two, four, one] = batches as readonly [Batch, Batch, Batch];
const whole = [two, four, one, four].map((batch): StepFeeds => feedsOf(batch));
/** The same rows: even and uneven parts, rows of the table that occur in several of them, and a batch that stays whole. */
const parts: readonly StepFeeds[] = [cut(two, [1, 1]), cut(four, [2, 2]), feedsOf(one), cut(four, [1, 2, 1])];
const stepsOf = (feeds: readonly StepFeeds[], rounds = 3): readonly StepBatch<StepFeeds>[] =>
  Array.from({ length: rounds }).flatMap(() => feeds).map((each, i) => ({ feeds: each, rates: { lr: 0.02 + 0.001 * i, momentum: 0.85 } }));

async function stateOf(trainer: Trainer): Promise<Tensors> {
  const { slots } = await trainer.optimizerState();
  return {
    ...(await trainer.snapshot()),
    ...Object.fromEntries(
      Object.entries(slots).flatMap(([slot, tensors]) => Object.entries(tensors).map(([name, data]) => [`${slot}.${name}`, data])),
    ),
  };
}

function expectNear(found: readonly StepResult[], expected: readonly StepResult[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach(({ loss, logits, gradientNorm }, i) => {
    expect(loss).toBeCloseTo(expected[i]!.loss, 5);
    expect(gradientNorm).toBeCloseTo(expected[i]!.gradientNorm, 4);
    expect(distance(logits, expected[i]!.logits)).toBeLessThan(1e-4);
  });
}

async function expectSameTraining(opener: Opener): Promise<void> {
  const [expected, found] = [await opened(cpu), await opened(opener)];
  expectNear(await found.steps(stepsOf(parts)), await expected.steps(stepsOf(whole)));
  const [a, b] = [await stateOf(found), await stateOf(expected)];
  expect(Object.keys(a)).toEqual(Object.keys(b));
  for (const [name, values] of Object.entries(b)) expect(distance(a[name]!, values), name).toBeLessThan(1e-4);
  expect((await found.optimizerState()).step).toBe(12);
}

async function expectUnharmed(opener: Opener): Promise<void> {
  const [trainer, other] = [await opened(opener), await opened(opener)];
  const broken = cut(four, [2, 2]).map((part, i): MicroBatch =>
    i === 1 ? { ...part, feeds: { ...part.feeds, targets: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1e20, 0) } } } : part,
  );
  await trainer.steps(stepsOf(parts, 1));
  await other.steps(stepsOf(parts, 1));
  const results = await trainer.steps([...stepsOf(parts, 1).slice(0, 2), { feeds: broken, rates: { lr: 0.1 } }, ...stepsOf(parts, 1)]);
  expect(results.map(({ loss }) => Number.isNaN(loss))).toEqual([false, false, true]);
  await other.steps(stepsOf(parts, 1).slice(0, 2));
  expect(await stateOf(trainer)).toEqual(await stateOf(other));
  // What the broken batch has left in the sums reaches none of the next.
  expect(await trainer.steps(stepsOf(parts, 1))).toEqual(await other.steps(stepsOf(parts, 1)));
}

const devices = [['the CPU', cpu], ['the loop', loop]] as const;

describe.each(devices)('micro-batches on %s', (_name, opener) => {
  test('train as whole batches do, dropout masks included', () => expectSameTraining(opener));
  test('of which one is not finite change nothing', () => expectUnharmed(opener));

  test('are checked before anything runs', async () => {
    const trainer = await opened(opener);
    const [first, second] = cut(four, [2, 2]) as readonly [MicroBatch, MicroBatch];
    const { targets: _targets, ...feeds } = second.feeds;
    await expect(trainer.step([first, { ...second, feeds }], { lr: 0.1 })).rejects.toMatchObject({
      problems: [{ message: 'targets is not fed' }],
    });
    const rows = { ...first.feeds, rows: { dtype: 'int32', shape: [4], data: Int32Array.of(3, 7, 7, 0) } } as const;
    await expect(trainer.step([{ ...first, feeds: rows }, second], { lr: 0.1 })).rejects.toMatchObject({ subject: 'table' });
    expect((await trainer.optimizerState()).step).toBe(0);
    const other = await opened(opener);
    expect(await trainer.step(parts[1]!, { lr: 0.1 })).toEqual(await other.step(parts[1]!, { lr: 0.1 }));
  });

  test('resume from parameters and slots as if nothing had happened, and count updates', async () => {
    const trainer = await opened(opener);
    await trainer.steps(stepsOf(parts, 1));
    const resumed = await opened(opener);
    await resumed.restore(await trainer.snapshot());
    await resumed.restoreOptimizerState(await trainer.optimizerState());
    expect(await resumed.steps(stepsOf(parts, 1))).toEqual(await trainer.steps(stepsOf(parts, 1)));
    expect(await stateOf(resumed)).toEqual(await stateOf(trainer));
    expect((await resumed.optimizerState()).step).toBe(8);
  });

  test('a batch of one part is the batch itself, bit for bit', async () => {
    const [a, b] = [await opened(opener), await opened(opener)];
    const single = [two, four, one].map((batch) => cut(batch, [batch.targets.length]));
    expect(await a.steps(stepsOf(single))).toEqual(await b.steps(stepsOf([two, four, one].map((batch) => feedsOf(batch)))));
    expect(await stateOf(a)).toEqual(await stateOf(b));
  });
});

test('a loop has the same numbers, however many steps are in a run', async () => {
  const all = stepsOf(parts);
  const [single, many] = [await opened(loop), await opened(loop)];
  const results: StepResult[] = [];
  for (const step of all) results.push(...(await single.steps([step])));
  expect(await many.steps(all)).toEqual(results);
  expect(await stateOf(many)).toEqual(await stateOf(single));
});

test('parts of one width have the masks of their batch: only rounding tells them apart', async () => {
  // At rate 0 the loss of a batch is a function of its masks alone.
  const [a, b] = [await opened(cpu), await opened(cpu)];
  const [together, apart] = [await a.step(feedsOf(four), { lr: 0 }), await b.step(cut(four, [1, 3]), { lr: 0 })];
  expect(distance(apart.logits, together.logits)).toBeLessThan(1e-6);
  // The rows one by one, each with the masks that a first row has, are another matter.
  const rows = await Promise.all(
    [0, 1, 2, 3].map(
      async (row) => (await (await opened(cpu)).step(feedsOf({ tokens: [four.tokens[row]!], targets: [0] }), { lr: 0 })).logits[0]!,
    ),
  );
  expect(distance(rows, together.logits)).toBeGreaterThan(1e-3);
});

await describeWebgpu('micro-batches on WebGPU', () => {
  test('train as whole batches do on the CPU, dropout masks included', () => expectSameTraining(webgpu));
  test('of which one is not finite change nothing', () => expectUnharmed(webgpu));
});

/** Gradients by parameter, as far as plain descent at rate 1 moves. */
async function gradients(opener: Opener, options: Pick<TrainerOptions, 'step' | 'forward' | 'source'>, feeds: StepFeeds): Promise<Tensors> {
  const rule: UpdateRule = sgd({ momentum: 0, nesterov: false });
  const trainer = await opened(opener, { ...options, optimizer: { rule }, clipNorm: null });
  const before = await trainer.snapshot();
  await trainer.step(feeds, { lr: 1 });
  const after = await trainer.snapshot();
  return Object.fromEntries(Object.entries(before).map(([name, values]) => [name, values.map((value, i) => value - after[name]![i]!)]));
}

const place = ['oracles', 'tiny'] as const;

describeShared('a small BERT in parts', place, () => {
  const oracle = sharedJson<TinyOracle>(...place, 'bert-dense1.json');
  const folder = sharedPath(...place, 'bert') as string;
  const encoder = readEncoderConfig(folder);
  const rows = (
    { input_ids: ids, attention_mask: mask, token_type_ids: types, labels }: TinyBatch,
    from: number,
    to: number,
  ): TinyBatch => {
    const part = { input_ids: ids.slice(from, to), attention_mask: mask.slice(from, to), labels: labels.slice(from, to) };
    return types === undefined ? part : { ...part, token_type_ids: types.slice(from, to) };
  };
  const partsOf = (batch: TinyBatch, size: number): readonly MicroBatch[] =>
    Array.from({ length: Math.ceil(batch.labels.length / size) }, (_, i) => rows(batch, i * size, (i + 1) * size)).map((part) => ({
      feeds: tinyFeeds(encoder, part, 1),
      share: part.labels.length / batch.labels.length,
    }));

  test.each(devices)('without dropout has the gradients of the whole batch to float32 rounding, on %s', async (_name, opener) => {
    const model = {
      encoder: { ...encoder, hiddenDropout: 0, attentionDropout: 0 },
      head: { dense: [], dropout: 0, activation: 'none' },
      outputs: 1,
      loss: 'bce',
    } as const;
    const options = {
      step: trainingStep(model),
      forward: classifierForward(model),
      source: oracleSource(
        sharedTensors(...place, 'bert-dense1.safetensors'),
        1,
        pretrainedParameters(openWeights(folder), encoder, trainingStep(model).parameters, 0).source,
      ),
    };
    const batch = oracle.batches[0]!;
    const expected = await gradients(cpu, options, tinyFeeds(encoder, batch, 1));
    for (const size of [2, 3]) {
      const found = await gradients(opener, options, partsOf(batch, size));
      for (const [name, values] of Object.entries(expected))
        expect(distance(found[name]!, values), `${name}, ${size} rows a part`).toBeLessThan(2e-6);
    }
  });

  test.each(devices)('has the masks of the whole batch with dropout, too, on %s', async (_name, opener) => {
    const model = {
      encoder: { ...encoder, hiddenDropout: 0.1, attentionDropout: 0.2 },
      head: { dense: [6], dropout: 0.3, activation: 'tanh' },
      outputs: 1,
      loss: 'bce',
    } as const;
    const options = { step: trainingStep(model), forward: classifierForward(model), source: randomParameters(5) };
    const batch = oracle.batches[2]!; // six rows
    const [expected, found] = [
      await gradients(cpu, options, tinyFeeds(encoder, batch, 1)),
      await gradients(opener, options, partsOf(batch, 4)),
    ];
    for (const [name, values] of Object.entries(expected)) expect(distance(found[name]!, values), name).toBeLessThan(2e-6);
  });
});
