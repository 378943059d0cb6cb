import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A long-lived Python process that answers each JSON line with one of its own. */
export interface Python {
  readonly pid: number;
  readonly versions: { readonly python: string; readonly torch: string; readonly transformers: string };
  ask<Answer>(request: object): Promise<Answer>;
  close(): Promise<void>;
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

/** Starts bench/pytorch.py. */
export async function openPython(interpreter: string): Promise<Python> {
  const child = spawn(interpreter, [here('pytorch.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const answer = async <Answer>(): Promise<Answer> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('PyTorch’s process ended; its message is above');
    return JSON.parse(line.value) as Answer;
  };
  const versions = await answer<Python['versions']>();
  return {
    pid: child.pid ?? 0,
    versions,
    ask: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}

/** A process that answers each JSON line with one of its own, until it is closed. */
export interface Answers {
  ask<Answer>(request: object): Promise<Answer>;
  close(): void;
}

/** Starts a script of this folder. */
export function openAnswers(interpreter: string, script: string): Answers {
  const child = spawn(interpreter, [here(script)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<Answer>(request: object) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('Python’s process ended; its message is above');
      return JSON.parse(line.value) as Answer;
    },
    close: () => void child.stdin.end(),
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
