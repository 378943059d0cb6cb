import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomState } from '../../src/core/random.ts';
import { bin, root } from '../cli/bin.ts';

/**
 * When a process is killed, or asked to stop: after a share of the time that a whole run takes, or shortly after something is seen on the
 * disk.
 */
const MOMENTS = ['any', 'any', 'asked', 'tokenizing', 'checkpoint', 'checkpoint', 'moving'] as const;

type Moment = (typeof MOMENTS)[number];

/** What is compared byte for byte. */
const RESULTS = [
  'models/fold-0/model.safetensors',
  'models/fold-1/model.safetensors',
  'oof.csv',
  'predictions.csv',
  'submission.csv',
  'folds.csv',
];

export interface Torture {
  /** Kills that hit a living process, by what was seen last. */
  readonly kills: Readonly<Record<string, number>>;
  readonly runs: number;
  /** Kills after which a checkpoint was there to go on from. */
  readonly withCheckpoint: number;
  /** Runs that, in the end, differed from the one that was never killed, with the names of the files. */
  readonly different: readonly string[];
}

/**
 * Runs a small experiment to its end again and again, killing its process up to four times before each end, and compares the
 * results with those of a run that nobody killed and that trained one fold after the other; of the others half train both at a time. What
 * is drawn follows from the seed; what a kill meets does not.
 *
 * @param lanes how many experiments go on at the same time, each in a folder of its own
 */
export async function torture(
  folder: string,
  kills: number,
  seed: number,
  lanes: number,
  report: (line: string) => void,
): Promise<Torture> {
  const config = smallExperiment(folder);
  await finish(config, join(folder, 'warm-up'));
  const began = performance.now();
  await finish(config, join(folder, 'whole'));
  const wholeMs = performance.now() - began;
  const expected = digests(join(folder, 'whole'));
  const rng = new RandomState(seed);
  const done: Record<string, number> = {};
  const different: string[] = [];
  let [left, runs, withCheckpoint] = [kills, 0, 0];

  const lane = async (): Promise<void> => {
    while (left > 0) {
      const artifacts = join(folder, `run-${runs++}`);
      const beside = rng.integer(1, 3);
      for (let times = rng.integer(1, 5); times > 0 && left > 0; times -= 1) {
        left -= 1;
        const moment = MOMENTS[rng.integer(0, MOMENTS.length)] ?? 'any';
        const hit = await killOnce(config, artifacts, beside, moment, rng.uniform(0, 1), wholeMs);
        if (hit) done[moment] = (done[moment] ?? 0) + 1;
        else left += 1;
        withCheckpoint += Number(hit && hasCheckpoint(artifacts));
        if (!hit) break;
      }
      await finish(config, artifacts, beside);
      const wrong = RESULTS.filter((name) => digests(artifacts)[name] !== expected[name]);
      const rubbish = leftovers(artifacts);
      if (wrong.length + rubbish.length > 0) different.push(`${artifacts}: ${[...wrong, ...rubbish].join(', ')}`);
      else rmSync(artifacts, { recursive: true, force: true });
      report(`${kills - left} of ${kills} kills, ${runs} runs, ${different.length} different`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { kills: done, runs, withCheckpoint, different };
}

/** Two folds of six steps, with a checkpoint after each step. */
export function smallExperiment(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const rows = readFileSync(join(root, 'configs/quickstart/train.csv'), 'utf8').split('\n').filter((row) => !row.includes('"'));
  writeFileSync(join(folder, 'train.csv'), `${rows.slice(0, 97).join('\n')}\n`);
  const config = join(folder, 'small.yaml');
  writeFileSync(
    config,
    [
      `extends: ${join(root, 'configs/quickstart.yaml')}`,
      'name: small',
      `data: { train: ${join(folder, 'train.csv')} }`,
      'model: { max_seq_length: 16 }',
      'split: { folds: 2 }',
      'training: { epochs: 3, batch_size: 24 }',
      'resources: { threads: 1, checkpoint_seconds: 0 }',
    ].join('\n'),
  );
  return config;
}

/** `beside`: how many folds are trained at a time. */
function start(config: string, artifacts: string, beside: number) {
  const child = spawn(process.execPath, [bin, 'run', config, '--artifacts', artifacts, '--set', `resources.parallel_folds=${beside}`], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, ended, stderr: () => output.join('') };
}

async function finish(config: string, artifacts: string, beside = 1): Promise<void> {
  const { ended, stderr } = start(config, artifacts, beside);
  const code = await ended;
  if (code !== 0) throw new Error(`the run in ${artifacts} ended with ${code}:\n${stderr()}`);
}

/** Answers with whether the process still lived when it was killed. */
async function killOnce(
  config: string,
  artifacts: string,
  beside: number,
  moment: Moment,
  draw: number,
  wholeMs: number,
): Promise<boolean> {
  const { child, ended } = start(config, artifacts, beside);
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const began = performance.now();
  if (moment === 'any' || moment === 'asked') {
    await sleep(draw * wholeMs);
  } else {
    const nth = Math.floor(draw * 8);
    for (let seen = 0, last = ''; isAlive() && seen <= nth; await sleep(1)) {
      const sight = sightOf(moment, artifacts);
      if (sight !== undefined && sight !== last) seen = moment === 'tokenizing' ? nth + 1 : seen + 1;
      last = sight ?? last;
      if (performance.now() - began > 20 * wholeMs) throw new Error(`waited in vain for ${moment}`);
    }
    await sleep((draw * 1000) % 6);
  }
  const hit = isAlive() && child.kill(moment === 'asked' ? 'SIGTERM' : 'SIGKILL');
  await ended;
  return hit;
}

/** The name of something on the disk that shows what the process is at. */
function sightOf(moment: Moment, artifacts: string): string | undefined {
  const below = (folder: string): readonly string[] =>
    existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const cache = join(artifacts, 'cache');
  try {
    if (moment === 'checkpoint') return below(join(cache, 'partial')).find((name) => name.endsWith('.tmp'));
    if (moment === 'moving') return below(join(cache, 'tmp')).find((name) => name.includes('manifest.json'));
    return below(join(cache, 'tmp')).find((name) => name.includes('/'));
  } catch {
    return undefined;
  }
}

function hasCheckpoint(artifacts: string): boolean {
  const partial = join(artifacts, 'cache', 'partial');
  return existsSync(partial) && readdirSync(partial, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('state.json'));
}

export function digests(artifacts: string): Readonly<Record<string, string>> {
  const folder = join(artifacts, 'runs', 'small');
  return Object.fromEntries(RESULTS.map((name) => [name, createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')]));
}

/** Files under temporary names, and what an unfinished task would leave. */
export function leftovers(artifacts: string): readonly string[] {
  return readdirSync(artifacts, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.tmp') || /cache\/(tmp|broken|partial\/train)\/./.test(name),
  );
}
