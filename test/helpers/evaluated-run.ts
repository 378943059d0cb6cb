import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadExperiment, toYaml, type Experiment } from '../../src/config/index.ts';
import { sha256 } from '../../src/core/hash.ts';
import { writeCsv } from '../../src/data/csv.ts';
import { classificationMetrics, meanAndSd } from '../../src/data/metrics.ts';
import { openJournal } from '../../src/tracking/journal.ts';
import type { Environment } from '../../src/core/events.ts';
import { thisProcess } from '../../src/core/owner.ts';
import type { FoldHistory, RunMetrics } from '../../src/tracking/run-files.ts';

export interface ScriptedRow {
  readonly text: string;
  readonly target: string;
  readonly fold: number;
  /** Of the second class for two, otherwise one a class. */
  readonly probabilities: readonly number[];
  readonly prediction: string;
}

export interface Scripted {
  readonly name: string;
  readonly classes: readonly string[];
  readonly rows: readonly ScriptedRow[];
  /** val/f1_macro of each fold's epochs. */
  readonly scores: readonly (readonly number[])[];
  readonly change?: (experiment: Experiment) => Experiment;
}

/** Writes the folder of an evaluated run that never took place, and its training table, whose ids are row numbers. */
export function writeEvaluatedRun(root: string, { name, classes, rows, scores, change = (same) => same }: Scripted): string {
  const folder = join(root, 'runs', name);
  mkdirSync(folder, { recursive: true });
  const train = join(root, 'train.csv');
  const table = writeCsv(['text', 'target'], rows.map(({ text, target }) => [text, target]));
  writeFileSync(train, table);
  const base = loadExperiment('configs/quickstart.yaml').experiment;
  const data = { ...base.data, train, test: null, sample_submission: null, id: null, text: 'text', target: 'target' };
  const experiment = change({ ...base, name, data, split: { ...base.split, folds: Math.max(2, scores.length) } });

  const folds = scores.map((f1, fold): FoldHistory => {
    const epochs = f1.map((value, i) => ({ epoch: i + 1, lr: 1e-3 / (i + 1), seconds: 1, metrics: { 'train/loss': 0.7 / (i + 1), 'val/loss': 0.7 / (i + 1) + 0.01, 'val/f1_macro': value } }));
    const best = f1.indexOf(Math.max(...f1));
    return { fold, best_epoch: best + 1, stopped: 'all epochs done', epochs, best: epochs[best]!.metrics };
  });
  const oof = classificationMetrics(Int32Array.from(rows, ({ target }) => classes.indexOf(target)), rows.flatMap(({ probabilities }) => probabilities), classes.length);
  const over = (metric: string): { readonly mean: number; readonly sd: number } => meanAndSd(folds.map(({ best }) => best[metric] ?? NaN));
  const metrics: RunMetrics = {
    classes,
    folds,
    cv: { loss: over('val/loss'), f1_macro: over('val/f1_macro') },
    oof: Object.fromEntries(Object.entries(oof).map(([metric, value]) => [`oof/${metric}`, value])),
  };
  const environment: Environment = {
    versions: { ortrain: '0.0.0', node: '20.0.0' },
    machine: { platform: 'linux', cpu: 'a processor', cores: 2, memoryBytes: 8e9 },
    user: null,
    device: 'cpu',
    threads: 2,
    git: null,
    commandLine: ['pipeline', 'run', 'x.yaml'],
    data: { [train]: sha256(table) },
    entries: {},
  };
  const columns = classes.length === 2 ? ['probability'] : classes.map((k) => `probability_${k}`);
  writeFileSync(join(folder, 'config.yaml'), toYaml(experiment));
  writeFileSync(join(folder, 'metrics.json'), JSON.stringify(metrics));
  writeFileSync(join(folder, 'environment.json'), JSON.stringify(environment));
  writeFileSync(
    join(folder, 'oof.csv'),
    writeCsv(['id', 'fold', 'target', ...columns, 'prediction'], rows.map(({ target, fold, probabilities, prediction }, row) => [row, fold, target, ...probabilities, prediction])),
  );
  const journal = openJournal(join(folder, 'journal.jsonl'));
  journal.append({ type: 'run-started', run: name, folder, tasks: [], owner: thisProcess(), experiment, environment });
  journal.append({ type: 'task-cached', run: name, task: 'train[0]', stage: 'train', fold: 0 });
  journal.close();
  return folder;
}

/** Rows of two classes by turns; a prediction is the surer, right or wrong, the later its row. */
export function twoClassRows(count: number, folds: number, isWrong: (row: number) => boolean): readonly ScriptedRow[] {
  return Array.from({ length: count }, (_, row) => {
    const target = row % 2;
    const predicted = isWrong(row) ? 1 - target : target;
    const sure = 0.55 + (0.44 * row) / count;
    return { text: `text number ${row}`, target: String(target), fold: Math.floor(row / 2) % folds, probabilities: [predicted === 1 ? sure : 1 - sure], prediction: String(predicted) };
  });
}
