import { ok, strictEqual } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { comparisonSections } from '../../src/cli/render/comparison.ts';
import { foldCurves } from '../../src/cli/render/run/curves.ts';
import { decisionLines, notedDecisions } from '../../src/cli/render/run/decisions.ts';
import { resultsTable } from '../../src/cli/render/run/results.ts';
import { adam, type Optimizer } from '../../src/engine/optim/index.ts';
import { openTrainer, type Trainer } from '../../src/engine/runtime/index.ts';
import { cacheContents } from '../../src/runner/cache/contents.ts';
import { hashOf } from '../../src/core/hash.ts';
import { readManifest, whatIsBroken, writeManifest, type KeyParts } from '../../src/runner/cache/manifest.ts';
import { readRun } from '../../src/runner/stored/index.ts';
import { comparisonOf } from '../../src/tracking/comparison/compare.ts';
import { historyOf, readHistory } from '../../src/tracking/history.ts';
import { openJournal, readJournalFrom } from '../../src/tracking/journal.ts';
import { readJournal } from '../helpers/journal.ts';
import { journalStory } from '../../src/tracking/report/run/journal-story.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../../src/tracking/evaluated-run.ts';
import { openCheckpoints } from '../../src/training/fit/checkpoint.ts';
import { feedsOf, batches, forwardProgram, initial, stepProgram } from '../engine/runtime/small-model.ts';
import { pairRuns } from '../helpers/paired.ts';
import { twoClassRows, writeEvaluatedRun } from '../helpers/evaluated-run.ts';
import type { Reader } from './fuzz.ts';
import { written } from './written.ts';

/** Readers of what runs leave: journals, results, manifests, checkpoints. */
export async function runReaders(folder: string): Promise<readonly Reader[]> {
  mkdirSync(folder, { recursive: true });
  return [...(await runFiles(folder)), await manifest(folder), ...(await checkpoints(folder))];
}

const colors = picocolors.createColors(false);

/** The files of a run, each in turn, as show and compare read them. */
async function runFiles(folder: string): Promise<readonly Reader[]> {
  const rows = twoClassRows(24, 2, (row) => row % 5 === 0);
  const scripted = { classes: ['0', '1'], rows, scores: [[0.6, 0.8], [0.7, 0.75]] };
  const other = await readEvaluatedRun(writeEvaluatedRun(folder, { name: 'other', ...scripted }));
  const run = writeEvaluatedRun(folder, { name: 'run', ...scripted });
  const journal = openJournal(join(run, 'journal.jsonl'));
  const who = { run: 'run', task: 'train[0]', stage: 'train', fold: 0 } as const;
  journal.append({ type: 'task-started', ...who });
  journal.append({
    type: 'task-event',
    ...who,
    event: { type: 'step', epoch: 1, epochs: 2, step: 1, steps: 4, loss: 0.5, lr: 0.1, stepsPerSecond: 3 },
  });
  journal.append({ type: 'task-event', ...who, event: { type: 'decision', epoch: 1, kind: 'stopped', message: 'no better' } });
  journal.append({ type: 'task-event', ...who, event: { type: 'notice', level: 'info', message: 'so' } });
  journal.append({ type: 'task-finished', ...who, seconds: 3, usage: { cpuSeconds: 2, peakBytes: 1e6 } });
  journal.append({ type: 'run-finished', run: 'run', seconds: 4, summary: { 'oof/f1': 0.5 } });
  journal.close();
  const reader = (name: string, syntax: Reader['syntax'], read: () => void | Promise<void>): Reader => {
    const path = join(run, name);
    const whole = readFileSync(path);
    return {
      name,
      syntax,
      seeds: [whole],
      file: run, // what does not fit together may be told of the other file
      async read(bytes) {
        written(path, bytes);
        try {
          await read();
        } finally {
          written(path, whole);
        }
      },
    };
  };
  const showJournal = (): void => tellJournal(folder, join(run, 'journal.jsonl'));
  const compare = async (): Promise<void> => showBeside(await readEvaluatedRun(run), other);
  return [
    reader('journal.jsonl', 'jsonl', showJournal),
    reader('metrics.json', 'json', compare),
    reader('environment.json', 'json', async () => {
      cacheContents(folder);
      await compare();
    }),
    reader('oof.csv', 'table', compare),
  ];
}

function tellJournal(artifacts: string, path: string): void {
  ok(['done', 'running', 'failed', 'interrupted', 'damaged'].includes(readRun(artifacts, 'run').status));
  const entries = readJournal(path);
  const { entries: whole } = readJournalFrom(path, 0, 100);
  ok(whole.every((entry) => entry !== undefined) && whole.length <= entries.length);
  strictEqual(readHistory(path).started?.t, entries.findLast(({ type }) => type === 'run-started')?.t);
  const history = historyOf(entries);
  ok(journalStory(history).jobs.every(({ rates }) => rates.every(({ lr }) => Number.isFinite(lr))));
  ok(decisionLines(notedDecisions(history)).every((line) => line.length > 0));
}

function showBeside(run: EvaluatedRun, other: EvaluatedRun): void {
  ok(resultsTable(run.metrics, colors).length > 0);
  for (const fold of run.metrics.folds) ok(foldCurves(fold, 'val/f1_macro', colors).length > 0);
  ok(comparisonSections(comparisonOf([run, other], pairRuns([run, other])), colors).length === 2);
}

/** A manifest is whole, or the entry is broken; it never throws, so no error has to name it. */
async function manifest(folder: string): Promise<Reader> {
  const entry = join(folder, 'entry');
  mkdirSync(entry, { recursive: true });
  writeFileSync(join(entry, 'a.txt'), 'a');
  const parts: KeyParts = {
    stage: 'split',
    version: 1,
    params: { seed: 1 },
    contents: {},
    fold: null,
    inputs: { tokens: ['k'] },
    engine: null,
  };
  const expected = { key: hashOf(parts), files: ['a.txt'] };
  await writeManifest(entry, parts, expected);
  const path = join(entry, 'manifest.json');
  return {
    name: 'manifest',
    syntax: 'json',
    seeds: [readFileSync(path)],
    file: path,
    async read(bytes) {
      written(path, bytes);
      const problem = await whatIsBroken(entry, expected);
      ok(problem === undefined || problem.length < 1000);
      const found = readManifest(entry);
      if (found !== undefined) strictEqual(typeof found.parts.stage, 'string');
    },
  };
}

/** Checkpoints: a state that is accepted has the fields that training goes on from. */
async function checkpoints(folder: string): Promise<readonly Reader[]> {
  const trainer = await smallTrainer();
  const own = join(folder, 'checkpoint');
  const saved = openCheckpoints(own, 0);
  await trainer.step(feedsOf(batches[0]!), { lr: 0.1 });
  await saved.save(trainer, {
    epoch: 2,
    pass: { batches: 1, rows: 2, lossSum: 0.5, logits: Float32Array.of(1, 2), lr: 0.1, seconds: 1 },
    rules: { lr: 0.1, best: { epoch: 1, value: 0.5 }, patience: { best: 0.5, badEpochs: 0 }, plateau: null, resetsUsed: 0, stopped: null },
    epochs: [{ epoch: 1, lr: 0.1, seconds: 1, metrics: { 'val/loss': NaN } }],
    best: { epoch: 1, parameters: await trainer.snapshot(), validation: Float64Array.of(0.5, 0.25) },
  });
  const reader = (name: string, path: string, syntax: Reader['syntax'], isSealed: boolean): Reader => {
    const whole = readFileSync(path);
    return {
      name,
      syntax,
      isSealed,
      seeds: [whole],
      file: own,
      async read(bytes) {
        written(path, bytes);
        try {
          const state = await saved.restore(trainer);
          ok(state !== null && Number.isInteger(state.epoch) && Array.isArray(state.epochs) && state.pass.logits instanceof Float32Array);
          ok(state.best === null || state.best.validation.every((p) => typeof p === 'number'));
        } finally {
          written(path, whole);
        }
      },
    };
  };
  return [
    reader('checkpoint state', join(own, 'state.json'), 'json', false),
    reader('checkpoint tensors', join(own, 'step-1.safetensors'), 'safetensors', true),
  ];
}

function smallTrainer(): Promise<Trainer> {
  const optimizer: Optimizer = { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) };
  const values = initial();
  return openTrainer({
    step: stepProgram(),
    forward: forwardProgram(),
    source: (spec, into) => into.set(values[spec.name]!),
    threads: 1,
    optimizer,
    clipNorm: null,
    seed: 1,
  });
}
