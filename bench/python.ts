import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A long-lived Python process that answers each JSON line with one of its own. */
export interface Answers {
  readonly pid: number;
  ask<Answer>(request: object): Promise<Answer>;
  close(): Promise<void>;
}

/** bench/pytorch.py, with what it runs with. */
export interface Python extends Answers {
  readonly versions: { readonly python: string; readonly torch: string; readonly transformers: string };
}

/** The interpreter of the environment with PyTorch, which is made on first use; or undefined, after a line on stderr that says why. */
export function findPython(): string | undefined {
  const { status, stdout } = spawnSync('bash', [here('../tools/python/install.sh')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status === 0) return stdout.trim();
  console.error('So there is no PyTorch to compare with, and ortrain is measured alone.');
  return undefined;
}

/** Starts bench/pytorch.py, whose first line has the versions. */
export async function openPython(interpreter: string): Promise<Python> {
  const { next, ...answers } = openLines(interpreter, 'pytorch.py');
  return { ...answers, versions: await next<Python['versions']>() };
}

/** Starts a script of this folder. */
export function openAnswers(interpreter: string, script: string): Answers {
  return openLines(interpreter, script);
}

function openLines(interpreter: string, script: string): Answers & { next<Answer>(): Promise<Answer> } {
  const child = spawn(interpreter, [here(script)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const next = async <Answer>(): Promise<Answer> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('Python’s process ended; its message is above');
    return JSON.parse(line.value) as Answer;
  };
  return {
    pid: child.pid ?? 0,
    next,
    ask: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}

/** What an interpreter runs with. */
export async function versionsOf(interpreter: string): Promise<Python['versions']> {
  const python = await openPython(interpreter);
  await python.close();
  return python.versions;
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
