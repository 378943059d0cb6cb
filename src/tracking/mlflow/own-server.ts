import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, parse, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrtrainError } from '../../core/errors.ts';
import { findProgram } from '../../core/programs.ts';
import { OWN_KEY, type TrackingServer, type Variables } from './server.ts';

/** An MLflow server on this machine that ends with us. */
export interface OwnServer {
  readonly server: TrackingServer;
  /** Settles when its process ends, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** How MLflow is called on this machine, as the words before `server …`. */
export interface MlflowCommand {
  readonly words: readonly string[];
  /** Whether the first use fetches it. */
  readonly isFetched: boolean;
}

/**
 * An installed MLflow, else one that uv or pipx fetches and keeps; undefined where there is neither, or the signal has ended the search.
 */
export async function findMlflow(env: Variables, signal: AbortSignal): Promise<MlflowCommand | undefined> {
  for (const { words: [name = '', ...words], isFetched } of COMMANDS) {
    const program = findProgram(name, env);
    if (program !== undefined && !signal.aborted && (await answersItsVersion(program, env, signal)))
      return { words: [program, ...words], isFetched };
  }
  return undefined;
}

function answersItsVersion(program: string, env: Variables, signal: AbortSignal): Promise<boolean> {
  return new Promise((settle) => {
    spawn(program, ['--version'], {
      cwd: ELSEWHERE,
      env,
      stdio: 'ignore',
      signal: AbortSignal.any([signal, AbortSignal.timeout(VERSION_MS)]),
      killSignal: 'SIGKILL',
    })
      .on('error', () => settle(false))
      .on('close', (code) => settle(code === 0));
  });
}

/** Starts a server on a database and a folder of artifacts in `folder`, both made where they are missing, and waits until it answers. */
export async function startOwnServer(
  command: MlflowCommand,
  folder: string,
  options: { readonly env: Variables; readonly port?: number; readonly signal: AbortSignal },
): Promise<OwnServer> {
  mkdirSync(folder, { recursive: true });
  const root = resolve(folder);
  const port = await freePort(options.port);
  const [program = '', ...words] = command.words;
  const store = ['--backend-store-uri', `sqlite:///${join(root, 'mlflow.db')}`, '--artifacts-destination', join(root, 'artifacts')];
  const child = spawn(program, [...words, 'server', '--host', LOCAL, '--port', String(port), '--workers', '1', ...store], {
    cwd: ELSEWHERE,
    // Its job runner would start ten more processes, none of which is for us.
    env: { ...options.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', MLFLOW_DISABLE_TELEMETRY: 'true', PYTHONSAFEPATH: '1' },
    // A group of its own: its workers would outlive it, and Ctrl-C is ours to pass on.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = lastWords(child);
  const over = new AbortController();
  const ended = new Promise<void>((done) => child.on('error', () => done()).on('close', () => done())).then(() => over.abort());
  const uri = `http://${LOCAL}:${port}`;
  const own = { server: { uri, headers: {}, key: OWN_KEY }, ended, stop: () => stop(child, ended) };
  if (await answers(uri, command.isFetched ? FETCH_MS : START_MS, AbortSignal.any([options.signal, over.signal]))) return own;
  await own.stop();
  if (options.signal.aborted) throw new OrtrainError('interrupted', 'stopped before the server was there');
  throw new OrtrainError('environment', `the MLflow server did not start: ${said()}`, {
    subject: command.words.join(' '),
    remedy: `Try it by hand: ${command.words.join(' ')} server`,
  });
}

const LOCAL = '127.0.0.1';

/** Python takes modules from the folder that it works in, and ours may hold a stranger's. */
const ELSEWHERE = parse(process.execPath).root;

const COMMANDS: readonly MlflowCommand[] = [
  { words: ['mlflow'], isFetched: false },
  { words: ['uvx', 'mlflow'], isFetched: true },
  { words: ['pipx', 'run', 'mlflow'], isFetched: true },
];

const START_MS = 120_000;
const FETCH_MS = 600_000;
const VERSION_MS = 60_000;
const LOOK_EVERY_MS = 100;
const PATIENCE_MS = 15_000;

async function answers(uri: string, withinMs: number, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end && !signal.aborted; await sleep(LOOK_EVERY_MS)) {
    const response = await fetch(`${uri}/health`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
      redirect: 'manual',
    }).catch(() => undefined);
    await response?.body?.cancel().catch(() => {});
    if (response?.ok === true) return true;
  }
  return false;
}

/** The parent passes SIGTERM on; what does not listen is ended with its whole group. */
async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  child.kill('SIGTERM');
  await Promise.race([ended, sleep(PATIENCE_MS, undefined, { ref: false })]);
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of the group has ended.
  }
}

function lastWords(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2000);
  });
  return () => text.trim().split('\n').at(-1) ?? 'it said nothing';
}

/** A port that nobody listens at: whoever does would be taken for the server that is started. */
function freePort(port = 0): Promise<number> {
  return new Promise((settle, reject) => {
    const probe = createServer().on('error', (cause) => {
      reject(
        new OrtrainError('environment', `another program listens at port ${port}`, {
          subject: '--port',
          remedy: 'Give another number, or leave --port out.',
          cause,
        }),
      );
    });
    probe.listen(port, LOCAL, () => {
      const address = probe.address();
      probe.close(() => settle(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
