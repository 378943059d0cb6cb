import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { OrtrainError } from '../core/errors.ts';
import { statsOf } from '../core/inputs.ts';
import { readRun } from '../runner/stored/index.ts';
import { openModel, openServer, type Log, type Server, type ServerOptions } from '../serving/index.ts';
import type { CommandContext, CommandResult } from './command.ts';
import { flagOf } from './options.ts';
import { renderError } from './render/error.ts';
import type { Terminal } from './terminal.ts';

/** What the command line says of a server; what it leaves out is as `DEFAULTS` has it. */
export interface Asked {
  readonly host?: string;
  readonly port?: number;
  readonly threads?: number;
  readonly lanes?: number;
  readonly maxBatch?: number;
  readonly maxWait?: number;
  readonly maxQueue?: number;
  readonly maxTexts?: number;
  readonly maxLength?: number;
  readonly maxBody?: number;
  readonly timeout?: number;
  readonly logTexts: boolean;
}

/** Serves a run; the answer is there when the server has been stopped. */
export async function serveUntilStopped(name: string, asked: Asked, context: CommandContext): Promise<CommandResult> {
  const { terminal, artifacts, device } = context;
  const options = serverOptions(asked, process.env, logTo(terminal));
  const { lanes, threads } = speedOf(asked, device);
  // A misspelt run is not looked for on the hub.
  if (!name.includes('/') && statsOf(name) === undefined) readRun(artifacts, name);
  const onTrouble = (error: unknown): void => terminal.error(renderError(error, terminal.colors));
  const signal = context.takeInterrupts();
  const opening = { artifacts, device, lanes, threads, timeoutMs: options.timeoutMs, onTrouble, onNotice: terminal.log, signal };
  const open = () => openModel(name, opening);

  const server = await openServer(open, options);
  const { address, model } = server;
  if (options.token === null && !isLoopback(options.host))
    terminal.log(`everybody who reaches ${address} is answered: set ORTRAIN_TOKEN, or listen on 127.0.0.1 behind a proxy`);
  terminal.result(`${model.name} answers at ${address}; Ctrl-C stops it`);
  const onHangup = (): void => void reload(server, terminal);
  process.on('SIGHUP', onHangup);
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    terminal.log('answers what has come, then stops; Ctrl-C again stops it now');
  } finally {
    await server.close();
    process.off('SIGHUP', onHangup);
  }
  return { data: { address, model: { name: server.model.name, digest: server.model.digest } }, text: '' };
}

/**
 * Two lanes of half the cores each compute more than one of all: threads that share a batch wait for each other. More of them take more
 * memory, since each holds the models.
 */
function speedOf({ lanes, threads }: Asked, device: string): { readonly lanes: number; readonly threads: number } {
  throwIfZero({ ...(lanes === undefined ? {} : { lanes }), ...(threads === undefined ? {} : { threads }) });
  const cores = availableParallelism();
  const chosen = lanes ?? (device === 'cpu' || device === 'auto' ? Math.min(2, cores) : 1);
  return { lanes: chosen, threads: threads ?? Math.max(1, Math.floor(cores / chosen)) };
}

/** With what the command line leaves out. Throws a usage error for what makes no sense. */
export function serverOptions(asked: Asked, env: NodeJS.ProcessEnv, log: Log): ServerOptions {
  const { maxBatch, maxQueue, maxTexts, maxLength, maxBody, timeout } = { ...DEFAULTS, ...asked };
  throwIfZero({ maxBatch, maxQueue, maxTexts, maxLength, maxBody, timeout });
  if (maxQueue < maxTexts)
    throw new OrtrainError('usage', `--max-queue ${maxQueue} has no room for the ${maxTexts} texts that --max-texts allows a request`, {
      subject: '--max-queue',
      remedy: 'Raise --max-queue, or lower --max-texts.',
    });
  return {
    host: asked.host ?? '127.0.0.1',
    port: asked.port ?? 8080,
    maxBatchTokens: maxBatch,
    maxBatchTexts: MOST_BATCH_TEXTS,
    maxWaitMs: asked.maxWait ?? DEFAULTS.maxWait,
    maxQueuedTexts: maxQueue,
    maxTexts,
    maxCharacters: maxLength,
    maxBodyBytes: maxBody,
    timeoutMs: 1000 * timeout,
    token: tokenOf(env),
    logTexts: asked.logTexts,
    log,
  };
}

const DEFAULTS = {
  maxBatch: 1024, maxWait: 2, maxQueue: 4096, maxTexts: 1000, maxLength: 20_000, maxBody: 2 ** 20, timeout: 30,
} as const;

/** Empty texts cost nothing by their tokens. */
const MOST_BATCH_TEXTS = 256;

function throwIfZero(options: Readonly<Record<string, number>>): void {
  const zero = Object.keys(options).find((name) => options[name] === 0);
  if (zero === undefined) return;
  throw new OrtrainError('usage', `${flagOf(zero)} 0 would answer nobody`, { subject: flagOf(zero), remedy: 'It is at least 1.' });
}

/** An empty variable is a secret that did not arrive, and no wish to answer everybody. */
function tokenOf({ ORTRAIN_TOKEN: token }: NodeJS.ProcessEnv): string | null {
  if (token === undefined) return null;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new OrtrainError('usage', `ORTRAIN_TOKEN ${token === '' ? 'is empty' : 'has a character that no header can hold'}`, {
    subject: 'ORTRAIN_TOKEN',
    remedy: 'Set it to letters, digits and signs without spaces; or unset it, and everybody is answered.',
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function logTo(terminal: Terminal): Log {
  return terminal.quiet ? { level: 'warn', write: terminal.error } : { level: 'info', write: terminal.log };
}

async function reload(server: Server, terminal: Terminal): Promise<void> {
  const before = server.model;
  try {
    const { name, digest } = await server.reload();
    terminal.log(digest === before.digest ? `${name} was read again and is as before` : `${name} was read again and answers from now on`);
  } catch (error) {
    terminal.error(renderError(error, terminal.colors));
    terminal.log(`${before.name} goes on as it was before`);
  }
}
