import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../../src/config/index.ts';
import { html } from '../../src/core/page/html.ts';
import { writeCsv } from '../../src/data/tables/formats/csv.ts';
import { buildSubmission } from '../../src/data/submission/index.ts';
import { parseTable } from '../../src/data/tables/table.ts';
import type { Targets } from '../../src/data/examples/targets.ts';
import { loadTokenizer, tokenize } from '../../src/data/tokens/tokens.ts';
import { meanSquaredError } from '../../src/engine/models/losses.ts';
import { openWeights } from '../../src/data/hub/model-folder.ts';
import { readTrainExamples } from '../../src/tasks/examples.ts';
import { measured, readPredictions, readTargets, type Predictions, type Task } from '../../src/tasks/index.ts';
import { tokenSource } from '../../src/training/batch-source.ts';
import { openCheckpoints } from '../../src/training/fit/checkpoint.ts';
import { openClassifier } from '../../src/training/classifier.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { initialWeights, readModelFolder, writeModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { fit } from '../../src/training/fit/fit.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

/** A number for each row: a task that has nothing in common with classes, written as a new one would be. */
function oneNumber({ mean, sd }: { readonly mean: number; readonly sd: number }): Task {
  const back = (logits: Float32Array): Predictions => ({ width: 1, numbers: Float64Array.from(logits, (x) => mean + sd * x) });
  const squares = ({ values }: Targets, { numbers }: Predictions): number =>
    values.reduce((sum, y, row) => sum + ((y - numbers[row]!) / sd) ** 2, 0) / values.length;
  const readNumber = (cells: readonly string[]): readonly number[] => cells.map(Number);
  return {
    description: { task: 'one-number', mean, sd },
    summary: '1 number',
    words: { one: 'number', many: 'numbers' },
    names: ['target'],
    outputs: 1,
    loss: meanSquaredError,
    encode([y], into) {
      into[0] = (y! - mean) / sd;
    },
    predict: back,
    published: { asPair: false, outputs: 1, averaged: 'number', predict: back, config: { num_labels: 1, problem_type: 'regression' } },
    metrics: [{ name: 'loss', better: 'low', of: squares }],
    metric: (name) => (name === 'loss' ? { name, better: 'low', of: squares } : undefined),
    watchInstead: 'such as val/loss.',
    usualMetric: 'loss',
    unmeasured: (metric) => (metric === 'loss' ? undefined : { reason: 'is not measured for numbers', instead: 'loss' }),
    undefinedMetrics: () => undefined,
    strata: ({ values }) => ({ of: Int32Array.from(values, (y) => (y > mean ? 1 : 0)), count: 2, tooFew: () => [] }),
    conflicts: () => [],
    findings: () => [],
    columns: {
      targets: ['target'],
      predictions: ['prediction'],
      targetCells: ({ values }) => (row) => [values[row]!],
      predictionCells: ({ numbers }) => (row) => [numbers[row]!],
      readTarget: readNumber,
      readPrediction: readNumber,
    },
    submissionValues: ({ numbers }, columns) => (columns.length === 1 ? (row) => numbers[row]! : 'one column of numbers was expected'),
    value: () => undefined,
    values: 'nothing',
    objects: ({ numbers }) => (row) => ({ prediction: numbers[row]! }),
    linear: { kind: 'numbers' },
    baseline: (_, rows) => ({ width: 1, numbers: new Float64Array(rows).fill(mean) }),
    right: ({ values }, { numbers }) => Uint8Array.from(values, (y, row) => (Math.abs(y - numbers[row]!) < sd ? 1 : 0)),
    report: () => ({ answer: '', tiles: [], interval: null, figures: [], targets: html``, sections: () => [], tables: [] }),
    constantPredictions: () => undefined,
  };
}

const folder = temporaryFolder();
const base = join(root, 'configs/quickstart/model');
const files = { 'config.json': join(base, 'config.json'), ...tokenizerFiles(base) };
const task = oneNumber({ mean: 40, sd: 5 });

/** 35 for messages of the first class and 45 for those of the second. */
async function numbersOfQuickstart() {
  const { experiment } = await smallQuickstart();
  const { texts, targets } = await readTrainExamples(join(root, pathOf(experiment.data.train)), experiment.data);
  return { experiment, texts, targets: { width: 1, values: targets.values.map((label) => 35 + 10 * label) } };
}

describe('a task that the rest of the program does not know', () => {
  const validationRows = Int32Array.from({ length: 80 }, (_, i) => 160 + i);
  let [predictions, targets]: [Predictions, Targets] = [
    { width: 1, numbers: new Float64Array(0) },
    { width: 1, values: new Float64Array(0) },
  ];
  let losses: readonly number[] = [];

  beforeAll(async () => {
    const { experiment, texts, targets: all } = await numbersOfQuickstart();
    const { optimizer } = experiment.training;
    const training = {
      ...experiment.training,
      epochs: 8,
      schedule: { name: 'constant' } as const,
      optimizer: { ...optimizer, lr: 3e-3 },
      best_model: { monitor: 'val/loss', mode: 'min' } as const,
    };
    const weights = initialWeights(files, { weights: 'random', resize_embeddings: false }, 42);
    const model = await openClassifier({
      weights,
      model: experiment.model,
      task,
      part: { fed: 'tokens' },
      training,
      precision: 'float32',
      device: 'cpu',
      threads: 1,
      seed: 1,
    });
    try {
      const { best, epochs } = await fit({
        trainer: model.trainer,
        source: tokenSource(tokenize(await loadTokenizer(tokenizerFiles(base)), texts, 32), weights.config),
        task,
        targets: all,
        trainRows: Int32Array.from({ length: 160 }, (_, i) => i),
        validationRows,
        training,
        maxLength: 32,
        seed: 7,
        logEvery: 100,
        emit: () => {},
        checkpoints: openCheckpoints(join(folder, 'partial'), 120),
        stopRequested: () => false,
      });
      losses = epochs.map(({ metrics }) => metrics['val/loss']!);
      predictions = { width: 1, numbers: best.validation };
      targets = { width: 1, values: all.values.slice(160, 240) };
      writeModelFolder(join(folder, 'model'), {
        task,
        files,
        config: weights.config,
        source: model.values(best.parameters),
        head: experiment.model.head,
        max_seq_length: 32,
      });
    } finally {
      await model.trainer.release();
    }
  }, 60_000);

  it('is trained by its own loss, and predicts in its own unit', () => {
    expect(Math.min(...losses)).toBeLessThan(0.8 * measured(task, targets, task.baseline(targets, 80))['loss']!);
    expect(measured(task, targets, predictions)['loss']).toBeCloseTo(Math.min(...losses), 5);
    expect(Math.min(...predictions.numbers)).toBeGreaterThan(20);
    expect(Math.max(...predictions.numbers)).toBeLessThan(60);
  });

  it('is saved as it is, with what it says of itself, and is not taken for classes', () => {
    const config = JSON.parse(readFileSync(join(folder, 'model/config.json'), 'utf8')) as Readonly<Record<string, unknown>>;
    expect(config).toMatchObject({ num_labels: 1, problem_type: 'regression', ortrain: { task: 'one-number', mean: 40, sd: 5 } });
    expect(config['id2label']).toBeUndefined();
    expect(openWeights(join(folder, 'model')).entries.get('classifier.bias')?.shape).toEqual([1]);
    expect(() => readModelFolder(join(folder, 'model'))).toThrow('ortrain.task is not the name of a task');
  });

  it('is written, read and submitted to the digit', async () => {
    const { columns } = task;
    const header = ['id', ...columns.targets, ...columns.predictions];
    const rows = Array.from(validationRows, (id, row) => [
      id,
      ...columns.targetCells(targets)(row),
      ...columns.predictionCells(predictions)(row),
    ]);
    const table = await parseTable(Buffer.from(writeCsv(header, rows)), 'oof.csv', 'csv');
    expect(readTargets(table, columns, 1)).toEqual(targets);
    expect(readPredictions(table, columns, 2)).toEqual(predictions);
    const sample = await parseTable(Buffer.from('id,score\n161,0\n160,1\n'), 'sample.csv', 'csv');
    const two = { width: 1, numbers: predictions.numbers.subarray(0, 2) };
    const { rows: submitted } = buildSubmission(sample, { file: 'test.csv', ids: ['160', '161'] }, 'id', (own) =>
      task.submissionValues(two, own),
    );
    expect(submitted).toEqual([
      ['161', predictions.numbers[1]],
      ['160', predictions.numbers[0]],
    ]);
  });
});
