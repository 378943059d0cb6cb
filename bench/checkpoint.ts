import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadExperiment } from '../src/config/index.ts';
import { openCheckpoints, TIME_BETWEEN_PER_COST, type FitState } from '../src/training/fit/checkpoint.ts';
import { startRules } from '../src/training/fit/rules.ts';
import { openOurTrainer, randomBatch, randomBert, type Size } from './classifier.ts';
import type { Finding, Measurement, Setting } from './measurement.ts';
import { median } from './turns.ts';

export interface CheckpointOptions {
  readonly sizes: readonly Size[];
}

const saves = 5;
const length = 32;
const goal = '2 %';

/**
 * What checkpoints take of the time of a run at the default cadence: parameters, both moments and the best model, written and synced to the
 * disk.
 */
export function measureCheckpoint(setting: Setting, { sizes }: CheckpointOptions): Measurement {
  return {
    title: 'cost of checkpoints',
    columns: ['model', 'MB', `seconds, median of ${saves}`, 'seconds between two', 'share of a run', 'goal'],
    findings: findings(setting, sizes),
  };
}

async function* findings({ threads }: Setting, sizes: readonly Size[]): AsyncGenerator<Finding> {
  const { resources, training } = loadExperiment('configs/quickstart.yaml').experiment;
  const everySeconds = resources.checkpoint_seconds;
  for (const size of sizes) {
    const folder = mkdtempSync(join(tmpdir(), 'ortrain-bench-'));
    const { trainer, step } = await openOurTrainer(randomBert(size, threads));
    try {
      await step(randomBatch(length));
      const seconds: number[] = [];
      for (let epoch = 1; epoch <= saves; epoch++) {
        const best = { epoch, parameters: await trainer.snapshot(), validation: new Float64Array(0) };
        const pass = { batches: 0, rows: 0, lossSum: 0, logits: new Float32Array(0), lr: 0, seconds: 0 };
        const state: FitState = { epoch, pass, rules: startRules(training), epochs: [], best };
        const start = performance.now();
        await openCheckpoints(folder, everySeconds).save(trainer, state);
        seconds.push((performance.now() - start) / 1000);
      }
      const [cost, bytes] = [
        median(seconds.toSorted((a, b) => a - b)),
        readdirSync(folder).reduce((total, name) => total + statSync(join(folder, name)).size, 0),
      ];
      const between = Math.max(everySeconds, cost * TIME_BETWEEN_PER_COST);
      yield [
        size,
        (bytes / 1e6).toFixed(0),
        cost.toPrecision(3),
        between.toFixed(0),
        `${((100 * cost) / (between + cost)).toFixed(2)} %`,
        goal,
      ];
    } finally {
      await trainer.release();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  yield 'Each checkpoint has a new best model, which in a run comes once an epoch at most.';
}
