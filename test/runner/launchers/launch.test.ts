import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadSweep } from '../../../src/config/index.ts';
import { launch } from '../../../src/runner/launchers/index.ts';
import { missingWorkers } from '../../../src/runner/launchers/supervise.ts';
import type { Operation } from '../../../src/runner/queue/operations.ts';
import { replayFrom } from '../../../src/runner/queue/state.ts';
import { workspace } from '../../config/workspace.ts';

const job = (id: string, after: readonly string[] = []) => ({
  id, task: id, run: 'heads', experiment: 'x.yaml', folder: '/', needs: { device: 'cpu', threads: 1 }, after,
});

it('starts no worker in the place of an idle one that has ended while others still have their jobs', () => {
  const queue = replayFrom();
  const apply = (by: string, ...operations: readonly Operation[]): void => queue.apply({ by, n: 1, operations });
  const join = { type: 'join', role: 'worker', title: '', devices: ['cpu'], threads: 1 } as const;
  apply('command', { type: 'add', jobs: [job('a'), job('b'), job('c'), job('d', ['a'])] });
  expect(missingWorkers(8, 0, queue.state)).toBe(3);
  expect(missingWorkers(2, 0, queue.state)).toBe(2);
  expect(missingWorkers(8, 2, queue.state)).toBe(1);
  for (const [worker, id] of [['x', 'a'], ['y', 'b'], ['z', 'c']] as const) apply(worker, join, { type: 'take', job: id });
  expect(missingWorkers(8, 3, queue.state)).toBe(0);
  apply('command', { type: 'lost', client: 'z' });
  expect(missingWorkers(8, 2, queue.state)).toBe(1);
});

it('refuses experiments that ask for more threads than a worker would have, before anything is started', async () => {
  const file = 'base: ../bert-1dense.yaml\nparameters: { training.optimizer.lr: [0.001] }\nlaunch: { engine: local, threads: 2 }\n';
  const folder = workspace({ 'sweeps/s.yaml': file });
  const loaded = loadSweep(join(folder, 'sweeps/s.yaml'), ['resources.threads=3']);
  const experiments = loaded.members.map((member) => member.loaded.experiment);
  const artifacts = join(folder, 'artifacts');
  const { signal } = new AbortController();
  const options = { name: 's', experiments, artifacts, device: 'cpu', signal, onEvent: () => {} } as const;
  await expect(launch(loaded.launch, options)).rejects.toMatchObject({ code: 'config', message: expect.stringMatching(/3 threads.* have 2$/) });
  expect(existsSync(artifacts)).toBe(false);
});
