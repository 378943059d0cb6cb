import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { prepareRun } from '../../src/runner/prepare.ts';
import { worthwhileLanes } from '../../src/runner/jobs/parallelism.ts';
import { inParallel } from '../../src/runner/jobs/in-parallel.ts';
import { readJournal } from '../helpers/journal.ts';
import { bin } from '../cli/bin.ts';
import { childrenOf, survivors } from '../helpers/processes.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();
const table = join(folder, 'train.csv');

/** Three folds of 90 short steps on 96 messages: long enough to be met at work. */
const SMALL = [`data.train=${table}`, 'split.folds=3', 'training.epochs=30', 'training.batch_size=24', 'model.max_seq_length=16'];
const BESIDE = [...SMALL, 'resources.parallel_folds=2'];
const LONG = [...BESIDE, 'training.epochs=1000'];
const RESULTS = ['oof.csv', 'predictions.csv', 'submission.csv', ...[0, 1, 2].map((fold) => `models/fold-${fold}/model.safetensors`)];

beforeAll(async () => {
  const rows = readFileSync(join(root, 'configs/quickstart/train.csv'), 'utf8').split('\n').filter((row) => !row.includes('"'));
  writeFileSync(table, `${rows.slice(0, 97).join('\n')}\n`);
  await run('in turn', SMALL);
});

async function run(into: string, set: readonly string[], listen: (event: RunEvent) => void = () => {}, signal?: AbortSignal) {
  const events: RunEvent[] = [];
  const options = { artifacts: join(folder, into), device: 'auto' as const, ...(signal === undefined ? {} : { signal }) };
  await runExperiment(await smallQuickstart(...set), options, (event) => {
    events.push(event);
    listen(event);
  });
  return events;
}

/** Those files of a finished run that differ from the run that trained one fold after the other. */
function different(into: string): readonly string[] {
  const read = (where: string, name: string): Buffer => readFileSync(join(folder, where, 'runs/quickstart', name));
  return RESULTS.filter((name) => !read(into, name).equals(read('in turn', name)));
}

/** What must not be there after a run has come to rest, however it ended. */
function leftovers(into: string): readonly string[] {
  const below = (part: string): readonly string[] =>
    existsSync(join(folder, into, 'cache', part)) ? readdirSync(join(folder, into, 'cache', part)) : [];
  return [...below('tmp'), ...below('locks/train'), ...childrenOf(process.pid).map(String)];
}

/** The tasks whose steps have been heard of so far. */
function stepped(): { readonly tasks: ReadonlySet<string>; readonly listen: (event: RunEvent) => void } {
  const tasks = new Set<string>();
  return { tasks, listen: (event) => void (event.type === 'task-event' && event.event.type === 'step' && tasks.add(event.task)) };
}

async function checkpointOf(task: string, into: string, set: readonly string[]): Promise<string> {
  const { jobs, cache } = await prepareRun(await smallQuickstart(...set), { artifacts: join(folder, into), device: 'auto' });
  const { stage, key } = jobs.find(({ id }) => id === task)!;
  return cache.partial({ stage: stage.name, key });
}

describe.skipIf(because('folds side by side (they need Linux)', process.platform !== 'linux'))('folds side by side', () => {
  it('give the same bytes as one after the other with as many threads each', async () => {
    const events = await run('beside', BESIDE);
    expect(different('beside')).toEqual([]);
    expect(leftovers('beside')).toEqual([]);
    const trained = events.flatMap((event) =>
      ['task-started', 'task-finished'].includes(event.type) && 'stage' in event && event.stage === 'train' ? [event] : [],
    );
    expect(trained.slice(0, 2)).toMatchObject([0, 1].map((fold) => ({ type: 'task-started', fold, threads: 1, lanes: 2 })));
    for (const event of trained) if (event.type === 'task-finished') expect(event.usage?.cpuSeconds).toBeGreaterThan(0.01);
    expect(events.filter(({ type }) => type === 'task-finished')).toHaveLength(11);
  });

  it('share the threads equally, and each has one at least', async () => {
    const threadsOf = async (...set: readonly string[]): Promise<readonly unknown[]> => {
      const events = await run(`threads ${set.join(' ')}`, [...SMALL, 'training.epochs=1', ...set]);
      return events.flatMap((event) =>
        event.type === 'task-started' && ['train', 'predict'].includes(event.stage) ? [event.threads] : [],
      );
    };
    expect(await threadsOf('resources.threads=2', 'resources.parallel_folds=7')).toEqual([1, 1, 1, 2]);
    expect(await threadsOf('resources.threads=2', 'resources.parallel_folds=1', 'split.only=[0]')).toEqual([2, 2]);
    // Left to the machine, so small a model is trained on one thread each.
    expect(await threadsOf('resources.threads=2')).toEqual([1, 1, 1, 2]);
  });

  it('stop when one of them fails, which is what the run reports', async () => {
    const set = [...LONG, 'resources.checkpoint_seconds=0'];
    const obstacle = await checkpointOf('train[0]', 'failing', set);
    mkdirSync(join(obstacle, '..'), { recursive: true });
    symlinkSync('/proc/sys/kernel/random', obstacle); // A folder in which nobody can write.
    const started: string[] = [];
    const failing = run('failing', set, (event) => void (event.type === 'task-started' && started.push(event.task)));
    await expect(failing).rejects.toThrow(obstacle);
    expect(started).toEqual(['examples', 'tokenize', 'split', 'inspect', 'baseline', 'train[0]', 'train[1]']);
    rmSync(obstacle);
    expect(leftovers('failing')).toEqual([]);
  });

  it('are interrupted together, each with a checkpoint, and go on to the same bytes', async () => {
    const stop = new AbortController();
    const { tasks, listen } = stepped();
    const stopped = run('interrupted', BESIDE, (event) => {
      listen(event);
      if (tasks.size === 2) stop.abort();
    }, stop.signal);
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(leftovers('interrupted')).toEqual([]);
    for (const task of tasks) expect(readdirSync(await checkpointOf(task, 'interrupted', BESIDE)), task).toContain('state.json');
    const events = await run('interrupted', BESIDE);
    const notices = events.flatMap((event) =>
      event.type === 'task-event' && event.stage === 'train' && event.event.type === 'notice' ? [event.event.message] : [],
    );
    expect(notices).toEqual([expect.stringMatching(/^resuming at epoch/), expect.stringMatching(/^resuming at epoch/)]);
    expect(different('interrupted')).toEqual([]);
  });

  it('are named when the process of one is killed, and the next start goes on', async () => {
    const { tasks, listen } = stepped();
    let victim: number | undefined;
    const killed = run('killed', BESIDE, (event) => {
      listen(event);
      if (tasks.size < 2 || victim !== undefined) return;
      victim = childrenOf(process.pid).at(-1);
      process.kill(victim!, 'SIGKILL');
    });
    await expect(killed).rejects.toMatchObject({
      code: 'run',
      message: expect.stringMatching(/^the process of train\[[01]\] \(pid \d+\) was killed \(SIGKILL\)$/) as string,
    });
    await expect(killed).rejects.toThrow(`pid ${victim}`);
    expect(leftovers('killed')).toEqual([]);
    await run('killed', BESIDE);
    expect(different('killed')).toEqual([]);
  });
});

/** The command, in a process group of its own as a terminal would have it. */
function start(into: string): { readonly command: ChildProcess; readonly ended: Promise<number | null>; readonly output: () => string } {
  const set = [...LONG, 'split.folds=2', 'resources.threads=1'].flatMap((each) => ['--set', each]);
  const command = spawn(process.execPath, [bin, 'run', 'configs/quickstart.yaml', '--json', '--artifacts', join(folder, into), ...set], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  command.stdout!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { command, ended: new Promise((resolve) => command.on('close', resolve)), output: () => text };
}

/** Waits until both folds of the command train. */
async function atWork(into: string): Promise<void> {
  const journal = join(folder, into, 'runs/quickstart/journal.jsonl');
  for (let seen = 0; seen < 2; await new Promise((resolve) => setTimeout(resolve, 50))) {
    seen = existsSync(journal)
      ? new Set(readJournal(journal).flatMap((event) => (event.type === 'task-event' && event.event.type === 'step' ? [event.task] : [])))
          .size
      : 0;
  }
}

describe.skipIf(because('the command with folds side by side (they need Linux)', process.platform !== 'linux'))(
  'the command with folds side by side',
  () => {
    it('stops with 130 on a Ctrl-C that all its processes get, and prints one JSON document', async () => {
      const { command, ended, output } = start('ctrl-c');
      await atWork('ctrl-c');
      process.kill(-command.pid!, 'SIGINT');
      expect(await ended).toBe(130);
      expect(JSON.parse(output())).toMatchObject({ error: { code: 'interrupted' } });
      expect(readJournal(join(folder, 'ctrl-c/runs/quickstart/journal.jsonl')).at(-1)).toMatchObject({
        type: 'run-failed',
        interrupted: true,
      });
      const saved = readdirSync(join(folder, 'ctrl-c/cache/partial/train'), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('state.json'),
      );
      expect(saved).toHaveLength(2);
    });

    it('leaves no process behind when it is killed', async () => {
      const { command, ended } = start('orphans');
      await atWork('orphans');
      const children = childrenOf(command.pid!);
      expect(children).toHaveLength(2);
      process.kill(command.pid!, 'SIGKILL');
      await ended;
      expect(await survivors(children, 2000)).toEqual([]);
    });
  },
);

describe('lanes', () => {
  it('are as many as there are threads for a small step, as memory allows, and one for a large step', () => {
    const cost = (operations: number, bytes: number): Parameters<typeof worthwhileLanes>[0][number] => ({
      batch: { kind: 'typical', texts: 32, width: 32 },
      rowsAtATime: 32,
      gpu: null,
      memory: { parameters: bytes / 2, optimizerState: bytes / 4, gradients: 0, activations: 0, masks: 0, batch: 0, peak: bytes / 4 },
      work: { total: operations } as Parameters<typeof worthwhileLanes>[0][number]['work'],
      layers: [],
    });
    expect(worthwhileLanes([cost(1e9, 1e8)], 4, 16e9)).toBe(4);
    expect(worthwhileLanes([cost(65e9, 1e8)], 4, 16e9)).toBe(1);
    // Of 8 GB each process takes 2.2: the largest batch decides.
    expect(worthwhileLanes([cost(1e9, 1e8), cost(2e9, 1e9)], 4, 16e9)).toBe(3);
    expect(worthwhileLanes([cost(1e9, 1e9)], 4, 1e9)).toBe(1);
  });


  it('take items in order, each one after the other, and results keep the order', async () => {
    const log: string[] = [];
    const results = await inParallel([30, 10, 10, 1], 2, async (ms, lane) => {
      log.push(`${lane} begins ${ms}`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      return ms * 2;
    }, () => {});
    expect(results).toEqual([60, 20, 20, 2]);
    expect(log.slice(0, 3)).toEqual(['0 begins 30', '1 begins 10', '1 begins 10']);
  });
});
