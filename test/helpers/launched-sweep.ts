import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { bin, pipeline, root } from '../cli/bin.ts';

/** A sweep of two experiments with three folds each, small enough for a test; answers with the path of its file. */
export function smallSweep(folder: string): string {
  const base = join(folder, 'base.yaml');
  writeFileSync(
    base,
    `extends: ${root}/configs/quickstart.yaml
split: { folds: 3 }
model: { max_seq_length: 24 }
training: { epochs: 4 }
resources: { threads: 1, device: cpu, checkpoint_seconds: 0 }
baseline: false
`,
  );
  const file = join(folder, 'heads.yaml');
  writeFileSync(file, 'base: base.yaml\nmetric: oof/f1_macro\nparameters: { training.optimizer.lr: [0.0005, 0.002] }\nlaunch: { threads: 1 }\n');
  return file;
}

/** Runs the sweep in one process; answers with its results, which are those of every other way. */
export async function resultsOfOneProcess(sweep: string, artifacts: string): Promise<Readonly<Record<string, string>>> {
  const { code, stderr } = await pipeline(['sweep', sweep, '--artifacts', artifacts]);
  expect(code, stderr).toBe(0);
  const expected = results(artifacts);
  expect(Object.keys(expected).length).toBeGreaterThan(12);
  return expected;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly text: () => string;
}

/** Starts the command as a person would. */
export function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [bin, ...words], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (more: string) => (text += more));
  return { child, ended: new Promise((resolve) => child.on('close', resolve)), text: () => text };
}

/** What came of every run, byte for byte: by the path of each file. */
export function results(artifacts: string): Readonly<Record<string, string>> {
  const runs = join(artifacts, 'runs');
  const names = existsSync(runs) ? readdirSync(runs, { recursive: true, encoding: 'utf8' }) : [];
  return Object.fromEntries(
    names
      .filter((name) => /\.(safetensors|csv)$/.test(name))
      .sort()
      .map((name) => [name, createHash('sha256').update(readFileSync(join(runs, name))).digest('hex')]),
  );
}

/** Waits for something to be so; fails with what was printed where it does not come. */
export async function until(isSo: () => boolean, { child, text }: Started, seconds = 120): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !isSo(); await sleep(30))
    if (performance.now() > end || child.exitCode !== null) throw new Error(`waited in vain; printed so far: ${text()}`);
}

interface Operation {
  readonly type: string;
  readonly job?: string;
}

/** All operations of the queue that its log holds. */
export function operations(artifacts: string): readonly (Operation & { readonly by: string })[] {
  const folder = join(artifacts, 'queue');
  if (!existsSync(folder)) return [];
  const text = readdirSync(folder).filter((name) => name.startsWith('log-')).map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  return text.split('\n').slice(0, -1).flatMap((line) => {
    const { by, operations: all = [] } = JSON.parse(line) as { readonly by: string; readonly operations?: readonly Operation[] };
    return all.map((operation) => ({ ...operation, by }));
  });
}

/** Numbers of the processes whose workers joined the queue, in the order in which they did. */
export function workerPids(artifacts: string): readonly number[] {
  return operations(artifacts)
    .filter((operation) => operation.type === 'join' && (operation as { readonly role?: string }).role === 'worker')
    .map(({ by }) => Number(/^\d+/.exec(by)?.[0]));
}

/** Whether so many folds have been begun. */
export function haveBegun(artifacts: string, folds: number): boolean {
  return operations(artifacts).filter(({ type, job }) => type === 'take' && job?.startsWith('train/') === true).length >= folds;
}
