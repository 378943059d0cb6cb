import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { batchCount } from '../src/data/tokens/batches.ts';
import { duration } from '../src/core/text.ts';
import { batchSize, openPytorch } from './classifier.ts';
import { none, times, type Finding, type Measurement, type Setting } from './measurement.ts';
import { openPython, type Python } from './python.ts';
import { countTestTexts, maxLength, trainTexts, type Tweets } from './tweets.ts';

export interface FrozenOptions {
  readonly tweets: Tweets;
  /** Batches of training, and half as many of evaluation, that stand for all of the notebook's. */
  readonly batches: number;
}

const [folds, epochs] = [5, 10];
const goal = 100;

/** A head on a frozen encoder, five folds of ten epochs: our whole job from the command line, and the notebook's way of it in PyTorch. */
export function measureFrozen(setting: Setting, options: FrozenOptions): Measurement {
  return {
    title: `a frozen encoder, ${folds} folds of ${epochs} epochs`,
    columns: ['', 'whole job', 'seconds', 'ortrain is faster', 'goal'],
    findings: findings(setting, options),
  };
}

async function* findings(setting: Setting, options: FrozenOptions): AsyncGenerator<Finding> {
  const ours = ourJob(setting, options.tweets);
  yield ['ortrain: `pipeline run` in an empty artifacts folder', duration(ours), ours.toFixed(1), none, none];
  if (setting.python === undefined) return;
  const python = await openPython(setting.python);
  try {
    const { seconds, how } = await notebookJob(setting, options, python);
    yield ['PyTorch, the notebook’s way', duration(seconds), seconds.toFixed(0), times(seconds, ours), goal.toString()];
    yield how;
  } finally {
    await python.close();
  }
}

/** Seconds from the start of the command to its end. */
function ourJob({ threads }: Setting, tweets: Tweets): number {
  const artifacts = mkdtempSync(join(tmpdir(), 'ortrain-bench-'));
  const values = {
    'data.train': tweets.train,
    'data.test': tweets.test,
    'data.sample_submission': tweets.sampleSubmission,
    'model.base': tweets.model,
    'split.folds': folds,
    'training.epochs': epochs,
    'training.early_stopping': null,
    'training.lr_resets': null,
    'resources.threads': threads,
    'tracking.mlflow': null,
  };
  const set = Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]);
  const root = fileURLToPath(new URL('..', import.meta.url));
  const start = performance.now();
  try {
    const command = [
      join(root, 'bin/pipeline.js'),
      'run',
      join(root, 'configs/bert-1dense-frozen.yaml'),
      '--artifacts',
      artifacts,
      '--device',
      'cpu',
      '--quiet',
      ...set,
    ];
    const { status } = spawnSync(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error('our own job failed; its message is above');
    return (performance.now() - start) / 1000;
  } finally {
    rmSync(artifacts, { recursive: true, force: true });
  }
}

/**
 * The notebook sends every text through the encoder in every epoch of every fold, with dropout on, tokenized anew and padded to the full
 * width. That takes hours, so some of its batches stand for all: training, validation, and one prediction of the test texts.
 */
async function notebookJob(
  { threads }: Setting,
  { tweets, batches }: FrozenOptions,
  python: Python,
): Promise<{ readonly seconds: number; readonly how: string }> {
  const { texts, labels } = await trainTexts(tweets);
  const side = await openPytorch({ name: 'notebook', encoder: { model: tweets.model }, threads }, 'eager', python, { frozen: true });
  if (typeof side === 'string') throw new Error(side);
  const take = async (count: number, train: boolean): Promise<number> => {
    const taken: number[] = [];
    for (let i = 0; i <= count; i++) {
      const from = (i * batchSize) % (texts.length - batchSize);
      const batch = { texts: texts.slice(from, from + batchSize), labels: [...labels.subarray(from, from + batchSize)] };
      taken.push(
        (await python.ask<{ readonly milliseconds: number }>({ op: 'texts', name: side.name, ...batch, width: maxLength, train }))
          .milliseconds,
      );
    }
    return taken.slice(1).reduce((sum, each) => sum + each, 0) / count / 1000; // the first warms up
  };
  const evaluated = Math.ceil(batches / 2);
  const [training, evaluation] = [await take(batches, true), await take(evaluated, false)];
  await side.close();

  const validationRows = texts.length / folds;
  const trainingBatches = folds * epochs * batchCount(texts.length - validationRows, batchSize);
  const evaluationBatches = folds * epochs * batchCount(validationRows, batchSize) + batchCount(await countTestTexts(tweets), batchSize);
  const how = `The notebook’s way is estimated from ${batches} batches of training at ${training.toFixed(2)} s and ${evaluated} of evaluation at ${evaluation.toFixed(2)} s; the job has ${trainingBatches} and ${evaluationBatches} of them.`;
  return { seconds: trainingBatches * training + evaluationBatches * evaluation, how };
}
