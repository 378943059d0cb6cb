import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readTrainExamples } from '../src/tasks/examples.ts';
import { none, times, type Finding, type Measurement, type Setting } from './measurement.ts';
import { median, watchOthers } from './turns.ts';
import type { Tweets } from './tweets.ts';

export interface RaceOptions {
  readonly tweets: Tweets;
  /** Races, each with another seed of weights, dropout and order; the fold is the same. */
  readonly seeds: number;
}

/** An evaluation of the validation rows. */
interface Evaluation {
  readonly epoch: number;
  readonly accuracy: number;
  /** Since the side's process was started, its imports and tokenization included. */
  readonly seconds: number;
}

interface Runner {
  readonly name: string;
  run(seed: number): Promise<readonly Evaluation[]>;
}

const goal = 3;
const accuracy = 0.835;
/** Of the Trainer: our side's batch, rate, length and epochs; with four it is less accurate. Other rates have not been tried. */
const theirs = { epochs: 2, batch_size: 32, lr: 1e-4, max_length: 96 };

/** Seconds until the validation accuracy on fold 0 of the tweets has reached a mark, from the same pretrained weights. */
export function measureRace(setting: Setting, options: RaceOptions): Measurement {
  return {
    title: `race to a validation accuracy of ${accuracy}`,
    columns: ['', 'seed', 'accuracy after each epoch @ seconds', 'reached, s', 'ortrain is faster', 'goal'],
    findings: findings(setting, options),
  };
}

async function* findings({ threads, python }: Setting, { tweets, seeds }: RaceOptions): AsyncGenerator<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-race-'));
  try {
    const sides = [ourSide(folder, tweets, threads), ...(python === undefined ? [] : [theirSide(folder, tweets, threads, python)])];
    const reached = sides.map((): number[] => []);
    const others = watchOthers([]);
    for (let seed = 1; seed <= seeds; seed++) {
      for (const [i, side] of sides.entries()) {
        const evaluations = await side.run(seed);
        const seconds = reachedAfter(evaluations);
        reached[i]!.push(seconds ?? Infinity);
        yield [side.name, String(seed), shown(evaluations), seconds?.toFixed(1) ?? 'not reached', none, none];
      }
    }
    const medians = reached.map(median);
    for (const [i, side] of sides.entries()) {
      const faster = i === 0 ? none : times(medians[i]!, medians[0]!);
      yield [side.name, 'median', none, medians[i]!.toFixed(1), faster, i === 0 ? none : goal.toFixed(1)];
    }
    yield `Seconds from the start of the command, imports, tokenization and evaluations included; both sides evaluate after every epoch. The Trainer: ${JSON.stringify(theirs)}, dynamic padding, group_by_length, fused AdamW, weight decay 0.01, linear schedule with a warmup of 0.1. Ours: bench/race.yaml. Other processes, the sides' own included, used ${others().toFixed(2)} cores.`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function reachedAfter(evaluations: readonly Evaluation[]): number | undefined {
  return evaluations.find((each) => each.accuracy >= accuracy)?.seconds;
}

function shown(evaluations: readonly Evaluation[]): string {
  return evaluations.map((each) => `${each.accuracy.toFixed(4)} @ ${each.seconds.toFixed(0)}`).join(', ');
}

/** `pipeline run` in an artifacts folder that is empty. */
function ourSide(folder: string, tweets: Tweets, threads: number): Runner {
  return {
    name: 'ortrain',
    run: async (seed) => {
      const artifacts = join(folder, `artifacts-${seed}`);
      const values = { 'data.train': tweets.train, 'model.base': tweets.model, seed, 'resources.threads': threads };
      const set = Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]);
      const command = [here('../bin/pipeline.js'), 'run', here('race.yaml'), '--artifacts', artifacts, '--device', 'cpu', '--quiet', ...set];
      const start = Date.now();
      const { status } = spawnSync(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
      if (status !== 0) throw new Error('our side failed; its message is above');
      return evaluationsOf(join(artifacts, 'runs/race/journal.jsonl'), start);
    },
  };
}

interface EpochLine {
  readonly t: number;
  readonly event?: { readonly type: string; readonly epoch: number; readonly metrics: Readonly<Record<string, number>> };
}

function evaluationsOf(journal: string, start: number): readonly Evaluation[] {
  const lines = readFileSync(journal, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as EpochLine);
  return lines.flatMap(({ t, event }) =>
    event?.type === 'epoch' ? [{ epoch: event.epoch, accuracy: event.metrics['val/accuracy'] ?? NaN, seconds: (t - start) / 1000 }] : [],
  );
}

/** bench/trainer.py on the rows of our fold. */
function theirSide(folder: string, tweets: Tweets, threads: number, python: string): Runner {
  return {
    name: 'transformers’ Trainer',
    run: async (seed) => {
      const input = join(folder, 'trainer.json');
      writeFileSync(input, JSON.stringify({ model: tweets.model, threads, seed, ...theirs, ...(await rowsOf(folder, tweets)) }));
      const child = spawn(python, [here('trainer.py'), input], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise<number | null>((resolve) => void child.once('close', resolve));
      const evaluations: Evaluation[] = [];
      for await (const line of createInterface({ input: child.stdout })) evaluations.push(JSON.parse(line) as Evaluation);
      if ((await ended) !== 0) throw new Error('the Trainer failed; its message is above');
      return evaluations;
    },
  };
}

interface Row {
  readonly text: string;
  readonly label: number;
}

/** The rows that our side trains on and validates: those of the folds.csv that it wrote. */
async function rowsOf(folder: string, { train }: Tweets): Promise<{ readonly train: readonly Row[]; readonly validation: readonly Row[] }> {
  const columns = { id: 'id', text: 'text', target: 'target', conflicts: 'keep', duplicates: 'keep' } as const;
  const { ids, texts, targets } = await readTrainExamples(train, columns);
  const folds = readFileSync(join(folder, 'artifacts-1/runs/race/folds.csv'), 'utf8').trim().split('\n').slice(1);
  const foldOf = new Map(folds.map((line) => line.split(',') as [string, string]));
  const rows = (wanted: boolean): readonly Row[] =>
    texts.flatMap((text, i) => ((foldOf.get(ids[i]!) === '0') === wanted ? [{ text: String(text), label: targets.values[i]! }] : []));
  return { train: rows(false), validation: rows(true) };
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
