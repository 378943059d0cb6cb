import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { runExperiment, type RunnerOptions } from '../../src/runner/index.ts';
import { predictTexts } from '../../src/runner/models/index.ts';
import { readRun } from '../../src/runner/stored/index.ts';
import { readJournal } from '../helpers/journal.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';
import { describeWebgpu } from '../helpers/webgpu.ts';

const artifacts = temporaryFolder();

/** One shape of batches, so that software has few kernels to compile. */
const small = [
  'split.only=[0]',
  'training.epochs=2',
  'training.batch_size=64',
  'training.schedule.name=constant',
  'training.padding=max',
  'model.max_seq_length=8',
  'data.test=null',
  'data.sample_submission=null',
];

async function run(name: string, options: Partial<RunnerOptions>, listen: (event: RunEvent) => void = () => {}) {
  return runExperiment(await smallQuickstart(...small, `name=${name}`), { artifacts, device: 'auto', ...options }, listen);
}

await describeWebgpu('a run on WebGPU', () => {
  test('that is stopped and goes on has the metrics of the CPU, and predicts as the CPU does', async () => {
    const cpu = await run('on-cpu', { device: 'cpu' });
    const stop = new AbortController();
    const stopped = run('on-webgpu', { device: 'webgpu', signal: stop.signal }, (event) => {
      if (event.type === 'task-event' && event.event.type === 'epoch') stop.abort();
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const webgpu = await run('on-webgpu', { device: 'webgpu' });

    const journal = readJournal(join(webgpu.folder, 'journal.jsonl'));
    const words = journal.flatMap((entry) =>
      entry.type === 'notice' ? [entry.message] : entry.type === 'task-event' && entry.event.type === 'notice' ? [entry.event.message] : [],
    );
    expect(words).toEqual([
      expect.stringMatching(/^computes on webgpu/),
      expect.stringMatching(/^computes on webgpu/),
      expect.stringMatching(/^resuming at epoch 2, after \d steps?$/),
    ]);
    expect(JSON.parse(readFileSync(join(webgpu.folder, 'environment.json'), 'utf8'))).toMatchObject({
      device: 'webgpu',
      deviceChoice: { asked: 'webgpu', passedOver: {} },
    });

    const [expected, found] = [cpu, webgpu].map(({ metrics }) => metrics?.folds[0]?.epochs ?? []);
    expect(found).toHaveLength(2);
    found?.forEach(({ metrics }, i) => {
      for (const [name, value] of Object.entries(metrics))
        expect(value, `${name} of epoch ${i + 1}`).toBeCloseTo(expected?.[i]?.metrics[name] ?? NaN, name.endsWith('/loss') ? 4 : 3);
    });

    // The GPU rounds in another way; the same to the bit would be the CPU.
    expect(found).not.toEqual(expected?.map((epoch, i) => ({ ...epoch, seconds: found?.[i]?.seconds })));

    const texts = Array.from({ length: 32 }, (_, i) => `${i} ${'flood water is over the bridge and my inbox '.repeat(1 + (i % 4))}`);
    const predicted = async (device: 'cpu' | 'webgpu') =>
      (await predictTexts(readRun(artifacts, 'on-webgpu'), texts, { device }, () => {})).predictions.numbers;
    const [there, here] = [await predicted('webgpu'), await predicted('cpu')];
    expect(there).not.toEqual(here);
    there.forEach((p, i) => expect(p).toBeCloseTo(here[i] ?? NaN, 4));
  }, 150_000);
});
