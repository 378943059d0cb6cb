import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { loadExperiment } from '../../src/config/index.ts';
import { comparisonTable } from '../../src/cli/render/comparison.ts';
import { foldCurves } from '../../src/cli/render/run/curves.ts';
import { notedDecisions } from '../../src/cli/render/run/decisions.ts';
import { asked, differing } from '../../src/config/parameters.ts';
import { resultsTable } from '../../src/cli/render/run/results.ts';
import { bytes, count, duration, metric, plural, rate } from '../../src/cli/render/layout/text.ts';
import type { FoldHistory, RunMetrics } from '../../src/runner/index.ts';
import { sideBySide } from '../../src/tracking/comparison/compare.ts';
import { openJournal } from '../../src/tracking/journal.ts';
import { readHistory } from '../../src/tracking/history.ts';
import { scriptedRun } from './events.ts';

const plain = picocolors.createColors(false);
const experiment = loadExperiment('configs/quickstart.yaml').experiment;

function fold(number: number, f1: readonly number[]): FoldHistory {
  const epochs = f1.map((value, i) => ({
    epoch: i + 1,
    lr: 1e-3,
    seconds: 1,
    metrics: { 'train/loss': 0.7 / (i + 1), 'val/loss': 0.6 + 0.05 * (i - 2) ** 2, 'val/f1_macro': value },
  }));
  const best = f1.indexOf(Math.max(...f1));
  return { fold: number, best_epoch: best + 1, stopped: 'all epochs done', epochs, best: epochs[best]!.metrics };
}

function metricsOf(accuracy: number, sd: number): RunMetrics {
  return {
    classes: ['0', '1'],
    folds: [fold(0, [0.6, 0.7, 0.8, 0.75]), fold(1, [0.5, 0.9, 0.8, 0.7])],
    cv: { loss: { mean: 1 - accuracy, sd }, f1_macro: { mean: accuracy, sd } },
    oof: { 'oof/f1_macro': accuracy },
  };
}

test('the table of results has a row a fold, then mean, deviation and out-of-fold', () => {
  expect(resultsTable(metricsOf(0.81234, 0.012), plain)).toMatchInlineSnapshot(`
    "fold  best epoch    loss  f1_macro
    0         3 of 4  0.6000    0.8000
    1         2 of 4  0.6500    0.9000
    mean              0.1877    0.8123
    ± sd              0.0120    0.0120
    oof                    –    0.8123"
  `);
});

test('curves are told apart by their names, not by colour alone', () => {
  expect(foldCurves(fold(0, [0.6, 0.7, 0.8, 0.75]), 'val/f1_macro', plain)).toMatchInlineSnapshot(`
    "fold 0 · best epoch 3 of 4 · val/f1_macro 0.8000 · all epochs done
      loss                                              val/f1_macro
      0.800 ┼──╮                                        0.800 ┤                   ╭───╮
      0.711 ┼╮ ╰─────╮                                  0.771 ┤                ╭──╯   ╰─────╮
      0.621 ┤╰──╮    ╰──────────────────────  val       0.743 ┤             ╭──╯            ╰─
      0.532 ┤   ╰──╮                                    0.714 ┤          ╭──╯
      0.443 ┤      ╰─╮                                  0.686 ┤       ╭──╯
      0.354 ┤        ╰────╮                             0.657 ┤    ╭──╯
      0.264 ┤             ╰────────╮                    0.629 ┤ ╭──╯
      0.175 ┤                      ╰────────  train     0.600 ┼─╯"
  `);
});

test('curves end where the numbers end, and one epoch has none', () => {
  const broken = fold(0, [0.6, 0.7, 0.8]);
  const epochs = broken.epochs.map((epoch, i) => (i < 2 ? epoch : { ...epoch, metrics: { ...epoch.metrics, 'val/loss': NaN } }));
  expect(foldCurves({ ...broken, epochs }, 'val/f1_macro', plain)).not.toContain('NaN');
  expect(foldCurves(fold(0, [0.6]), 'val/f1_macro', plain).split('\n')).toHaveLength(1);
});

test('a fold without a finished epoch has no best one', () => {
  expect(foldCurves({ fold: 2, best_epoch: null, epochs: [], best: {}, stopped: 'not finished' }, 'val/f1_macro', plain)).toBe(
    'fold 2 · no epoch yet · not finished',
  );
  const unmeasured = { ...fold(2, [0.6]), best_epoch: null, best: {} };
  expect(foldCurves(unmeasured, 'val/f1_macro', plain)).toContain('fold 2 · no best epoch of 1 · ');
});

test('equal values make a flat curve', () => {
  const text = foldCurves(fold(0, [0.5, 0.5, 0.5]), 'val/f1_macro', plain);
  expect(text).toContain('val/f1_macro');
  expect(text).not.toContain('NaN');
});

test('a comparison has what differs and marks the best: the smallest loss, the largest of all else', () => {
  const other = {
    ...experiment,
    name: 'b',
    training: { ...experiment.training, epochs: 9 },
    model: { ...experiment.model, head: { ...experiment.model.head, dense: [256, 32] } },
  };
  const comparison = sideBySide(
    [
      { name: 'a', experiment, metrics: metricsOf(0.8, 0.01) },
      { name: 'b', experiment: other, metrics: metricsOf(0.9, 0.02) },
      { name: 'c', experiment, metrics: null },
    ],
    true,
  );
  expect(Object.keys(comparison.parameters)).toEqual(['model.head.dense', 'training.epochs']);
  expect(comparisonTable(comparison, plain)).toMatchInlineSnapshot(`
    "                                                     a                                     b    c
    model.head.dense                                    []                              [256,32]   []
    training.epochs                                      5                                     9    5
    oof/f1_macro                                  0.8000                                0.9000 *  –
    cv/loss           0.2000 ± 0.0100 (0.2360 to 1.0140)    0.1000 ± 0.0200 (0.2360 to 1.0140) *  –
    cv/f1_macro       0.8000 ± 0.0100 (0.0719 to 1.6281)    0.9000 ± 0.0200 (0.0719 to 1.6281) *  –"
  `);
});

test('a metric named like what every object has is missing where a run does not have it', () => {
  const odd = { ...metricsOf(0.8, 0.01), oof: { constructor: 0.5 } as unknown as RunMetrics['oof'] };
  const { metrics } = sideBySide([{ name: 'a', experiment, metrics: odd }, { name: 'b', experiment, metrics: metricsOf(0.9, 0.01) }], true);
  expect(metrics.find(({ name }) => name === 'constructor')?.values).toEqual([expect.objectContaining({ value: 0.5 }), null]);
});

test('equal results are all best, so none is marked', () => {
  const run = { experiment, metrics: metricsOf(0.8, 0.01) };
  expect(sideBySide([{ name: 'a', ...run }, { name: 'b', ...run }], true).metrics.flatMap(({ best }) => best)).toEqual([]);
});

test('a parameter that only one kind of schedule has is missing in the other', () => {
  const constant = { ...experiment, training: { ...experiment.training, schedule: { name: 'constant' as const } } };
  expect(differing([experiment, constant])).toMatchObject({
    'training.schedule.name': ['one-cycle', 'constant'],
    'training.schedule.pct_start': [0.3, undefined],
  });
});

test('asked for is what is not the default', () => {
  const paths = asked(experiment);
  expect(paths).toMatchObject({ 'training.optimizer.name': 'adamw', 'model.weights': 'random', 'training.epochs': 5 });
  expect(paths).not.toHaveProperty(['split.folds']);
  expect(paths).not.toHaveProperty(['training.early_stopping']);
  const stopping = {
    ...experiment,
    training: { ...experiment.training, early_stopping: { monitor: 'val/accuracy' as const, mode: 'max' as const, patience: 3 } },
  };
  expect(asked(stopping)).toHaveProperty(['training.early_stopping.patience'], 3);
});

test('decisions of note are those of the last start of each fold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
  const path = join(folder, 'journal.jsonl');
  const journal = openJournal(path);
  for (const [, event] of [...scriptedRun(), ...scriptedRun()]) journal.append(event);
  journal.close();
  expect(notedDecisions(readHistory(path))).toEqual([
    { task: 'train[0]', epoch: 2, kind: 'stopped', message: 'val/accuracy has not improved for 1 epochs' },
  ]);
  rmSync(folder, { recursive: true });
});

test.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [21.4, '21 s'],
  [59.6, '1 min 00 s'],
  [200, '3 min 20 s'],
  [3599.7, '1 h 00 min'],
  [7500, '2 h 05 min'],
  [Infinity, '–'],
])('%d s is written %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('numbers', () => {
  expect([count(1905), plural(1, 'step'), plural(1905, 'step'), plural(0, 'row')]).toEqual(['1,905', '1 step', '1,905 steps', '0 rows']);
  expect([metric(0.78694), metric(NaN), metric(null), metric(undefined)]).toEqual(['0.7869', '–', '–', '–']);
  expect([rate(0.00017), rate(5e-7), rate(0.1 + 0.2)]).toEqual(['0.00017', '5e-7', '0.3']);
  expect([bytes(0), bytes(999), bytes(1500), bytes(440e6), bytes(1.44e9)]).toEqual(['0 B', '999 B', '1.5 kB', '440 MB', '1.4 GB']);
});
