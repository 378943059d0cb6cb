import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSweep, type Sweep } from '../../../src/config/index.ts';
import { OrtrainError } from '../../../src/core/errors.ts';
import { throwIfNoCurve } from '../../../src/runner/search/race.ts';
import { runTrials } from '../../../src/runner/search/run-trials.ts';
import type { Trial, TrialRunner } from '../../../src/runner/search/trial.ts';
import { openTask } from '../../../src/tasks/index.ts';
import { workspace } from '../../config/workspace.ts';

const FOLDS = [0, 1, 2, 3, 4];

function sweepOf(keys: string): Sweep {
  const file = `base: ../bert-1dense.yaml\nmetric: cv/accuracy/mean\n${keys}\nparameters:\n  training.optimizer.lr: { min: 0.00001, max: 0.01, scale: log }\n`;
  return loadSweep(join(workspace({ 'sweeps/s.yaml': file }), 'sweeps/s.yaml'), ['training.epochs=9', 'split.folds=5']);
}

/** A function of the rate in the place of a model: best at 0.001, better with every epoch, and with its own luck in each fold. */
function runnerOf(asked: string[] = [], fails: (trial: Trial) => boolean = () => false): TrialRunner {
  const scoreAt = ({ values }: Trial, fold: number, epoch: number): number =>
    1 - Math.abs(Math.log10(values['training.optimizer.lr'] as number) + 3) / 4 - 0.1 / epoch + fold / 1000;
  return {
    slots: 1,
    async run(trial, part) {
      asked.push(`${trial.number} ${part?.folds.length ?? 'all'} ${part?.epochs ?? ''}`.trim());
      if (fails(trial)) return { kind: 'failed', error: new OrtrainError('run', 'the loss was not finite') };
      const training = (part?.folds ?? FOLDS).map((fold) => {
        const epochs = Array.from({ length: part?.epochs ?? 9 }, (_, i) => {
          return { epoch: i + 1, lr: 0, seconds: 1, metrics: { 'val/accuracy': scoreAt(trial, fold, i + 1) } };
        });
        return { fold, epochs, best: part?.epochs === undefined ? (epochs.at(-1)?.metrics ?? null) : null };
      });
      if (part !== undefined) return { kind: 'partial', training, seconds: 1 };
      const cv = { accuracy: { mean: scoreAt(trial, 2, 9), sd: 0 } };
      const metrics = { cv, oof: {}, folds: [] } as never;
      const run = { run: trial.loaded.experiment.name, folder: '', seconds: 1, executed: 1, cached: 0, metrics, files: [], training };
      return { kind: 'complete', run };
    },
    close: async () => {},
  };
}

const options = { signal: new AbortController().signal };
const rates = (members: readonly { readonly values: Sweep['members'][number]['values'] }[]) =>
  members.map(({ values }) => values['training.optimizer.lr'] as number);
const distance = (rate: number): number => Math.abs(Math.log10(rate) + 3);

test('tpe draws the same trials again, begins with the same where there are more, and comes closer than its random beginning', async () => {
  const run = (trials: number) => runTrials(sweepOf(`strategy: tpe\ntrials: ${trials}`), runnerOf(), options, () => {});
  const [short, again, long] = [await run(25), await run(25), await run(40)];
  expect(rates(again.members)).toEqual(rates(short.members));
  expect(rates(long.members).slice(0, 25)).toEqual(rates(short.members));
  expect(new Set(rates(long.members)).size).toBe(40);
  const mean = (values: readonly number[]): number => values.reduce((sum, rate) => sum + distance(rate), 0) / values.length;
  expect(mean(rates(long.members).slice(20))).toBeLessThan(mean(rates(long.members).slice(0, 10)) / 2);
});

test.each(['asha', 'median', 'folds'] as const)('%s stops hopeless trials and keeps the best one', async (pruning) => {
  const keys = 'strategy: random\ntrials: 30';
  const whole = await runTrials(sweepOf(keys), runnerOf(), options, () => {});
  const { outcomes, members, saved } = await runTrials(sweepOf(`${keys}\npruning: ${pruning}`), runnerOf(), options, () => {});
  expect(saved.without).toBe(30 * 5 * 9);
  expect(saved.epochs).toBeLessThan(saved.without * 0.75);
  const best = (all: readonly number[]): number => all.reduce((near, rate) => (distance(rate) < distance(near) ? rate : near));
  const finished = members.filter((_, i) => 'run' in (outcomes[i] ?? {}));
  expect(best(rates(finished))).toBe(best(rates(whole.members)));
});

test('pruning refuses a metric that training does not measure after every epoch, before anything is trained', () => {
  const task = openTask({ classes: ['a', 'b'] });
  const prunedBy = (metric: string, monitors = '[val/accuracy]'): Sweep => {
    const keys = `strategy: grid\npruning: folds\nmetric: ${metric}\nparameters: { training.best_model.monitor: ${monitors} }`;
    return loadSweep(join(workspace({ 'sweeps/s.yaml': `base: ../bert-1dense.yaml\n${keys}\n` }), 'sweeps/s.yaml'));
  };
  const refused = { code: 'config', message: 'pruning compares trials by val/map_at_2, which training does not measure' };
  for (const monitors of ['[val/accuracy]', '[val/accuracy, val/map_at_2]'])
    expect(() => throwIfNoCurve(prunedBy('oof/map_at_2', monitors), task)).toThrow(expect.objectContaining(refused));
  expect(() => throwIfNoCurve(prunedBy('oof/map_at_2', '[val/map_at_2]'), task)).not.toThrow();
  expect(() => throwIfNoCurve({ ...prunedBy('oof/map_at_2'), pruning: 'none' }, task)).not.toThrow();
  for (const metric of ['cv/accuracy/mean', 'oof/loss']) expect(() => throwIfNoCurve(prunedBy(metric), task)).not.toThrow();
});

test('a failed trial is a result and does not end the sweep, unless it shall', async () => {
  const sweep = sweepOf('strategy: random\ntrials: 4');
  const fails = ({ number }: Trial): boolean => number === 1;
  const { outcomes } = await runTrials(sweep, runnerOf([], fails), options, () => {});
  expect(outcomes.map((outcome) => 'error' in outcome)).toEqual([false, true, false, false]);
  const asked: string[] = [];
  await runTrials(sweep, runnerOf(asked, fails), { ...options, failFast: true }, () => {});
  expect(asked).toEqual(['0 all', '1 all']);
});
