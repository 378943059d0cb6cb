import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { cacheContents, removeUnused, unused } from '../../src/runner/cache/index.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { planExperiment } from '../../src/runner/plan/index.ts';
import { readJournal } from '../helpers/journal.ts';
import { bin } from '../cli/bin.ts';
import { flipBit } from '../helpers/damage.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();

async function run(until: string, set: readonly string[] = [], listen: (event: RunEvent) => void = () => {}, into = artifacts) {
  const events: RunEvent[] = [];
  const result = await runExperiment(await smallQuickstart(...set), { artifacts: into, device: 'auto', until }, (event) => {
    events.push(event);
    listen(event);
  });
  const notices = events.flatMap((event) => (event.type === 'task-event' && event.event.type === 'notice' ? [event.event.message] : []));
  return { result, events, notices, executed: events.flatMap((event) => (event.type === 'task-started' ? [event.task] : [])) };
}

async function whyOf(set: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>> {
  const { tasks } = await planExperiment(await smallQuickstart(...set), { artifacts, device: 'auto' });
  return Object.fromEntries(tasks.map(({ id, why }) => [id, why]));
}

/** The tokens' entry, which every test here has made first. */
function tokens(): string {
  const folder = join(artifacts, 'cache', 'tokenize');
  return join(folder, readdirSync(folder)[0] ?? '');
}

describe('a cache entry', () => {
  it.each([
    ['cut short', 'train.tokens has 100 bytes, and had', () => truncateSync(join(tokens(), 'train.tokens'), 100)],
    ['edited', 'test.tokens was changed after it was made', () => flipBit(join(tokens(), 'test.tokens'))],
    [
      'changed in one bit, at the same size and time',
      'train.tokens was changed after it was made',
      () => flipBit(join(tokens(), 'train.tokens')),
    ],
    ['given a folder for a file', 'train.tokens is a directory', () => replace(join(tokens(), 'train.tokens'), (path) => mkdirSync(path))],
    [
      'given a pipe for a file',
      'train.tokens is a named pipe',
      () => replace(join(tokens(), 'train.tokens'), (path) => execFileSync('mkfifo', [path])),
    ],
    [
      'given a link for a file',
      'train.tokens is a link',
      () => replace(join(tokens(), 'train.tokens'), (path) => symlinkSync('/etc/passwd', path)),
    ],
    [
      'given a link for its manifest',
      'manifest.json is missing or cannot be read',
      () => replace(join(tokens(), 'manifest.json'), (path) => symlinkSync('/etc/passwd', path)),
    ],
    [
      'given the manifest of another',
      'manifest.json is that of another entry',
      () => edit(join(tokens(), 'manifest.json'), '"stage": "tokenize"', '"stage": "tokenise"'),
    ],
    [
      'given a manifest without its main file',
      'manifest.json does not know train.tokens',
      () => edit(join(tokens(), 'manifest.json'), '"train.tokens"', '"tests.tokens"'),
    ],
    ['robbed of a file', 'test.tokens is missing', () => rmSync(join(tokens(), 'test.tokens'))],
    ['robbed of its manifest', 'manifest.json is missing or cannot be read', () => rmSync(join(tokens(), 'manifest.json'))],
  ])('that was %s is named, kept aside and made again', async (_, problem, damage) => {
    await run('split');
    const whole = readFileSync(join(tokens(), 'train.tokens'));
    damage();
    expect((await whyOf([]))['tokenize']).toEqual([expect.stringContaining(problem)]);
    const { executed, notices } = await run('split');
    expect(executed).toEqual(['tokenize']);
    expect(notices).toEqual([expect.stringContaining(problem)]);
    expect(notices[0]).toContain(tokens());
    expect(existsSync(/it is kept in (.*) and made again/.exec(notices[0] ?? '')?.[1] ?? '')).toBe(true);
    expect(readFileSync(join(tokens(), 'train.tokens'))).toEqual(whole);
    expect((await run('split')).executed).toEqual([]);
  });

  it('is used on where only the time of a file changed', async () => {
    await run('split');
    utimesSync(join(tokens(), 'train.tokens'), 1, 1);
    expect((await run('split')).executed).toEqual([]);
  });
});

describe('the entry of a trained fold', () => {
  it.each(['history.json', 'validation.json', 'model/model.safetensors'])(
    'whose %s has one bit changed, is trained again to the same bytes',
    async (name) => {
      const into = join(artifacts, 'flipped');
      await run('train', ['split.only=[0]'], () => {}, into);
      const path = join(into, 'cache', 'train', readdirSync(join(into, 'cache', 'train'))[0] ?? '', name);
      const whole = readFileSync(path);
      flipBit(path);
      const { executed, notices } = await run('train', ['split.only=[0]'], () => {}, into);
      expect(executed).toEqual(['train[0]']);
      expect(notices.some((notice) => notice.includes(`${name} was changed after it was made`))).toBe(true);
      if (name !== 'history.json') expect(readFileSync(path)).toEqual(whole);
      expect((await run('train', ['split.only=[0]'], () => {}, into)).executed).toEqual([]);
    },
  );
});

describe('what stands where the cache needs a folder or a file', () => {
  it('is cleared away', async () => {
    const into = join(artifacts, 'obstacles');
    await run('split', [], () => {}, into);
    const cache = join(into, 'cache');
    for (const name of ['locks', 'tmp', 'split']) {
      rmSync(join(cache, name), { recursive: true });
      writeFileSync(join(cache, name), 'in the way');
    }
    rmSync(join(cache, 'file-hashes.json'), { force: true });
    mkdirSync(join(cache, 'file-hashes.json', 'deep'), { recursive: true });
    const key = readdirSync(join(cache, 'tokenize'))[0] ?? '';
    rmSync(join(cache, 'tokenize', key), { recursive: true });
    execFileSync('mkfifo', [join(cache, 'tokenize', key)]);
    expect(cacheContents(into).filter(({ stage }) => stage === 'tokenize')).toMatchObject([{ kind: 'broken', key }]);
    expect((await run('split', [], () => {}, into)).executed).toEqual(['tokenize', 'split']);
    expect((await run('split', [], () => {}, into)).executed).toEqual([]);
  });
});

describe('checkpoints of an entry that is complete', () => {
  it('are removed, as their process may have died before it could', async () => {
    await run('split');
    const partial = tokens().replace(join('cache', 'tokenize'), join('cache', 'partial', 'tokenize'));
    mkdirSync(partial, { recursive: true });
    await run('split');
    expect(existsSync(partial)).toBe(false);
  });
});

/** Puts something else where a file is. */
function replace(path: string, put: (path: string) => void): void {
  rmSync(path);
  put(path);
}

/** Changes one place, and not the size. */
function edit(path: string, from = '0', to = '1'): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(from, to));
  expect(statSync(path).size).toBe(Buffer.byteLength(text));
}

describe('a file that the run reads', () => {
  it('may not change meanwhile, or the entry would lie about what it was made from', async () => {
    const [into, train] = [join(artifacts, 'changing'), join(artifacts, 'train.csv')];
    copyFileSync(join(root, 'configs/quickstart/train.csv'), train);
    const touched = run(
      'split',
      [`data.train=${train}`],
      (event) => void (event.type === 'task-started' && appendFileSync(train, '99999,,one more,0\n')),
      into,
    );
    await expect(touched).rejects.toMatchObject({
      code: 'data',
      subject: train,
      message: expect.stringContaining('changed while it was in use') as string,
    });
    expect(cacheContents(into)).toEqual([]);
    expect((await run('split', [`data.train=${train}`], () => {}, into)).executed).toEqual(['examples', 'tokenize', 'split']);
  });

  it('and is gone is named', async () => {
    const [into, train] = [join(artifacts, 'gone'), join(artifacts, 'gone.csv')];
    copyFileSync(join(root, 'configs/quickstart/train.csv'), train);
    const robbed = run('split', [`data.train=${train}`], (event) => void (event.type === 'task-started' && rmSync(train)), into);
    await expect(robbed).rejects.toMatchObject({ code: 'data', message: expect.stringContaining(train) as string });
  });
});

describe('a plan', () => {
  it('says which key sets a task apart from the nearest one before', async () => {
    await run('split', ['model.max_seq_length=20']);
    const why = await whyOf(['model.max_seq_length=21', 'split.seed=3']);
    expect(why).toMatchObject({
      tokenize: ['model.max_seq_length changed 20 → 21'],
      split: ['split.seed changed 42 → 3'],
      'train[0]': ['never made before'],
    });
    expect((await whyOf([]))['tokenize']).toEqual([]);
  });
});

describe('settings that no output depends on', () => {
  it('decide how many steps are reported, how an evaluation is cut into batches, and when there is a checkpoint', async () => {
    const into = join(artifacts, 'settings');
    const seen = async (...set: readonly string[]) => {
      let [steps, checkpoints, validated] = [0, 0, 0];
      const partial = join(into, 'cache', 'partial', 'train');
      await run(
        'train',
        ['split.only=[0]', ...set],
        (event) => {
          if (event.type === 'task-event' && event.event.type === 'epoch') validated = event.event.work?.validation.positions ?? NaN;
          if (event.type !== 'task-event' || event.event.type !== 'step') return;
          steps += 1;
          if (
            existsSync(partial) &&
            readdirSync(partial, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('state.json'))
          )
            checkpoints += 1;
        },
        into,
      );
      return { steps, checkpoints, validated };
    };
    const often = await seen(
      'tracking.log_every=1',
      'resources.checkpoint_seconds=0',
      'training.eval_batch_size=1',
      'split.seed=1',
      'seed=5',
    );
    const seldom = await seen(
      'tracking.log_every=1000',
      'resources.checkpoint_seconds=100',
      'training.eval_batch_size=500',
      'split.seed=1',
      'seed=6',
    );
    expect(often.steps).toBe(15);
    expect(often.checkpoints).toBeGreaterThan(5);
    expect(seldom.steps).toBeLessThan(15);
    expect(seldom.checkpoints).toBe(0);
    // One text a batch needs no padding.
    expect(often.validated).toBeLessThan(seldom.validated);
  });
});

describe('pruning', () => {
  it('removes what no run refers to, and nothing else', async () => {
    const into = join(artifacts, 'pruned');
    await run('split', ['name=kept'], () => {}, into);
    await run('split', ['name=gone', 'model.max_seq_length=20'], () => {}, into);
    expect(unused(cacheContents(into))).toEqual([]);
    expect(cacheContents(into).find(({ stage }) => stage === 'split')?.runs).toEqual(['gone', 'kept']);
    rmSync(join(into, 'runs', 'gone'), { recursive: true });
    const items = unused(cacheContents(into));
    expect(items).toMatchObject([{ kind: 'entry', stage: 'tokenize', runs: [], busy: false }]);
    expect(await removeUnused(into, items)).toEqual(items);
    expect((await run('split', ['name=kept'], () => {}, into)).executed).toEqual([]);
    expect((await run('split', ['name=gone', 'model.max_seq_length=20'], () => {}, into)).executed).toEqual(['tokenize']);
  });
});

describe('two processes at the same time', () => {
  it('make each entry once', async () => {
    const into = join(artifacts, 'shared');
    const args = ['run', 'configs/quickstart.yaml', '--until', 'train', '--artifacts', into];
    const set = ['split.folds=2', 'training.epochs=1', 'resources.threads=1', 'model.max_seq_length=16'].flatMap((value) => [
      '--set',
      value,
    ]);
    const start = async (): Promise<{ code: number | null; stderr: string }> => {
      const child = spawn(process.execPath, [bin, ...args, ...set], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
      const stderr: string[] = [];
      child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
      return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr: stderr.join('') })));
    };
    const ends = await Promise.all([start(), start()]);
    expect(ends.map(({ code }) => code), ends.map(({ stderr }) => stderr).join('\n')).toEqual([0, 0]);
    const entries = readJournal(join(into, 'runs', 'quickstart', 'journal.jsonl'));
    const tasks = (type: string): readonly string[] =>
      entries.flatMap((entry) => ('task' in entry && entry.type === type ? [entry.task] : [])).sort();
    expect(tasks('task-started')).toEqual(['baseline', 'examples', 'inspect', 'split', 'tokenize', 'train[0]', 'train[1]']);
    expect(tasks('task-cached')).toEqual(['baseline', 'examples', 'inspect', 'split', 'tokenize', 'train[0]', 'train[1]']);
    expect(ends.some(({ stderr }) => stderr.includes('waiting for process'))).toBe(true);
  });
});
