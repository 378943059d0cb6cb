import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bin, pipeline, root } from '../cli/bin.ts';
import { describeInBrowser, openBrowser } from '../helpers/chromium.ts';
import { freePort } from '../helpers/free-port.ts';
import { childrenOf, survivors } from '../helpers/processes.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { classify, type Said } from './classifier.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');
const messages = readFileSync(join(root, 'configs/quickstart/test.csv'), 'utf8').trim().split('\n').slice(1, 41);
/** The quickstart's texts stand behind their id, without quotes. */
const texts = messages.map((line) => line.slice(line.indexOf(',') + 1).replaceAll('"', ''));
const started: ChildProcess[] = [];

beforeAll(async () => {
  const set = ['split.folds=2', 'training.epochs=1', 'resources.threads=1', 'baseline=false'].flatMap((each) => ['--set', each]);
  const args = ['run', 'configs/quickstart.yaml', '--artifacts', artifacts, '--quiet', ...set];
  expect((await pipeline([...args, '--set', 'name=one'])).code).toBe(0);
  expect((await pipeline([...args, '--set', 'name=two', '--set', 'seed=7'])).code).toBe(0);
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

interface Started {
  readonly address: string;
  readonly child: ChildProcess;
  stderr(): string;
}

async function serve(name: string, ...more: readonly string[]): Promise<Started> {
  const port = await freePort();
  const child = spawn(process.execPath, [bin, 'serve', '--run', name, '--artifacts', artifacts, '--port', String(port), ...more], { cwd: root });
  started.push(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const address = `http://127.0.0.1:${port}`;
  expect(line).toContain(`${name} answers at ${address}`);
  return { address, child, stderr: () => stderr };
}

/** What predict says of the texts, with the digits that JSON has. */
async function predicted(name: string): Promise<readonly Said['predictions'][]> {
  const input = join(folder, 'texts.jsonl');
  writeFileSync(input, texts.map((text) => JSON.stringify({ text })).join('\n'));
  const { stdout } = await pipeline(['predict', '--run', name, '--artifacts', artifacts, '--input', input, '--json', '--device', 'cpu']);
  const { predictions } = JSON.parse(stdout) as { readonly predictions: readonly { readonly id: string }[] };
  return predictions.map(({ id: _, ...rest }) => rest) as unknown as readonly Said['predictions'][];
}

const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each: unknown) => (typeof each === 'number' ? Number(each.toFixed(5)) : each));

it('answers as predict does, before and after a reload, through a breakdown, and to the end', async () => {
  const expected = { one: await predicted('one'), two: await predicted('two') };
  expect(rounded(expected.one)).not.toEqual(rounded(expected.two));
  cpSync(join(artifacts, 'runs/one'), join(artifacts, 'runs/served'), { recursive: true });
  const { address, child, stderr } = await serve('served');
  const server = { address };
  const first = await classify(server, { texts });
  expect(rounded(first.body.predictions)).toEqual(rounded(expected.one));

  // Others ask all the while.
  const asked: ReturnType<typeof classify>[] = [];
  const over = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) {
      const request = classify(server, { texts: texts.slice(0, 5) });
      asked.push(request);
      await request;
    }
  });

  const pids = childrenOf(child.pid ?? 0);
  expect(pids).toHaveLength(2);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  // Killed at work, it is opened again; killed while it was idle, it is replaced at its next batch. The log names it in either case.
  await vi.waitFor(() => {
    const now = childrenOf(child.pid ?? 0);
    expect(now).toHaveLength(2);
    expect(now).not.toContain(pids[0]);
  }, 20_000);
  expect(stderr()).toContain(`(pid ${pids[0]}) was killed (SIGKILL)`);

  renameSync(join(artifacts, 'runs/served'), join(artifacts, 'runs/old'));
  cpSync(join(artifacts, 'runs/two'), join(artifacts, 'runs/served'), { recursive: true });
  child.kill('SIGHUP');
  await vi.waitFor(() => expect(stderr()).toContain('served was read again and answers from now on'), 30_000);
  const second = await classify(server, { texts });
  expect(rounded(second.body.predictions)).toEqual(rounded(expected.two));
  expect(second.body.model?.digest).not.toBe(first.body.model?.digest);
  await vi.waitFor(() => expect(childrenOf(child.pid ?? 0)).toHaveLength(2), 10_000); // those before have been closed

  rmSync(join(artifacts, 'runs/served'), { recursive: true });
  child.kill('SIGHUP');
  await vi.waitFor(() => expect(stderr()).toContain('served goes on as it was before'), 30_000);

  over.abort();
  await Promise.all(clients);
  const last = Array.from({ length: 20 }, (_, i) => classify(server, { text: texts[i] }));
  await last[0];
  const exit = once(child, 'exit');
  const alive = childrenOf(child.pid ?? 0);
  child.kill('SIGTERM');
  const heard = await Promise.all([...asked, ...last]);
  expect(heard.map(({ status }) => status)).toEqual(heard.map(() => 200));
  expect(await exit).toEqual([0, null]);
  expect(await survivors(alive, 5000)).toEqual([]);
}, 120_000);

it('refuses to start in words', async () => {
  const at = ['--artifacts', artifacts];
  const { address, child } = await serve('one', '--lanes', '1');
  const taken = await pipeline(['serve', '--run', 'one', ...at, '--port', new URL(address).port, '--lanes', '1']);
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('another program listens there')]);
  child.kill('SIGTERM');
  const misspelt = await pipeline(['serve', '--run', 'onne', ...at]);
  expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining('Did you mean one?')]);
  const empty = await pipeline(['serve', '--run', 'one', ...at], { env: { ORTRAIN_TOKEN: '' } });
  expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('ORTRAIN_TOKEN is empty')]);
  const small = await pipeline(['serve', '--run', 'one', ...at, '--max-queue', '10']);
  expect([small.code, small.stderr]).toEqual([2, expect.stringContaining('--max-queue 10 has no room')]);
  const zero = await pipeline(['serve', '--run', 'one', ...at, '--timeout', '0']);
  expect([zero.code, zero.stderr]).toEqual([2, expect.stringContaining('--timeout 0')]);
});

describeInBrowser('the page to try the model', (chromium) => {
  it('asks the server, with nothing from elsewhere and no complaint', async () => {
    const { address, child } = await serve('one', '--lanes', '1');
    const browser = await openBrowser(chromium);
    try {
      const { complaints, requests, result } = await browser.look<readonly string[]>(
        `${address}/`,
        { width: 800, scheme: 'light' },
        `(async () => {
          const until = async (isDone) => { while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20)); };
          await until(() => document.querySelector('#name').textContent === 'one');
          document.querySelector('#first').value = ${JSON.stringify(texts[0])};
          document.querySelector('#classify').click();
          await until(() => !document.querySelector('#answer').hidden);
          return [document.querySelector('#prediction').textContent, document.querySelector('#rows').innerText];
        })()`,
      );
      const { body } = await classify({ address }, { text: texts[0] });
      const [answer] = body.predictions ?? [];
      expect(result[0]).toBe(answer?.prediction);
      expect(result[1]).toContain(Math.max(...Object.values(answer?.probabilities ?? {})).toFixed(4));
      expect(complaints).toEqual([]);
      expect(requests.filter((request) => !request.startsWith(address) && !request.startsWith('data:'))).toEqual([]);
    } finally {
      await browser.close();
      child.kill('SIGTERM');
      await sleep(0);
    }
  });
});
