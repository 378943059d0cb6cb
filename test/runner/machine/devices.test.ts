import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.ts';
import { runExperiment, type RunnerOptions } from '../../../src/runner/index.ts';
import { predictTexts } from '../../../src/runner/models/index.ts';
import { readRun } from '../../../src/runner/stored/index.ts';
import { choiceInWords, chooseDevice, isSoftware, tried } from '../../../src/runner/machine/devices.ts';
import type { PredictOptions } from '../../../src/runner/models/predict.ts';
import { readJournal } from '../../helpers/journal.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

const artifacts = temporaryFolder();
const small = ['split.only=[0]', 'model.max_seq_length=8', 'data.test=null', 'data.sample_submission=null'];

async function run(name: string, options: Partial<RunnerOptions>, ...set: readonly string[]) {
  const events: RunEvent[] = [];
  const result = await runExperiment(
    await smallQuickstart(...small, `name=${name}`, ...set),
    { artifacts, device: 'auto', ...options },
    (event) => events.push(event),
  );
  const environment = JSON.parse(readFileSync(join(result.folder, 'environment.json'), 'utf8')) as Record<string, unknown>;
  return { result, events, environment };
}

describe('auto', () => {
  test('takes the best that works, and has a reason against every better one', async () => {
    const { device, asked, passedOver } = await chooseDevice('auto');
    expect(asked).toBe('auto');
    expect(Object.keys(passedOver)).toEqual(['cuda', 'webgpu', 'cpu'].slice(0, ['cuda', 'webgpu', 'cpu'].indexOf(device)));
    expect((await tried('cuda')).works).toBe(device === 'cuda');
  });

  test('says which and why in the journal and in environment.json', async () => {
    const { result, environment } = await run('said', {});
    const choice = await chooseDevice('auto');
    expect(environment).toMatchObject({ device: choice.device, deviceChoice: { asked: 'auto', passedOver: choice.passedOver } });
    const notices = readJournal(join(result.folder, 'journal.jsonl')).flatMap((entry) => (entry.type === 'notice' ? [entry] : []));
    expect(notices).toMatchObject([{ run: 'said', level: 'info', message: choiceInWords(choice) }]);
  });

  test('passes software over that plays a GPU', () => {
    expect(isSoftware({ adapter: 'llvmpipe (LLVM 15.0.6, 256 bits)' })).toBe(true);
    expect(isSoftware({ adapter: 'SwiftShader Device (LLVM 10.0.0)' })).toBe(true);
    expect(isSoftware({ adapter: 'NVIDIA GeForce RTX 3060' })).toBe(false);
    expect(isSoftware({ adapter: null })).toBe(false);
  });
});

const isLacking = because('a device that fails with the model itself (it needs Linux)', process.platform !== 'linux');
describe.skipIf(isLacking)('a device that fails with the model itself', () => {
  /** As `auto` on a machine with a GPU. */
  const webgpuFirst: typeof chooseDevice = async (asked, failed = {}) =>
    'webgpu' in failed
      ? { device: 'cpu', asked, adapter: null, passedOver: failed }
      : { device: 'webgpu', asked, adapter: 'some GPU', passedOver: {} };

  const REASON = 'WebGPU finds no GPU on this machine';

  // Vulkan finds no driver, as where one has gone after it was tried.
  beforeEach(() => void (process.env['VK_DRIVER_FILES'] = '/nowhere.json'));
  afterEach(() => void delete process.env['VK_DRIVER_FILES']);

  test('is left for the next where auto chose it, with a warning in the journal and the reason in environment.json', async () => {
    const { result, events, environment } = await run('fallen-back', { choose: webgpuFirst }, 'seed=9');
    expect(result.metrics?.folds.length).toBe(1);
    expect(environment).toMatchObject({ device: 'cpu', deviceChoice: { asked: 'auto', passedOver: { webgpu: REASON } } });
    expect(events.flatMap((event) => (event.type === 'notice' ? [`${event.level}: ${event.message}`] : []))).toEqual([
      'info: computes on webgpu (some GPU)',
      `warning: ${REASON}; the run continues without webgpu`,
      `info: computes on the cpu; not on webgpu: ${REASON}`,
    ]);
    expect(
      readJournal(join(result.folder, 'journal.jsonl'))
        .filter(({ type }) => ['run-started', 'run-failed', 'run-finished'].includes(type))
        .map(({ type }) => type),
    ).toEqual(['run-started', 'run-started', 'run-finished']);
    expect(events.flatMap((event) => (event.type === 'task-started' ? [event.task] : []))).toEqual([
      'split',
      'inspect',
      'baseline',
      'train[0]',
      'train[0]',
      'evaluate',
    ]);
  });

  test('is left by predictions too', async () => {
    const notices: string[] = [];
    const predicted = (options: PredictOptions) =>
      predictTexts(
        readRun(artifacts, 'said'),
        ['a flood'],
        options,
        (event) => event.type === 'notice' && notices.push(`${event.level}: ${event.message}`),
      );
    expect((await predicted({ device: 'auto', choose: webgpuFirst })).predictions).toEqual(
      (await predicted({ device: 'cpu' })).predictions,
    );
    expect(notices).toEqual(['info: computes on webgpu (some GPU)', `warning: ${REASON}; continues without webgpu`]);
  });

  test('ends the run where it was asked for by name', async () => {
    const choose: typeof chooseDevice = async (asked) => ({ device: 'webgpu', asked, adapter: null, passedOver: {} });
    await expect(run('named', { device: 'webgpu', choose })).rejects.toMatchObject({
      code: 'environment',
      subject: 'webgpu',
      message: REASON,
    });
    const ends = readJournal(join(artifacts, 'runs', 'named', 'journal.jsonl')).filter(({ type }) => type === 'run-failed');
    expect(ends).toMatchObject([{ interrupted: false, error: REASON }]);
  });
});
