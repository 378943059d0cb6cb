import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const bin = fileURLToPath(new URL('../../bin/pipeline.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

interface Surroundings {
  readonly cwd?: string;
  readonly input?: string;
  /** Added to our own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the real command, as a person would without a terminal. */
export function pipeline(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  return node([bin, ...args], surroundings);
}

/** Runs node with these arguments, to its end. */
export function node(args: readonly string[], { cwd = root, input = '', env = {} }: Surroundings = {}): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: 'pipe', env: { ...process.env, ...env } });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: stdout.join(''), stderr: stderr.join(''), seconds: (performance.now() - started) / 1000 }),
    );
  });
}
