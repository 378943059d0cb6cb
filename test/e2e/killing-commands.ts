import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomState } from '../../src/core/random.ts';
import { bin, root } from '../cli/bin.ts';
import { freePort } from '../helpers/free-port.ts';
import { hasMlflow, readRuns, startMlflow } from '../helpers/mlflow-server.ts';
import { digests, leftovers, smallExperiment } from './killing.ts';

/** What may be killed besides a run that is alone, and what happens beside a run. */
export const SCENES = ['export', 'compare', 'sweep', 'sync', 'prune', 'delete', 'namespaces'] as const;

export type Scene = (typeof SCENES)[number];

export interface CommandTorture {
  /** How often each was played. */
  readonly played: Readonly<Partial<Record<Scene, number>>>;
  /** Scenes that this machine cannot play, and why. */
  readonly skipped: Readonly<Partial<Record<Scene, string>>>;
  /** What was wrong in the end. */
  readonly wrong: readonly string[];
}

interface Stage {
  readonly config: string;
  /** Holds a finished run, `small`, and another of fewer epochs, `other`. */
  readonly artifacts: string;
  /** Digests of the results of `small`. */
  readonly expected: Readonly<Record<string, string>>;
  readonly rng: RandomState;
  readonly wholeMs: number;
  /** A fresh path. */
  readonly fresh: (name: string) => string;
}

/** Plays every scene so many times; what is drawn follows from the seed, what a kill meets does not. */
export async function tortureCommands(
  folder: string,
  times: number,
  seed: number,
  report: (line: string) => void,
  scenes: readonly Scene[] = SCENES,
): Promise<CommandTorture> {
  const config = smallExperiment(folder);
  const artifacts = join(folder, 'finished');
  let number = 0;
  const began = performance.now();
  await finish(run(config, artifacts));
  const wholeMs = performance.now() - began;
  await finish(run(config, artifacts, ...OTHER));
  const stage: Stage = {
    config,
    artifacts,
    expected: digests(artifacts),
    rng: new RandomState(seed),
    wholeMs,
    fresh: (name) => join(folder, `${name}-${(number += 1)}`),
  };
  const [played, skipped, wrong]: [Partial<Record<Scene, number>>, Partial<Record<Scene, string>>, string[]] = [{}, {}, []];
  for (const scene of scenes) {
    for (let time = 0; time < times; time += 1) {
      const problems = await PLAYS[scene](stage);
      if (typeof problems === 'string') {
        skipped[scene] = problems;
        break;
      }
      played[scene] = (played[scene] ?? 0) + 1;
      wrong.push(...problems.map((problem) => `${scene}: ${problem}`));
      report(`${scene} ${time + 1} of ${times}, ${wrong.length} wrong`);
    }
  }
  return { played, skipped, wrong };
}

const OTHER = ['--name', 'other', '--set', 'training.epochs=2'];

/** Answers with what was wrong, or with why it cannot be played. */
const PLAYS: Readonly<Record<Scene, (stage: Stage) => Promise<readonly string[] | string>>> = {
  async export({ artifacts, rng, fresh }) {
    const [first, to] = [fresh('exported'), fresh('exported')];
    const command = (folder: string): readonly string[] => ['export', '--run', 'small', '--to', folder, '--artifacts', artifacts];
    const ms = await timed(() => finish(command(first)));
    await kill(start(command(to)), rng.uniform(0, ms));
    const isHalf = existsSync(to) && !isDeepEqual(contents(to), contents(first));
    if (!existsSync(to)) await finish(command(to));
    return [
      ...(isHalf ? [`${to} was left half done`] : []),
      ...(isDeepEqual(contents(to), contents(first)) ? [] : [`${to} differs from ${first}`]),
    ];
  },

  async compare({ artifacts, rng, fresh }) {
    const report = `${fresh('comparison')}.html`;
    const command = ['compare', 'small', 'other', '--report', report, '--artifacts', artifacts];
    const ms = await timed(() => finish(command));
    const whole = withoutTimes(report);
    await kill(start(command), rng.uniform(0, ms));
    return withoutTimes(report) === whole ? [] : [`${report} is not the old one, nor the new one`];
  },

  async sweep({ config, rng, fresh, wholeMs }) {
    const artifacts = fresh('sweep');
    const file = `${artifacts}.yaml`;
    writeFileSync(file, `base: ${config}\nparameters:\n  training.epochs: [3, 2]\n`);
    const command = ['sweep', file, '--artifacts', artifacts];
    for (let kills = rng.integer(1, 4); kills > 0; kills -= 1) await kill(start(command), rng.uniform(0, 2 * wholeMs));
    await finish(command);
    const runs = readdirSync(join(artifacts, 'runs')).filter((name) => existsSync(join(artifacts, 'runs', name, 'metrics.json')));
    return [
      ...(runs.length === 2 ? [] : [`${artifacts} has the runs ${runs.join(', ')}`]),
      ...leftovers(artifacts).map((name) => `${artifacts}: ${name} is left`),
    ];
  },

  async sync({ artifacts, rng, fresh }) {
    if (!hasMlflow) return 'tools/mlflow/install.sh has not installed a server';
    const server = await startMlflow(fresh('mlflow'), await freePort());
    try {
      const env = { MLFLOW_TRACKING_URI: server.uri };
      const command = ['sync', 'small', '--artifacts', artifacts];
      rmSync(join(artifacts, 'runs', 'small', 'mlflow'), { recursive: true, force: true });
      for (let kills = 0; kills < 3; kills += 1) await kill(start(command, env), rng.uniform(500, 4000));
      await finish(command, env);
      const names = (await readRuns(server.uri, 'small')).map(({ name, status }) => `${name} ${status}`).sort();
      return isDeepEqual(names, ['fold 0 · small FINISHED', 'fold 1 · small FINISHED', 'small FINISHED'])
        ? []
        : [`the server has ${names.join(', ')}`];
    } finally {
      await server.end('SIGTERM');
    }
  },

  async prune(stage) {
    return beside(stage, ['cache', 'prune', '--yes'], [0]);
  },

  /** Of runs that are at work none is deleted, and what they share with a deleted one stays. */
  async delete(stage) {
    const artifacts = stage.fresh('beside');
    await finish(run(stage.config, artifacts, ...OTHER));
    return beside(stage, ['delete', 'other', '--with-cache', '--yes'], [0, 2], artifacts);
  },

  async namespaces({ config, rng, fresh, wholeMs, expected }) {
    if (spawnSync('unshare', NAMESPACE.concat('true')).status !== 0) return 'process namespaces of one’s own need root and unshare(1)';
    const artifacts = fresh('namespaces');
    const inside = spawn('unshare', [...NAMESPACE, process.execPath, bin, ...run(config, artifacts)], { cwd: root, stdio: 'ignore' });
    const other = start(run(config, artifacts));
    const [code] = await Promise.all([ended(other), kill(inside, rng.uniform(0, wholeMs))]);
    // A process of another space is believed to be at work for half a minute after its last sign.
    return [...(code === 0 ? [] : [`${artifacts} ended with ${code}`]), ...differing(artifacts, expected)];
  },
};

const NAMESPACE = ['--pid', '--fork', '--mount-proc', '--kill-child'];

/** Gives a command again and again while a run is made. */
async function beside(
  { config, fresh, expected }: Stage,
  command: readonly string[],
  allowed: readonly number[],
  artifacts = fresh('beside'),
): Promise<readonly string[]> {
  const child = start(run(config, artifacts));
  const codes = new Set<number | null>();
  while (child.exitCode === null && child.signalCode === null) codes.add(await ended(start([...command, '--artifacts', artifacts])));
  const strange = [...codes].filter((code) => code === null || !allowed.includes(code));
  return [
    ...(child.exitCode === 0 ? [] : [`the run in ${artifacts} ended with ${child.exitCode}`]),
    ...(strange.length === 0 ? [] : [`${command.join(' ')} ended with ${strange.join()}`]),
    ...differing(artifacts, expected),
    ...leftovers(artifacts).map((name) => `${artifacts}: ${name} is left`),
  ];
}

function run(config: string, artifacts: string, ...more: readonly string[]): readonly string[] {
  return ['run', config, '--artifacts', artifacts, ...more];
}

function start(command: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [bin, ...command], { cwd: root, stdio: 'ignore', env: { ...process.env, ...env } });
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.on('close', resolve));
}

async function finish(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const code = await ended(start(command, env));
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
}

async function kill(child: ChildProcess, ms: number): Promise<void> {
  const end = ended(child);
  await Promise.race([end, sleep(ms)]);
  child.kill('SIGKILL');
  await end;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Path to SHA-256 of each file. */
function contents(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => [
        join(parentPath, name).slice(folder.length),
        createHash('sha256')
          .update(readFileSync(join(parentPath, name)))
          .digest('hex'),
      ])
      .sort(),
  );
}

function withoutTimes(page: string): string {
  return readFileSync(page, 'utf8').replace(/\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}/g, 'a time');
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function differing(artifacts: string, expected: Readonly<Record<string, string>>): readonly string[] {
  const found = digests(artifacts);
  return Object.keys(expected).filter((name) => found[name] !== expected[name]).map((name) => `${artifacts}: ${name} differs`);
}
