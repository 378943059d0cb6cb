import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { bin } from '../cli/bin.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

/* A run with a frozen layer that is interrupted, killed or split over processes leaves the bytes of one that is not. */

const artifacts = temporaryFolder();
/** Small batches, so that both stages are met at work; last4 keeps what it reads of the frozen layer beside the states. */
const SET = [
  'model.freeze.layers=1',
  'model.pooling=last4',
  'training.epochs=2',
  'training.optimizer.lr=0.01',
  'training.batch_size=8',
  'training.eval_batch_size=4',
  'resources.checkpoint_seconds=0',
];
const FOLDS = ['models/fold-0', 'models/fold-1'].flatMap((fold) => [1, 2].map((file) => `${fold}/model-0000${file}-of-00002.safetensors`));
const RESULTS = ['oof.csv', 'predictions.csv', 'submission.csv', ...FOLDS];

async function run(into: string, lanes: number, listen: (event: RunEvent) => void = () => {}, signal?: AbortSignal): Promise<void> {
  const options = { artifacts: join(artifacts, into), device: 'cpu' as const, ...(signal === undefined ? {} : { signal }) };
  await runExperiment(await smallQuickstart(...SET, `resources.parallel_folds=${lanes}`), options, listen);
}

/** Those files of a finished run that differ from the run that nobody stopped and that trained one fold after the other. */
function different(into: string): readonly string[] {
  const read = (where: string, name: string): Buffer => readFileSync(join(artifacts, where, 'runs/quickstart', name));
  const states = (where: string): readonly Buffer[] => {
    const folder = join(artifacts, where, 'cache/encode');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /states/.test(name)).sort();
    expect(files).toHaveLength(2); // of the training table and of the texts to predict
    return files.map((name) => readFileSync(join(folder, name)));
  };
  const expected = states('whole');
  const other = states(into).flatMap((bytes, i) => (bytes.equals(expected[i]!) ? [] : [`states ${i}`]));
  return [...RESULTS.filter((name) => !read(into, name).equals(read('whole', name))), ...other];
}

const isEncoding = (event: RunEvent): boolean => event.type === 'task-event' && event.task === 'encode' && event.event.type === 'progress';
const isTraining = (event: RunEvent): boolean => event.type === 'task-event' && event.task === 'train[1]' && event.event.type === 'step';

beforeAll(() => run('whole', 1));

describe.skipIf(because('frozen layers with folds in parallel (they need Linux)', process.platform !== 'linux'))('folds in parallel', () => {
  it('leave the bytes of folds one after the other', async () => {
    await run('parallel', 2);
    expect(different('parallel')).toEqual([]);
  });
});

describe('a run with a frozen layer', () => {
  it('leaves the same bytes when it is interrupted while it encodes and while it trains', async () => {
    for (const isAtWork of [isEncoding, isTraining]) {
      const stop = new AbortController();
      const stopped = run('interrupted', 1, (event) => void (isAtWork(event) && stop.abort()), stop.signal);
      await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
      expect(existsSync(join(artifacts, 'interrupted/cache/encode'))).toBe(isAtWork === isTraining);
    }
    const notices: string[] = [];
    await run('interrupted', 1, (event) => {
      if (event.type === 'task-event' && event.event.type === 'notice') notices.push(event.event.message);
    });
    expect(notices).toContainEqual(expect.stringMatching(/^resuming at epoch/));
    expect(different('interrupted')).toEqual([]);
  });

  it('leaves the same bytes when its process is killed while it encodes and while it trains', async () => {
    const journal = join(artifacts, 'killed/runs/quickstart/journal.jsonl');
    const sets = ['split.folds=2', 'resources.threads=1', 'model.max_seq_length=32', 'resources.parallel_folds=1', ...SET];
    const written = (): string => (existsSync(journal) ? readFileSync(journal, 'utf8') : '');
    for (const reached of [/"type":"task-started".*"task":"encode"/, /"task":"train\[1\]".*"type":"step"/]) {
      const from = written().length;
      const command = spawn(
        process.execPath,
        [bin, 'run', 'configs/quickstart.yaml', '--device', 'cpu', '--artifacts', join(artifacts, 'killed'), ...sets.flatMap((set) => ['--set', set])],
        { cwd: root, stdio: 'ignore' },
      );
      const ended = new Promise((resolve) => command.on('close', (_, signal) => resolve(signal)));
      while (command.exitCode === null && !reached.test(written().slice(from))) await sleep(10);
      command.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
    }
    await run('killed', 1);
    expect(different('killed')).toEqual([]);
  });
});
