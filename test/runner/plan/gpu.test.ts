import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { planText } from '../../../src/cli/render/plan.ts';
import type { Experiment } from '../../../src/config/index.ts';
import { readData } from '../../../src/runner/check/data.ts';
import { assumeDevice } from '../../../src/runner/machine/devices.ts';
import { gpuMemory } from '../../../src/runner/machine/gpu-memory.ts';
import { explainExperiment, runExperiment } from '../../../src/runner/index.ts';
import { planExperiment, type ExperimentPlan } from '../../../src/runner/plan/index.ts';
import { gpuPlan, type GpuPlan } from '../../../src/runner/plan/gpu.ts';
import { gpuShortage } from '../../../src/runner/plan/shortage.ts';
import { workloadOf, type Workload } from '../../../src/runner/plan/workload.ts';
import { prepareRun } from '../../../src/runner/prepare.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');
/** So long that activations are more than parameters. */
const LONG = ['model.max_seq_length=64', 'training.padding=max', 'training.batch_size=64', 'training.eval_batch_size=8'];

afterEach(() => vi.unstubAllEnvs());

async function preparedFor(...set: readonly string[]): Promise<readonly [Workload, Experiment['training']]> {
  const prepared = await prepareRun(await smallQuickstart(...LONG, ...set), { artifacts, device: 'cuda', choose: assumeDevice });
  const workload = await workloadOf(prepared, await readData(prepared.experiment));
  return [workload!, prepared.experiment.training];
}

let [workload, training]: Partial<Awaited<ReturnType<typeof preparedFor>>> = [];
beforeAll(async () => {
  [workload, training] = await preparedFor();
});

async function gpuPlanOf(totalBytes: number | null, microBatch: number | null = null): Promise<GpuPlan> {
  const plan = await gpuPlan(
    workload!,
    { ...training!, micro_batch: microBatch },
    'cuda',
    totalBytes === null ? null : { totalBytes, freeBytes: totalBytes },
  );
  return plan!;
}

describe('the memory plan of a GPU', () => {
  let whole: GpuPlan;
  beforeAll(async () => {
    whole = await gpuPlanOf(null);
  });

  it('is that of training on the largest batch, and falls with training.micro_batch', async () => {
    expect(whole).toMatchObject({ device: 'cuda', most: 'training', rows: 64, width: 64, gpu: null, fits: null, remedy: null });
    const { state, begun, sums, values, runtime, total } = whole.memory;
    expect(begun).toBe(state);
    expect(sums).toBe(0);
    expect(state + begun + sums + values + runtime).toBeCloseTo(total, 0);
    const cut = await gpuPlanOf(null, 8);
    expect(cut).toMatchObject({ rows: 8, width: 64 });
    expect(cut.memory.values).toBeLessThan(0.3 * values);
    expect(cut.memory.sums).toBeCloseTo(state / 3, -3); // of Adam: parameters, m, v
  });

  it('finds the most rows at a time that fit, by the same estimate', async () => {
    for (const rows of [32, 4]) {
      const { memory } = await gpuPlanOf(null, rows);
      const plan = await gpuPlanOf(memory.total);
      expect(plan.fits).toBe(false);
      expect(plan.remedy).toEqual({ key: 'training.micro_batch', rows, bytes: memory.total });
    }
    expect(await gpuPlanOf(whole.memory.total)).toMatchObject({ fits: true, remedy: null });
    expect(await gpuPlanOf(1e6)).toMatchObject({ fits: false, remedy: null });
  });

  it('names eval_batch_size where what is not trained needs most', async () => {
    const [widely, untrained] = await preparedFor('training.eval_batch_size=512', 'training.optimizer={ name: sgd }');
    const planned = (gpu: Parameters<typeof gpuPlan>[3]): Promise<GpuPlan | null> =>
      gpuPlan(widely, { ...untrained, micro_batch: 1 }, 'cuda', gpu);
    const plan = await planned(null);
    expect(plan).toMatchObject({ most: 'evaluation' });
    expect(plan!.rows).toBeGreaterThan(64);
    const totalBytes = plan!.memory.total - 1;
    expect((await planned({ totalBytes, freeBytes: 0 }))?.remedy).toMatchObject({ key: 'training.eval_batch_size' });
  });

  it('is on WebGPU without the state that a run begins with, and explain tells the same of its largest batch', async () => {
    const explained = async (device: 'webgpu' | 'cuda', ...set: readonly string[]) =>
      (await explainExperiment(await smallQuickstart(...LONG, ...set), { artifacts, device })).steps.at(-1)!;
    expect((await explained('webgpu')).gpu?.begun).toBe(0);
    expect((await explained('cuda')).gpu).toEqual(whole.memory);
    const cut = await explained('cuda', 'training.micro_batch=8');
    expect(cut).toMatchObject({ rowsAtATime: 8, batch: { texts: 64 } });
    expect(cut.work).toEqual((await explained('cuda')).work);
  });
});

describe.skipIf(because('an nvidia-smi of our own (it is a shell script)', process.platform === 'win32'))('pipeline plan for a GPU', () => {
  /** A driver that tells of these GPUs, in mebibytes in all and free. */
  const driver = (...lines: readonly string[]): void => {
    const program = join(folder, 'nvidia-smi');
    writeFileSync(program, `#!/bin/sh\nprintf '${lines.map((line) => `${line}\\n`).join('')}'\n`);
    chmodSync(program, 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  };
  const gpuLine = (plan: ExperimentPlan): string =>
    planText(plan, picocolors.createColors(false))
      .split('\n')
      .find((line) => line.includes('of GPU memory')) ?? '';
  const planned = async (...set: readonly string[]): Promise<ExperimentPlan> =>
    planExperiment(await smallQuickstart(...LONG, ...set), { artifacts, device: 'cuda' });

  it('says what it needs where there is no GPU, and whether it fits where there is one', async () => {
    vi.stubEnv('PATH', folder);
    const unknown = await planned();
    expect(gpuLine(unknown)).toMatch(
      /^ {2}\d+ MB of GPU memory for training on 64 × 64 tokens at a time; the memory of this machine's GPU is unknown$/,
    );
    const need = unknown.estimate.gpu?.memory.total ?? NaN;
    driver(`${Math.floor(need / 2 ** 20) - 1}, 500`);
    expect(gpuLine(await planned())).toMatch(
      /: does not fit in \d+ MB, of which 524 MB are free now; training\.micro_batch: \d+ would fit \(\d+ MB\)$/,
    );
    driver('81559, 80000');
    expect(gpuLine(await planned())).toMatch(/: fits in 86 GB$/);
  });

  it('a run warns before it trains where it may not fit, once its tables are read', async () => {
    const prepared = await prepareRun(await smallQuickstart(...LONG), { artifacts, device: 'cuda', choose: assumeDevice });
    driver('60, 60');
    expect(await gpuShortage(prepared)).toBeUndefined(); // nothing is tokenized yet
    await runExperiment(await smallQuickstart(...LONG), { artifacts, device: 'cpu', until: 'split' }, () => {});
    const words =
      /^the run may not fit into the GPU's memory: training on 64 × 64 tokens at a time needs about \d+ MB, and the GPU has 63 MB\. /;
    expect(await gpuShortage(prepared)).toMatch(words);
    driver('60000, 60000');
    expect(await gpuShortage(prepared)).toBeUndefined();
    vi.stubEnv('PATH', folder);
    writeFileSync(join(folder, 'nvidia-smi'), '#!/bin/sh\nexit 1\n');
    expect(await gpuShortage(prepared)).toBeUndefined();
  });

  it('reads the GPU that is to be used, and nothing into what the driver does not know', async () => {
    driver('8192, 8000', '4096, 100');
    expect(await gpuMemory({})).toEqual({ totalBytes: 4096 * 2 ** 20, freeBytes: 100 * 2 ** 20 });
    expect(await gpuMemory({ CUDA_VISIBLE_DEVICES: '0,1' })).toEqual({ totalBytes: 8192 * 2 ** 20, freeBytes: 8000 * 2 ** 20 });
    driver('[N/A], [N/A]');
    expect(await gpuMemory({})).toBeNull();
  });
});
