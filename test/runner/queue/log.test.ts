import { appendFileSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/runner/queue/clock.ts';
import { openQueueFiles } from '../../../src/runner/queue/files.ts';
import { LOCK_LEASE_MS, openLog, type OperationLog } from '../../../src/runner/queue/log.ts';
import type { Operation } from '../../../src/runner/queue/operations.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { simulatedCluster } from '../../helpers/simulated-cluster.ts';

const folder = temporaryFolder();
const fresh = (): string => mkdtempSync(join(folder, 'queue-'));

const add = (...names: readonly string[]): Operation => ({
  type: 'add',
  jobs: names.map((name) => ({
    id: `train/${name}`, task: 'train[0]', run: name, experiment: 'x.yaml', folder: '/', needs: { device: 'cpu', threads: 1 }, after: [],
  })),
});
const names = ({ state }: OperationLog): readonly string[] => [...state.jobs.keys()].map((id) => id.slice('train/'.length));
const open = (path: string, me: string) => openLog(openQueueFiles(path), systemClock, me);

it('what clients write at the same time stands in one order, the same for all', async () => {
  const path = fresh();
  const clients = await Promise.all(['a', 'b', 'c', 'd'].map((me) => open(path, me)));
  await Promise.all(
    clients.map(async (log, i) => {
      for (let n = 0; n < 10; n += 1) await log.write(() => [add(`${i}-${n}`)]);
    }),
  );
  await Promise.all(clients.map((log) => log.write(() => [])));
  const [first] = clients.map(names);
  expect(first).toHaveLength(40);
  for (const log of clients) expect(names(log)).toEqual(first);
  expect(readdirSync(path)).toEqual(['log-1.jsonl']);
});

it('a line that was torn is written over, and one that is damaged is passed over', async () => {
  const path = fresh();
  const log = await open(path, 'a');
  await log.write(() => [add('one')]);
  appendFileSync(join(path, 'log-1.jsonl'), '{"by":"b","n":1,"operations":[{"type":"add","jo');
  const other = await open(path, 'c');
  expect(names(other)).toEqual(['one']);
  await other.write(() => [add('two')]);
  appendFileSync(join(path, 'log-1.jsonl'), '\0\0\0\0 garbage\n');
  await log.write(() => [add('three')]);
  await other.sync();
  expect(names(log)).toEqual(['one', 'two', 'three']);
  await other.write(() => []);
  expect(names(other)).toEqual(['one', 'two', 'three']);
});

it('a log that has grown goes on in another part, and the parts before it are removed', async () => {
  const path = fresh();
  const [log, idle] = [await open(path, 'a'), await open(path, 'b')];
  const many = Array.from({ length: 300 }, (_, n) => `${n}-${'x'.repeat(2000)}`);
  await log.write(() => [add(...many)]);
  await log.write(() => [{ type: 'withdraw', jobs: many.slice(10).map((name) => `train/${name}`) }]);
  await idle.sync();
  await idle.write(() => [add('last')]);
  await log.sync();
  expect(names(log)).toEqual([...many.slice(0, 10), 'last']);
  const parts = readdirSync(path).filter((name) => name.startsWith('log-'));
  expect(parts.length).toBeLessThan(3);
  expect(readFileSync(join(path, parts.at(-1) as string), 'utf8')).toMatch(/^\{"snapshot":/);
});

it('a log whose beginning is damaged is left for another one', async () => {
  const path = fresh();
  const log = await open(path, 'a');
  await log.write(() => [add('one')]);
  writeFileSync(join(path, 'log-1.jsonl'), 'nothing of ours\n');
  const other = await open(path, 'b');
  await other.write(() => [add('two')]);
  expect(names(other)).toEqual(['two']);
  await log.write(() => [add('three')]);
  expect(names(log)).toEqual(['two', 'three']);
});

it('a lock whose holder is gone is passed by, and what a holder writes that was only asleep is written again', async () => {
  const cluster = simulatedCluster(1);
  const machines = [cluster.open(), cluster.open(), cluster.open()] as const;
  const [dead, asleep, awake] = machines;
  let done = 0;
  const took: number[] = [];
  const run = async (): Promise<void> => {
    const logs = [];
    for (const [i, { files, clock }] of machines.entries()) logs.push(await openLog(files, clock, `client ${i}`.replace(' ', '-')));
    const [one, two, three] = logs as [OperationLog, OperationLog, OperationLog];
    void one.write(() => {
      dead.die();
      return [add('never')];
    });
    await awake.clock.sleep(50);
    let from = cluster.now();
    await three.write(() => [add('first')]);
    took.push(cluster.now() - from);
    const late = two.write(() => {
      if (cluster.now() < 2 * LOCK_LEASE_MS) asleep.suspend(3 * LOCK_LEASE_MS);
      return [add('late')];
    });
    await awake.clock.sleep(50);
    from = cluster.now();
    await three.write(() => [add('second')]);
    took.push(cluster.now() - from);
    expect(names(three)).toEqual(['first', 'second']);
    await late;
    await three.write(() => []);
    expect(names(two)).toEqual(['first', 'second', 'late']);
    expect(names(three)).toEqual(['first', 'second', 'late']);
    done = 1;
  };
  const outcome = run();
  await cluster.run(() => done === 1);
  await outcome;
  for (const milliseconds of took) {
    expect(milliseconds).toBeGreaterThan(LOCK_LEASE_MS);
    expect(milliseconds).toBeLessThan(1.1 * LOCK_LEASE_MS);
  }
});

it('nothing is left of a line that a full disk refused', async () => {
  const cluster = simulatedCluster(2);
  const [full, other] = [cluster.open(), cluster.open()];
  let done = false;
  const run = async (): Promise<void> => {
    const log = await openLog(full.files, full.clock, 'a');
    full.fill();
    await expect(log.write(() => [add('one')])).rejects.toMatchObject({ code: 'ENOSPC' });
    const second = await openLog(other.files, other.clock, 'b');
    await second.write(() => [add('two')]);
    expect(names(second)).toEqual(['two']);
    done = true;
  };
  const outcome = run();
  await cluster.run(() => done);
  await outcome;
});
