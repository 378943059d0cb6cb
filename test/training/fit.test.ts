import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/index.ts';
import type { StageEvent } from '../../src/core/events.ts';
import { readTrainExamples } from '../../src/data/examples.ts';
import { loadTokenizer, tokenize } from '../../src/data/tokens.ts';
import { tokenSource } from '../../src/training/batch-source.ts';
import { initialWeights, tokenizerFiles } from '../../src/training/classifier-folder.ts';
import { openClassifier } from '../../src/training/classifier.ts';
import { fit, type FitOptions } from '../../src/training/fit.ts';
import { root, smallQuickstart } from '../helpers/quickstart.ts';

type Training = Experiment['training'];

const modelFolder = join(root, 'configs/quickstart/model');
const rows = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);

/** Fits the quickstart's model to some of its rows. */
async function fitSome(change: Partial<Training>, options: Partial<FitOptions> = {}) {
  const { experiment } = await smallQuickstart();
  const training: Training = { ...experiment.training, schedule: { name: 'constant' }, ...change };
  const { texts, labels, classes } = await readTrainExamples(join(root, experiment.data.train), experiment.data);
  const tokens = tokenize(await loadTokenizer(tokenizerFiles(modelFolder)), texts, 32);
  const weights = initialWeights({ 'config.json': join(modelFolder, 'config.json') }, 'random', 42);
  const { trainer } = await openClassifier({ weights, head: experiment.model.head, classes, onFeatures: false, training, threads: 1, seed: 1 });
  const events: StageEvent[] = [];
  try {
    const result = await fit({
      trainer,
      source: tokenSource(tokens, weights.config),
      labels,
      outputs: 1,
      trainRows: rows(0, 160),
      validationRows: rows(160, 240),
      training,
      maxLength: 32,
      seed: 7,
      logEvery: 1,
      emit: (event) => events.push(event),
      checkpoint: () => {},
      ...options,
    });
    return { result, events, final: await trainer.snapshot() };
  } finally {
    await trainer.release();
  }
}

const adam = (lr: number): Training['optimizer'] => ({ name: 'adam', lr, weight_decay: 0, betas: [0.9, 0.999], eps: 1e-8, no_decay: [] });
const decisions = (events: readonly StageEvent[]): readonly string[] => events.flatMap((event) => (event.type === 'decision' ? [event.kind] : []));

describe('fit', () => {
  it('counts every step, learns, and answers with the best epoch', async () => {
    const { result, events } = await fitSome({ epochs: 6, optimizer: adam(1e-3) });
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(steps.every((event) => event.steps === 30)).toBe(true);
    const losses = result.epochs.map(({ metrics }) => metrics['train/loss'] ?? NaN);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    const f1 = result.epochs.map(({ metrics }) => metrics['val/f1_macro'] ?? NaN);
    expect(f1[result.bestEpoch - 1]).toBe(Math.max(...f1));
    expect(result.stopped).toBe('all epochs done');
    expect(result.validation.length).toBe(80);
  });

  it('keeps a copy of the best model, which later epochs do not change', async () => {
    // The loss falls, so that the epoch with the largest one is an early one; its weights are those of a run that ends there.
    const { result, final } = await fitSome({ epochs: 4, optimizer: adam(1e-3), best_model: { monitor: 'train/loss', mode: 'max' } });
    const short = await fitSome({ epochs: result.bestEpoch, optimizer: adam(1e-3) });
    expect(result.bestEpoch).toBeLessThan(4);
    expect(result.parameters).toEqual(short.final);
    expect(result.parameters['classifier.weight']).not.toEqual(final['classifier.weight']);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const one = await fitSome({ epochs: 1, optimizer: adam(1e-3) });
    const same = await fitSome({ epochs: 1, optimizer: adam(1e-3) });
    const other = await fitSome({ epochs: 1, optimizer: adam(1e-3) }, { seed: 8 });
    expect(same.final).toEqual(one.final);
    expect(other.final['classifier.weight']).not.toEqual(one.final['classifier.weight']);
  });

  it('ends in an error that names step and rate where the first epoch diverges', async () => {
    await expect(fitSome({ epochs: 2, optimizer: adam(1e20) })).rejects.toThrow(/not finite at step \d+ \(epoch 1\) with rate 100000000000000000000/);
  });

  it('keeps the best model so far where a later epoch diverges', async () => {
    const { result, events } = await fitSome({
      epochs: 6,
      optimizer: adam(1e-3),
      early_stopping: { monitor: 'val/loss', mode: 'max', patience: 1 },
      lr_resets: { values: [1e20], below: 1 },
    });
    expect(decisions(events)).toContain('rate-reset');
    expect(decisions(events).at(-1)).toBe('diverged');
    expect(result.stopped).toMatch(/not finite at step \d+ \(epoch \d\) with rate/);
    const f1 = result.epochs.map(({ metrics }) => metrics['val/f1_macro'] ?? NaN);
    expect(result.bestEpoch).toBe(1 + f1.indexOf(Math.max(...f1)));
    expect(Object.values(result.parameters).every((values) => values.every(Number.isFinite))).toBe(true);
  });

  it('stops where it is asked to', async () => {
    let steps = 0;
    const stop = (): void => {
      steps += 1;
      if (steps > 3) throw new Error('asked to stop');
    };
    await expect(fitSome({ epochs: 5, optimizer: adam(1e-3) }, { checkpoint: stop })).rejects.toThrow('asked to stop');
  });
});
