import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadExperiment, toYaml, type Experiment } from '../../src/config/index.ts';
import { sha256 } from '../../src/core/hash.ts';
import { writeCsv } from '../../src/data/tables/formats/csv.ts';
import { meanAndSd } from '../../src/data/statistics/significance.ts';
import { classTargets } from '../../src/tasks/classification/labels.ts';
import { classification } from '../../src/tasks/classification/task.ts';
import { measured } from '../../src/tasks/index.ts';
import { openJournal, type JournalEntry } from '../../src/tracking/journal.ts';
import type { Environment } from '../../src/core/environment.ts';
import { thisProcess } from '../../src/core/owner.ts';
import type { FoldHistory, RunMetrics } from '../../src/tracking/run-metrics.ts';

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
  /** So often it was looked at what the run takes of the machine, every ten seconds. */
  readonly looks?: number;
}

/** Writes the folder of an evaluated run that never took place, and its training table, whose ids are row numbers. */
export function writeEvaluatedRun(root: string, { name, classes, rows, scores, change = (same) => same, looks = 0 }: Scripted): string {
  const folder = join(root, 'runs', name);
  mkdirSync(folder, { recursive: true });
  const train = join(root, 'train.csv');
  const table = writeCsv(['text', 'target'], rows.map(({ text, target }) => [text, target]));
  writeFileSync(train, table);
  const base = loadExperiment('configs/quickstart.yaml').experiment;
  const data = { ...base.data, train, test: null, sample_submission: null, id: null, text: 'text', target: 'target' };
  const experiment = change({ ...base, name, data, split: { ...base.split, folds: Math.max(2, scores.length) } });

  const folds = scores.map((f1, fold): FoldHistory => {
    const epochs = f1.map((value, i) => ({
      epoch: i + 1,
      lr: 1e-3 / (i + 1),
      seconds: 1,
      metrics: { 'train/loss': 0.7 / (i + 1), 'val/loss': 0.7 / (i + 1) + 0.01, 'val/f1_macro': value },
    }));
    const best = f1.indexOf(Math.max(...f1));
    return { fold, best_epoch: best + 1, stopped: 'all epochs done', epochs, best: epochs[best]!.metrics };
  });
  const task = classification(classes);
  const numbers = Float64Array.from(rows.flatMap(({ probabilities }) => probabilities));
  const { loss: _loss, ...oof } = measured(task, classTargets(rows.map(({ target }) => classes.indexOf(target))), {
    width: numbers.length / rows.length,
    numbers,
  });
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
    writeCsv(
      ['id', 'fold', 'target', ...columns, 'prediction'],
      rows.map(({ target, fold, probabilities, prediction }, row) => [row, fold, target, ...probabilities, prediction]),
    ),
  );
  const journal = openJournal(join(folder, 'journal.jsonl'));
  journal.append({ type: 'run-started', run: name, folder, tasks: [], owner: thisProcess(), experiment, environment });
  journal.append({ type: 'task-cached', run: name, task: 'train[0]', stage: 'train', fold: 0 });
  journal.close();
  appendFileSync(join(folder, 'journal.jsonl'), Array.from({ length: looks }, (_, i) => `${JSON.stringify(lookAt(name, i))}\n`).join(''));
  return folder;
}

/** Of the second GPU the driver tells nothing. */
function lookAt(run: string, i: number): JournalEntry {
  const wave = Math.sin(i / 9);
  const gpus = [
    { percent: Math.round(60 + 30 * wave), usedBytes: 20e9 + 1e9 * wave, totalBytes: 80e9 },
    { percent: null, usedBytes: null, totalBytes: null },
  ];
  return {
    v: 1,
    t: Date.now() + i * 10_000,
    type: 'system',
    run,
    cpuPercent: 160 + 30 * wave,
    memoryBytes: 1.2e9 + 1e7 * i,
    freeBytes: 2e9,
    gpus,
  };
}

/** Rows of two classes by turns; a prediction is the surer, right or wrong, the later its row. */
export function twoClassRows(count: number, folds: number, isWrong: (row: number) => boolean): readonly ScriptedRow[] {
  return Array.from({ length: count }, (_, row) => {
    const target = row % 2;
    const predicted = isWrong(row) ? 1 - target : target;
    const sure = 0.55 + (0.44 * row) / count;
    return {
      text: `text number ${row}`,
      target: String(target),
      fold: Math.floor(row / 2) % folds,
      probabilities: [predicted === 1 ? sure : 1 - sure],
      prediction: String(predicted),
    };
  });
}

/** Evaluated runs on the same rows and folds that differ in three parameters; the one in the middle is the best. */
export function severalRuns(root: string, count: number): readonly string[] {
  const middle = Math.floor(count / 2);
  const rows = twoClassRows(200, 5, (row) => row % 7 === 0);
  return Array.from({ length: count }, (_, i) => {
    const level = 0.8 - 0.01 * Math.abs(i - middle);
    const scores = [0, 1, 2, 3, 4].map((fold) => [level - 0.1, level + 0.01 * fold + 0.006 * Math.sin(5 * fold + i)]);
    const change = ({ model, training, ...rest }: Experiment): Experiment => ({
      ...rest,
      model: { ...model, freeze_encoder: i % 2 === 0, head: { ...model.head, dense: i % 3 === 0 ? [] : [64 * (i % 3), 32] } },
      training: { ...training, optimizer: { ...training.optimizer, lr: 10 ** (-5 + i / 2) } },
    });
    return writeEvaluatedRun(root, { name: `run-${i + 1}`, classes: ['0', '1'], rows, scores, change });
  });
}
