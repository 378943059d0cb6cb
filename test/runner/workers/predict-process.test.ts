import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeTexts } from '../../../src/data/tokens/encode-texts.ts';
import { loadTokenizer, type TokenSet } from '../../../src/data/tokens/tokens.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { predictTexts } from '../../../src/runner/models/index.ts';
import { readRun } from '../../../src/runner/stored/index.ts';
import { predictionsInProcess } from '../../../src/runner/workers/predict-process.ts';
import { tokenizerFiles } from '../../../src/data/tokenizer/files.ts';
import { childrenOf, survivors } from '../../helpers/processes.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

describe('predictions in a process of their own', () => {
  const artifacts = temporaryFolder();
  const texts = ['flood warning for the valley', '', 'my new sunglasses'];
  const work = { device: 'cpu', threads: 1, batchSize: 64 } as const; // as configured
  let models: readonly string[];
  let tokens: TokenSet;

  /** Where the tokens travel. */
  const folders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('ortrain-predict-'));
  const before = folders();
  afterAll(() => expect(folders().filter((name) => !before.includes(name))).toEqual([]));

  beforeAll(async () => {
    const small = ['model.max_seq_length=8', 'data.test=null', 'data.sample_submission=null'];
    const { folder } = await runExperiment(await smallQuickstart(...small, 'name=two'), { artifacts, device: 'cpu' }, () => {});
    models = [0, 1].map((fold) => join(folder, 'models', `fold-${fold}`));
    tokens = await encodeTexts(await loadTokenizer(tokenizerFiles(models[0]!)), texts, 8, { threads: 1, onProgress: () => {} });
  });

  test('are those of this process, to the last digit, and so is their progress', async () => {
    const done: number[] = [];
    const predictions = await predictionsInProcess(
      { ...work, models, tokens },
      undefined,
      (event) => event.type === 'progress' && done.push(event.done),
    );
    expect(predictions).toEqual((await predictTexts(readRun(artifacts, 'two'), texts, { threads: 1 }, () => {})).predictions);
    expect(predictions.numbers).toHaveLength(3);
    expect(done).toEqual([0, 1]); // before each model's only batch
  });

  test('fail with the error of that process', async () => {
    const refused = predictionsInProcess({ ...work, models: [join(artifacts, 'nowhere')], tokens }, undefined, () => {});
    await expect(refused).rejects.toThrow(/nowhere/);
  });

  const isLacking = because('predictions in a process (they need Linux)', process.platform !== 'linux');
  test.skipIf(isLacking)('fail where the process is killed, and stop at once where somebody asks', async () => {
    const others = childrenOf(process.pid);
    const ours = (): readonly number[] => childrenOf(process.pid).filter((pid) => !others.includes(pid));
    const killed = predictionsInProcess({ ...work, models, tokens }, undefined, () =>
      ours().forEach((pid) => process.kill(pid, 'SIGKILL')),
    );
    await expect(killed).rejects.toMatchObject({ code: 'run', message: expect.stringContaining('was killed (SIGKILL)') as string });
    const stop = new AbortController();
    const stopped = predictionsInProcess({ ...work, models, tokens }, stop.signal, () => stop.abort());
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    await expect(predictionsInProcess({ ...work, models, tokens }, stop.signal, () => {})).rejects.toMatchObject({ code: 'interrupted' });
    expect(await survivors(ours(), 2000)).toEqual([]);
  });
});
