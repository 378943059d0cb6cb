import { readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/hash.ts';
import { pathOf, type Experiment } from '../../src/config/index.ts';
import type { StageEvent } from '../../src/core/events.ts';
import { loadTokenizer, tokenize } from '../../src/data/tokens/tokens.ts';
import { openTrainer, type Trainer, type TrainerOptions } from '../../src/engine/runtime/index.ts';
import { openLoopTrainer } from '../../src/engine/runtime/cuda/loop-trainer.ts';
import { tokenSource } from '../../src/training/batch-source.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { initialWeights } from '../../src/training/folders/classifier-folder.ts';
import { checkpointProgress, openCheckpoints } from '../../src/training/fit/checkpoint.ts';
import { classifierPrograms, optimizerOf } from '../../src/training/classifier.ts';
import type { FitOptions } from '../../src/training/fit/fit-options.ts';
import { fit, type FitResult } from '../../src/training/fit/fit.ts';
import { flipBit } from '../helpers/damage.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';
import { readTrainExamples } from '../../src/tasks/examples.ts';

type Training = Experiment['training'];

const modelFolder = join(root, 'configs/quickstart/model');
const scratch = temporaryFolder();
let folds = 0;
const rows = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);

type Opener = (options: TrainerOptions) => Promise<Trainer>;

/** Fits the quickstart's model to some of its rows. */
async function fitSome(change: Partial<Training>, options: Partial<FitOptions> = {}, open: Opener = openTrainer) {
  const { experiment } = await smallQuickstart();
  const training: Training = { ...experiment.training, schedule: { name: 'constant' }, ...change };
  const { texts, targets, task } = await readTrainExamples(join(root, pathOf(experiment.data.train)), experiment.data);
  const tokens = tokenize(await loadTokenizer(tokenizerFiles(modelFolder)), texts, 32);
  const weights = initialWeights({ 'config.json': join(modelFolder, 'config.json') }, { weights: 'random', resize_embeddings: false }, 42);
  const precision = training.precision === 'auto' ? 'float32' : training.precision;
  const programs = classifierPrograms(
    { encoder: weights.config, head: experiment.model.head, outputs: task.outputs, loss: task.loss },
    { fed: 'tokens' },
    precision,
  );
  const trainer = await open({
    ...programs,
    source: weights.source(programs.forward.parameters, 1).source,
    threads: 1,
    optimizer: optimizerOf(training, weights.config),
    clipNorm: training.clip_norm,
    seed: 1,
  });
  const events: StageEvent[] = [];
  try {
    const result = await fit({
      trainer,
      source: tokenSource(tokens, weights.config),
      task,
      targets,
      trainRows: rows(0, 160),
      validationRows: rows(160, 240),
      training,
      maxLength: 32,
      seed: 7,
      logEvery: 1,
      emit: (event) => events.push(event),
      checkpoints: openCheckpoints(join(scratch, `fold-${folds++}`), 120),
      stopRequested: () => false,
      ...options,
    });
    return { result, events, final: await trainer.snapshot() };
  } finally {
    await trainer.release();
  }
}

const adam = (lr: number): Training['optimizer'] => ({ name: 'adam', lr, weight_decay: 0, betas: [0.9, 0.999], eps: 1e-8, no_decay: [] });
const withoutTimes = ({ epochs, ...rest }: FitResult): object => ({ ...rest, epochs: epochs.map(({ seconds: _, ...epoch }) => epoch) });
const decisions = (events: readonly StageEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'decision' ? [event.kind] : []));

describe('fit', () => {
  it('counts every step, learns, and answers with the best epoch', async () => {
    const { result, events } = await fitSome({ epochs: 10, optimizer: adam(1e-3) });
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(steps.every((event) => event.steps === 50)).toBe(true);
    const losses = result.epochs.map(({ metrics }) => metrics['train/loss'] ?? NaN);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    const f1 = result.epochs.map(({ metrics }) => metrics['val/f1_macro'] ?? NaN);
    expect(f1[result.best.epoch - 1]).toBe(Math.max(...f1));
    expect(result.stopped).toBe('all epochs done');
    expect(result.best.validation.length).toBe(80);
  });

  it('keeps a copy of the best model, which later epochs do not change', async () => {
    // The loss falls, so that the epoch with the largest one is an early one; its weights are those of a run that ends there.
    const { result, final } = await fitSome({ epochs: 4, optimizer: adam(1e-3), best_model: { monitor: 'train/loss', mode: 'max' } });
    const short = await fitSome({ epochs: result.best.epoch, optimizer: adam(1e-3) });
    expect(result.best.epoch).toBeLessThan(4);
    expect(result.best.parameters).toEqual(short.final);
    expect(result.best.parameters['classifier.weight']).not.toEqual(final['classifier.weight']);
  });

  it('measures what its rules watch besides the usual metrics, and no more', async () => {
    const monitors = { best_model: { monitor: 'val/mcc', mode: 'max' }, early_stopping: { monitor: 'val/top_2_accuracy', mode: 'max', patience: 1 } } as const;
    const { result } = await fitSome({ epochs: 2, optimizer: adam(1e-3), ...monitors });
    const usual = await fitSome({ epochs: 2, optimizer: adam(1e-3) });
    const [names, others] = [result, usual.result].map(({ epochs }) => Object.keys(epochs[0]!.metrics));
    expect(names!.filter((name) => !others!.includes(name))).toEqual(['train/mcc', 'train/top_2_accuracy', 'val/mcc', 'val/top_2_accuracy']);
    expect(result.epochs[result.best.epoch - 1]?.metrics['val/mcc']).toBe(Math.max(...result.epochs.map(({ metrics }) => metrics['val/mcc']!)));
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const one = await fitSome({ epochs: 1, optimizer: adam(1e-3) });
    const same = await fitSome({ epochs: 1, optimizer: adam(1e-3) });
    const other = await fitSome({ epochs: 1, optimizer: adam(1e-3) }, { seed: 8 });
    expect(same.final).toEqual(one.final);
    expect(other.final['classifier.weight']).not.toEqual(one.final['classifier.weight']);
  });

  it('says so where the best model is none', async () => {
    const { events } = await fitSome({ epochs: 1, optimizer: adam(0.5) });
    expect(decisions(events)).toContain('one-class');
    const learned = await fitSome({ epochs: 6, optimizer: adam(1e-3) });
    expect(decisions(learned.events)).not.toContain('one-class');
  });

  it('ends in an error that names step and rate where the first epoch diverges', async () => {
    await expect(fitSome({ epochs: 2, optimizer: adam(1e20) })).rejects.toThrow(
      /not finite at step \d+ \(epoch 1\) with rate 100000000000000000000/,
    );
  });

  it('keeps the best model so far where a later epoch diverges', async () => {
    const { result, events } = await fitSome({
      epochs: 6,
      optimizer: adam(1e-3),
      early_stopping: { monitor: 'val/loss', mode: 'max', patience: 1 },
      lr_resets: { values: [1e20], below: 1 },
    });
    expect(decisions(events)).toContain('rate-reset');
    expect(decisions(events)).toContain('diverged');
    expect(result.stopped).toMatch(/not finite at step \d+ \(epoch \d\) with rate/);
    const f1 = result.epochs.map(({ metrics }) => metrics['val/f1_macro'] ?? NaN);
    expect(result.best.epoch).toBe(1 + f1.indexOf(Math.max(...f1)));
    expect(Object.values(result.best.parameters).every((values) => values.every(Number.isFinite))).toBe(true);
  });

  it('stops within a step of being asked', async () => {
    let asked = 0;
    const events: StageEvent[] = [];
    const stopped = fitSome(
      { epochs: 5, optimizer: adam(1e-3) },
      { stopRequested: () => (asked += 1) > 3, emit: (event) => events.push(event) },
    );
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(events.filter((event) => event.type === 'step')).toHaveLength(3);
  });
});

describe('a fit in float16', () => {
  const change: Partial<Training> = { epochs: 4, optimizer: adam(1e-3), precision: 'float16' };
  /** A trainer whose loss is scaled by so much to begin with. */
  const scaledBy =
    (scale: number): Opener =>
    async (options) => {
      const trainer = await openTrainer(options);
      await trainer.restoreOptimizerState({
        ...(await trainer.optimizerState()),
        scaling: { scale, goodSteps: 0, skipped: 0, skippedInARow: 0 },
      });
      return trainer;
    };
  const skips = (events: readonly StageEvent[]): readonly string[] =>
    events.flatMap((event) => (event.type === 'decision' && event.kind === 'step-skipped' ? [event.message] : []));

  it('says of each step that it is skipped, and goes on from a checkpoint between them as if it had not stopped', async () => {
    const whole = await fitSome(change, {}, scaledBy(2 ** 22));
    expect(skips(whole.events).slice(0, 2)).toEqual([
      'step 1 is skipped: a gradient is too large for float16 with the loss scaled by 4194304; the next step scales it by 2097152',
      'step 2 is skipped: a gradient is too large for float16 with the loss scaled by 2097152; the next step scales it by 1048576',
    ]);
    expect(whole.events.filter(({ type }) => type === 'step')).toHaveLength(20);
    expect(skips(whole.events).length).toBeLessThan(8);
    expect(whole.result.epochs[3]?.metrics['train/loss']).toBeLessThan(whole.result.epochs[0]?.metrics['train/loss'] ?? 0);

    const folder = join(scratch, 'skipped');
    let asked = 0;
    await expect(
      fitSome(change, { checkpoints: openCheckpoints(folder, 0), stopRequested: () => (asked += 1) === 3 }, scaledBy(2 ** 22)),
    ).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(folder)).toEqual(['state.json', 'step-0-2.safetensors']);
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 120) });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(whole.result));
    expect(resumed.final).toEqual(whole.final);
    expect(skips(resumed.events)).toEqual(skips(whole.events).slice(2));
  });

  it('ends where no scale helps, and says what does', async () => {
    const failed = fitSome({ ...change, batch_size: 4 }, {}, scaledBy(2 ** 120));
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(
        /^gradients were too large for float16 at 30 steps in a row, the last with the loss scaled by .* at step 30 \(epoch 1\)$/,
      ),
      remedy: expect.stringContaining('training.precision to bfloat16'),
    });
  });
});

describe('a fit that is stopped and started again', () => {
  const change: Partial<Training> = {
    epochs: 3,
    optimizer: adam(1e-3),
    eval_batch_size: 32,
    schedule: {
      name: 'reduce-on-plateau',
      monitor: 'val/loss',
      mode: 'max',
      patience: 0,
      factor: 0.5,
      threshold: 1e-4,
      cooldown: 0,
      min_lr: 0,
    },
    early_stopping: { monitor: 'val/accuracy', mode: 'max', patience: 3 },
  };
  let whole: Awaited<ReturnType<typeof fitSome>>;
  beforeAll(async () => {
    whole = await fitSome(change);
  });

  // An epoch has 5 steps and 3 batches of validation rows: 8 places to stop. 8, 16 and 24 come while it is measured.
  it.each([3, 8, 16, 24])('goes on as if it had not been, from place %i', async (place) => {
    const folder = join(scratch, `stopped-${place}`);
    let asked = 0;
    await expect(
      fitSome(change, { checkpoints: openCheckpoints(folder, 120), stopRequested: () => (asked += 1) === place }),
    ).rejects.toMatchObject({ code: 'interrupted' });
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 120) });
    expect(resumed.events[0]).toMatchObject({ type: 'notice', level: 'info' });
    expect(resumed.events.filter((event) => event.type === 'step').length).toBeLessThanOrEqual(15);
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(whole.result));
    expect(resumed.final).toEqual(whole.final);
  });

  it('pauses after the epoch that it was asked to, and goes on as if it had not', async () => {
    const folder = join(scratch, 'paused');
    for (const pauseAfter of [1, 1, 2])
      await expect(fitSome(change, { checkpoints: openCheckpoints(folder, 120), pauseAfter })).rejects.toMatchObject({
        message: `paused after epoch ${pauseAfter}`,
      });
    expect(checkpointProgress(folder)).toMatchObject({ step: 10, epochs: [{ epoch: 1 }, { epoch: 2 }] });
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 120), pauseAfter: 3 });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(whole.result));
    expect(resumed.final).toEqual(whole.final);
  });

  it('goes on from any checkpoint, of which only the last is kept', async () => {
    const folder = join(scratch, 'every-step');
    let steps = 0;
    const crash = (event: StageEvent): void => {
      if (event.type === 'step' && (steps += 1) === 9) throw new Error('crash');
    };
    await expect(fitSome(change, { checkpoints: openCheckpoints(folder, 0), emit: crash })).rejects.toThrow('crash');
    expect(readdirSync(folder).sort()).toEqual([expect.stringMatching(/^best-1\.safetensors$/), 'state.json', 'step-8.safetensors']);
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 0) });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(whole.result));
  });

  it('writes no more checkpoints than a fiftieth of the time allows', async () => {
    const checkpoints = openCheckpoints(join(scratch, 'seldom'), 0.001);
    let saves = 0;
    const save: typeof checkpoints.save = (...given) => {
      saves += 1;
      return checkpoints.save(...given);
    };
    await fitSome(change, { checkpoints: { ...checkpoints, save } });
    expect(saves).toBeGreaterThan(0);
    expect(saves).toBeLessThan(8);
  });

  const cut = (path: string): void => truncateSync(path, Math.floor(statSync(path).size / 2));
  it.each([
    ['state.json', 'cut short', cut],
    ['step-8.safetensors', 'cut short', cut],
    ['best-1.safetensors', 'cut short', cut],
    // The last digits of a probability of the best model, and of a weight.
    [
      'state.json',
      'changed in a digit',
      (path: string) =>
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace(/(\d)(?=,[\d.]+\]\}\}\})/, (digit) => String((Number(digit) + 1) % 10)),
        ),
    ],
    [
      'state.json',
      'without the file of its best model',
      (path: string) => {
        const [content = ''] = readFileSync(path, 'utf8').split('\n');
        const without = content.replace(/"best":"best-1\.safetensors"/, '"best":null').replace(/("sums":\{.*"best":)"[0-9a-f]{64}"/, '$1null');
        writeFileSync(path, `${without}\n${sha256(without)}`);
      },
    ],
    ['step-8.safetensors', 'changed in one bit', (path: string) => flipBit(path, statSync(path).size - 4)],
    ['best-1.safetensors', 'changed in one bit', (path: string) => flipBit(path, statSync(path).size - 4)],
  ] as const)('starts from the beginning, and says so, where %s is %s', async (name, what, damage) => {
    const folder = join(scratch, `${what}-${name}`);
    let asked = 0;
    await expect(
      fitSome(change, { checkpoints: openCheckpoints(folder, 120), stopRequested: () => (asked += 1) === 12 }),
    ).rejects.toThrow();
    const before = readFileSync(join(folder, name));
    damage(join(folder, name));
    expect(readFileSync(join(folder, name))).not.toEqual(before);
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 120) });
    expect(resumed.events[0]).toMatchObject({ type: 'notice', level: 'warning', message: expect.stringContaining(name) });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(whole.result));
  });

  it('saves nothing any more once another process has the right to', async () => {
    const [folder, claim] = [join(scratch, 'claimed'), join(scratch, 'claim')];
    writeFileSync(claim, '');
    const checkpoints = openCheckpoints(folder, 0, claim);
    const lose = (event: StageEvent): void => void (event.type === 'step' && event.step === 5 && rmSync(claim));
    await expect(fitSome(change, { checkpoints, logEvery: 1, emit: lose })).rejects.toThrow(/another process has taken over/);
    expect(readdirSync(folder)).toContain('step-4.safetensors');
  });
});

describe('a fit on a trainer that takes several steps at a time', () => {
  const change: Partial<Training> = {
    epochs: 4,
    optimizer: adam(1e-3),
    batching: 'length-buckets',
    schedule: { name: 'linear', warmup: 0.1 },
    early_stopping: { monitor: 'val/loss', mode: 'max', patience: 1 }, // the loss falls: over after the second epoch
  };
  /** Notes how many steps each call had; an epoch has 5. */
  const loop = (atOnce: number, calls: number[] = []): Opener => async (options) => {
    const trainer = await openLoopTrainer(options, 'cpu');
    const steps: Trainer['steps'] = (given) => {
      calls.push(given.length);
      return trainer.steps(given);
    };
    return { ...trainer, stepsPerRun: () => atOnce, steps };
  };
  const stepsIn = (events: readonly StageEvent[]): readonly object[] => events.flatMap((event) => (event.type === 'step' ? [{ ...event, stepsPerSecond: 0 }] : []));
  let single: Awaited<ReturnType<typeof fitSome>>;
  beforeAll(async () => {
    single = await fitSome(change, {}, loop(1));
  });

  it.each([
    [3, [3, 2, 3, 2]],
    [100, [5, 5]],
  ])('has the same result, events included, by %i as one by one, and stops at every end of an epoch', async (atOnce, expected) => {
    const calls: number[] = [];
    const { result, events, final } = await fitSome(change, {}, loop(atOnce, calls));
    expect(calls).toEqual(expected);
    expect(stepsIn(events)).toHaveLength(10);
    expect(stepsIn(events)).toEqual(stepsIn(single.events));
    expect(result.stopped).toMatch(/val\/loss/);
    expect(withoutTimes(result)).toEqual(withoutTimes(single.result));
    expect(final).toEqual(single.final);
    for (const event of events) if (event.type === 'step') expect(event.stepsPerSecond).toBeGreaterThan(0);
  });

  it('has the epochs of the CPU’s trainer', async () => {
    const plain = await fitSome(change);
    expect(single.result.epochs.map(({ epoch, lr }) => [epoch, lr])).toEqual(plain.result.epochs.map(({ epoch, lr }) => [epoch, lr]));
    for (const [i, { metrics }] of plain.result.epochs.entries()) {
      for (const [name, value] of Object.entries(metrics))
        expect(single.result.epochs[i]?.metrics[name], name).toBeCloseTo(value ?? NaN, 4);
    }
    expect(single.result.best.epoch).toBe(plain.result.best.epoch);
  });

  it('goes on from a stop as if it had not been, also with other runs than before', async () => {
    const folder = join(scratch, 'stopped-between-runs');
    let asked = 0;
    await expect(
      fitSome(change, { checkpoints: openCheckpoints(folder, 120), stopRequested: () => (asked += 1) === 2 }, loop(3)),
    ).rejects.toMatchObject({ code: 'interrupted' });
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 120) }, loop(4));
    expect(resumed.events[0]).toMatchObject({ type: 'notice', message: 'resuming at epoch 1, after 3 steps' });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(single.result));
    expect(resumed.final).toEqual(single.final);
  });

  it('names the step that diverged within a run', async () => {
    const wrong: Partial<Training> = { epochs: 2, optimizer: adam(1e20) };
    const message = async (atOnce: number): Promise<string> =>
      fitSome(wrong, {}, loop(atOnce)).then(
        () => 'no error',
        (error: Error) => error.message,
      );
    expect(await message(5)).toMatch(/not finite at step \d+ \(epoch 1\)/);
    expect(await message(5)).toBe(await message(1));
  });
});

describe('a fit in micro-batches', () => {
  // Batches of 48, 48, 48 and 16 rows; parts of 20, 20 and 8, and the last batch whole.
  const change: Partial<Training> = {
    epochs: 2,
    batch_size: 48,
    optimizer: adam(1e-3),
    schedule: { name: 'linear', warmup: 0.1 },
    clip_norm: 1,
  };
  let whole: Awaited<ReturnType<typeof fitSome>>;
  beforeAll(async () => {
    whole = await fitSome(change);
  });

  it.each([
    ['the CPU', openTrainer],
    ['the loop', (options: TrainerOptions) => openLoopTrainer(options, 'cpu')],
  ] as const)('learns what whole batches teach, on %s: as many updates, the same rates, losses but for rounding', async (_name, open) => {
    const cut = await fitSome({ ...change, micro_batch: 20 }, {}, open);
    const steps = (events: readonly StageEvent[]): readonly (readonly number[])[] =>
      events.flatMap((event) => (event.type === 'step' ? [[event.step, event.steps, event.lr]] : []));
    expect(steps(cut.events)).toEqual(steps(whole.events));
    expect(steps(cut.events)).toHaveLength(8);
    for (const [i, { metrics }] of whole.result.epochs.entries()) {
      for (const [name, value] of Object.entries(metrics)) expect(cut.result.epochs[i]?.metrics[name], name).toBeCloseTo(value ?? NaN, 4);
    }
    const [a, b] = [cut.final['classifier.weight'] ?? [], whole.final['classifier.weight'] ?? []];
    expect(Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN))))).toBeLessThan(1e-4);
  });

  it('that hold all rows of the batch is the same fit, bit for bit', async () => {
    const { result, final } = await fitSome({ ...change, micro_batch: 48 });
    expect(withoutTimes(result)).toEqual(withoutTimes(whole.result));
    expect(final).toEqual(whole.final);
    expect((await fitSome({ ...change, micro_batch: 47 })).final).not.toEqual(whole.final);
  });

  it('goes on after a stop as if it had not been', async () => {
    const [cut, folder] = [{ ...change, micro_batch: 20 }, join(scratch, 'micro-batches')];
    const uninterrupted = await fitSome(cut);
    let asked = 0;
    await expect(
      fitSome(cut, { checkpoints: openCheckpoints(folder, 120), stopRequested: () => (asked += 1) === 3 }),
    ).rejects.toMatchObject({ code: 'interrupted' });
    const resumed = await fitSome(cut, { checkpoints: openCheckpoints(folder, 120) });
    expect(resumed.events[0]).toMatchObject({ type: 'notice', level: 'info' });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(uninterrupted.result));
    expect(resumed.final).toEqual(uninterrupted.final);
  });
});

describe('a fit with an average of the weights', () => {
  const change: Partial<Training> = { epochs: 2, optimizer: adam(1e-3), eval_batch_size: 32, ema: 0.8 };
  let [plain, whole]: Awaited<ReturnType<typeof fitSome>>[] = [];
  beforeAll(async () => {
    plain = await fitSome({ ...change, ema: null });
    whole = await fitSome(change);
  });

  it('trains as without it, and measures and keeps the average', async () => {
    expect(whole!.final).toEqual(plain!.final);
    const [own, kept] = [whole!.final['classifier.weight']!, whole!.result.best.parameters['classifier.weight']!];
    expect(kept).not.toEqual(own);
    const metrics = (fitted: typeof whole, name: string) => fitted!.result.epochs.map((epoch) => epoch.metrics[name]);
    expect(metrics(whole, 'train/loss')).toEqual(metrics(plain, 'train/loss'));
    expect(metrics(whole, 'val/loss')).not.toEqual(metrics(plain, 'val/loss'));
    // One that forgets at once is the weights themselves.
    const last = await fitSome({ ...change, ema: 1e-12 });
    metrics(plain, 'val/loss').forEach((loss, i) => expect(metrics(last, 'val/loss')[i]).toBeCloseTo(loss!, 6));
  });

  it('is the same on a trainer that takes several steps at a time, but for rounding', async () => {
    const looped = await fitSome(change, {}, async (options) => ({ ...(await openLoopTrainer(options, 'cpu')), stepsPerRun: () => 3 }));
    for (const [i, { metrics }] of whole!.result.epochs.entries()) {
      for (const [name, value] of Object.entries(metrics)) expect(looped.result.epochs[i]?.metrics[name], name).toBeCloseTo(value!, 4);
    }
  });

  // Two epochs of 5 steps and 3 batches of validation rows each: place 7 comes while the first is measured.
  it.each([7, 11])('goes on after a stop at place %i as if it had not been', async (place) => {
    const folder = join(scratch, `averaged-${place}`);
    let asked = 0;
    const stopped = fitSome(change, { checkpoints: openCheckpoints(folder, 0), stopRequested: () => (asked += 1) === place });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const resumed = await fitSome(change, { checkpoints: openCheckpoints(folder, 0) });
    expect(withoutTimes(resumed.result)).toEqual(withoutTimes(whole!.result));
    expect(resumed.final).toEqual(whole!.final);
  });
});
