import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StageEvent } from '../../../src/core/events.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { prepareRun } from '../../../src/runner/prepare.ts';
import { startStageProcess, startStageThread, type StageWorker } from '../../../src/runner/workers/worker.ts';
import type { JobOrder } from '../../../src/runner/workers/protocol.ts';
import { childrenOf, survivors } from '../../helpers/processes.ts';
import { root, smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

const artifacts = temporaryFolder();
const started: StageWorker[] = [];

beforeAll(async () => {
  await runExperiment(await smallQuickstart(), { artifacts, device: 'auto', until: 'split' }, () => {});
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.close()));
});

/** The order to train fold 0, into folders of its own. */
async function trainOrder(name: string, ...set: readonly string[]): Promise<JobOrder> {
  const { jobs } = await prepareRun(await smallQuickstart(...set), { artifacts, device: 'auto' });
  const { id, stage, params, files, inputs } = jobs.find((task) => task.id === 'train[0]')!;
  const output = join(artifacts, name);
  mkdirSync(output);
  return {
    job: id,
    stage: stage.name,
    params,
    files,
    inputs,
    output,
    partial: { folder: join(artifacts, `${name}-partial`), everySeconds: 120 },
    fold: 0,
    device: 'cpu',
    threads: 1,
    logEvery: 1,
    evalBatchSize: 64,
  };
}

function startProcess(env: Readonly<Record<string, string>> = {}): { readonly worker: StageWorker; readonly pid: number } {
  const before = childrenOf(process.pid);
  const worker = startStageProcess({ env });
  started.push(worker);
  return { worker, pid: childrenOf(process.pid).find((pid) => !before.includes(pid))! };
}

/** Starts a task; `stepped` at its first step, `ended` with what it ended with. */
function untilFirstStep(worker: StageWorker, order: JobOrder): { readonly stepped: Promise<unknown>; readonly ended: Promise<unknown> } {
  let onStep = (): void => {};
  const stepped = new Promise<void>((resolve) => (onStep = resolve));
  const ended = worker.perform(order, (event) => event.type === 'step' && onStep()).then(() => 'done', (error: unknown) => error);
  return { stepped: Promise.race([stepped, ended]), ended };
}

describe('a worker that is a thread', () => {
  it('is ended in the middle of a stage that asks nobody, and takes no task after that', async () => {
    const { jobs } = await prepareRun(await smallQuickstart(), { artifacts, device: 'auto' });
    const { id, stage, params, files, inputs } = jobs.find((task) => task.stage.name === 'split')!;
    const output = join(artifacts, 'ended');
    mkdirSync(output);
    const partial = { folder: join(artifacts, 'ended-partial'), everySeconds: 120 };
    const order: JobOrder = {
      job: id,
      stage: stage.name,
      params,
      files,
      inputs,
      output,
      partial,
      fold: 0,
      device: 'cpu',
      threads: 1,
      logEvery: 1,
      evalBatchSize: 64,
    };
    const worker = startStageThread();
    started.push(worker);
    const ended = worker.perform(order, () => {}).then(() => 'done', (error: unknown) => error);
    worker.stop();
    expect(await ended).toMatchObject({ code: 'interrupted' });
    expect(readdirSync(output)).toEqual([]);
    await expect(worker.perform(order, () => {})).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe.skipIf(because('workers that are processes (they need Linux)', process.platform !== 'linux'))('a worker that is a process', () => {
  it('makes the same bytes as one that is a thread, and tells the same of it', async () => {
    const seen: Record<string, readonly StageEvent[]> = {};
    for (const [name, worker] of [['thread', startStageThread()], ['process', startProcess().worker]] as const) {
      started.push(worker);
      const events: StageEvent[] = [];
      const { cpuSeconds, peakBytes } = await worker.perform(await trainOrder(name), (event) => events.push(event));
      expect(cpuSeconds).toBeGreaterThan(0.05);
      expect(peakBytes).toBeGreaterThan(50e6);
      seen[name] = JSON.parse(
        JSON.stringify(events, (key, value: unknown) => (key === 'seconds' || key === 'stepsPerSecond' ? 0 : value)),
      ) as readonly StageEvent[];
    }
    expect(seen['process']).toEqual(seen['thread']);
    for (const file of ['model/model.safetensors', 'validation.json']) {
      expect(readFileSync(join(artifacts, 'process', file)).equals(readFileSync(join(artifacts, 'thread', file))), file).toBe(true);
    }
  });

  it('has the variables that it is given besides ours', async () => {
    const { worker, pid } = startProcess({ LD_LIBRARY_PATH: '/some/where' });
    await worker.perform(await trainOrder('environment'), () => {});
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(variables).toContain('LD_LIBRARY_PATH=/some/where');
    expect(variables).toContain(`PATH=${process.env['PATH']}`);
  });

  it('passes on what a stage throws, with all that it tells', async () => {
    const { worker } = startProcess();
    const order = await trainOrder('diverges', 'training.optimizer.lr=1e20', 'training.schedule={name: constant}');
    await expect(worker.perform(order, () => {})).rejects.toMatchObject({
      code: 'run',
      message: expect.stringContaining('not finite at step') as string,
      remedy: expect.stringContaining('lr') as string,
    });
    await expect(worker.perform({ ...order, stage: 'nothing' }, () => {})).rejects.toThrow('no stage nothing');
  });

  it('leaves Ctrl-C to its parent, and stops at the next step when that says so', async () => {
    const { worker, pid } = startProcess();
    const order = await trainOrder('stopped', 'training.epochs=100');
    const { stepped, ended } = untilFirstStep(worker, order);
    await stepped;
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    expect(await Promise.race([ended, sleep(300, 'works on')])).toBe('works on');
    worker.stop();
    expect(await ended).toMatchObject({ code: 'interrupted' });
    expect(readdirSync(order.partial.folder)).toContain('state.json');
  });

  it('is named when it is killed, and takes no more orders', async () => {
    const { worker, pid } = startProcess();
    const order = await trainOrder('killed', 'training.epochs=100');
    const { stepped, ended } = untilFirstStep(worker, order);
    await stepped;
    process.kill(pid, 'SIGKILL');
    const killed = { code: 'run', subject: 'train[0]', message: `the process of train[0] (pid ${pid}) was killed (SIGKILL)` };
    expect(await ended).toMatchObject(killed);
    await expect(worker.perform(order, () => {})).rejects.toMatchObject(killed);
  });

  it('is named when it breaks down, with the last that it printed', async () => {
    const { worker, pid } = startProcess({ NODE_DEBUG: 'worker' });
    const { stepped, ended } = untilFirstStep(worker, await trainOrder('broken', 'training.epochs=100'));
    await stepped;
    process.kill(pid, 'SIGSEGV');
    expect(await ended).toMatchObject({
      code: 'run',
      message: `the process of train[0] (pid ${pid}) broke down (SIGSEGV)`,
      cause: { message: expect.stringMatching(/^WORKER \d+: /m) },
    });
  });

  it('is told as full memory where a driver said so before it ended the process', async () => {
    const driver = join(temporaryFolder(), 'driver.cjs');
    writeFileSync(driver, "process.stderr.write('WebGPU device error(3): vkCreateBuffer failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\\n');");
    const { worker, pid } = startProcess({ NODE_OPTIONS: `--require=${driver}` });
    const { stepped, ended } = untilFirstStep(worker, await trainOrder('full', 'training.epochs=100'));
    await stepped;
    process.kill(pid, 'SIGABRT');
    expect(await ended).toMatchObject({
      code: 'run',
      message: "this machine's memory is full",
      problems: [{ field: 'training.micro_batch' }],
      cause: { message: expect.stringContaining('broke down (SIGABRT)') },
    });
  });

  it('dies with its parent, and writes nothing more', async () => {
    const order = await trainOrder('orphaned', 'training.epochs=1000');
    const program = `
      import { startStageProcess } from ${JSON.stringify(join(root, 'src/runner/workers/worker.ts'))};
      startStageProcess().perform(${JSON.stringify(order)}, (event) => event.type === 'step' && process.stdout.write('step'));
    `;
    const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => parent.stdout.once('data', resolve));
    const [child] = childrenOf(parent.pid!);
    expect(child).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    expect(await survivors([child!], 2000)).toEqual([]);
    expect(existsSync(order.partial.folder)).toBe(false);
  });
});
