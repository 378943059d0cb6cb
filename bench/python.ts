import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A long-lived Python process that answers each JSON line with one of its own. */
export interface Python {
  readonly pid: number;
  readonly versions: { readonly python: string; readonly torch: string; readonly transformers: string };
  ask<Answer>(request: object): Promise<Answer>;
  close(): Promise<void>;
}

const oldestPython = [3, 10] as const;

/** Starts bench/pytorch.py in its environment, which is made on first use; or says in a sentence why that cannot be. */
export async function openPython(): Promise<Python | string> {
  const interpreter = environment();
  if (!interpreter.found) return interpreter.reason;
  const child = spawn(interpreter.path, [here('pytorch.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
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

type Interpreter = { readonly found: true; readonly path: string } | { readonly found: false; readonly reason: string };

/**
 * The interpreter of a virtual environment in the user's cache folder. Its name is a hash of the requirement lines and of
 * Python's version; a marker, written last, tells a complete one.
 */
function environment(): Interpreter {
  const version = spawnSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = version.status === 0 ? version.stdout.trim().split(' ').map(Number) : [];
  if (major !== oldestPython[0] || minor < oldestPython[1]) {
    return { found: false, reason: `There is no python3 of version ${oldestPython.join('.')} or later, so PyTorch cannot run beside ortrain.` };
  }
  const requirements = readFileSync(here('requirements.txt'), 'utf8');
  const key = createHash('sha256').update(`${major}.${minor}\n${requirements}`).digest('hex').slice(0, 12);
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ortrain', `bench-${key}`);
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return { found: true, path: python };

  console.error(`Installing ${requirements.trim().split('\n').join(' and ')} into ${folder} (once; on Linux about 4 GB with the GPU libraries that torch brings) …`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  for (const [command, args] of [
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', here('requirements.txt')]],
  ] as const) {
    const done = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (done.status !== 0) return { found: false, reason: `\`${command} ${args.join(' ')}\` failed, so PyTorch cannot run beside ortrain.` };
  }
  writeFileSync(complete, requirements);
  return { found: true, path: python };
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
