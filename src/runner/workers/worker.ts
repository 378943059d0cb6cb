import { spawn, type ChildProcess } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { interrupted, OrtrainError } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import type { Usage } from '../../core/measures.ts';
import { unpackError } from '../../core/packed-errors.ts';
import { isBuilt, moduleBeside, openThread, throughTsx } from '../../core/threads.ts';
import { outOfMemory } from '../../engine/runtime/index.ts';
import { stages } from '../../stages/index.ts';
import { inRows } from '../../training/index.ts';
import { watchUsage } from './usage.ts';
import type { ProcessMessage, JobOrder, WorkerMessage } from './protocol.ts';

/** Where stages work, so that the terminal and Ctrl-C stay alive while onnxruntime blocks. */
export interface StageWorker {
  /** Runs one job at a time, and answers with what it took; rejects with the stage's own error. */
  perform(order: JobOrder, emit: Listener<StageEvent>): Promise<Usage>;
  /** Asks the job at work to stop at its next step. */
  stop(): void;
  /** Ends the worker, which must be idle: a thread that is terminated while onnxruntime runs would abort the process. */
  close(): Promise<void>;
}

/**
 * A worker that is a thread of this process. Asked to stop, it breaks off at its next step where onnxruntime may be at work,
 * and is ended on the spot elsewhere: a loop over a million rows need not ask.
 */
export function startStageThread(): StageWorker {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const thread = openThread(moduleBeside(import.meta.url, 'worker-main'), { stop: flag.buffer });
  let canBeEnded = false;
  return {
    async perform(order, emit) {
      if (Atomics.load(flag, 0) !== 0) throw interrupted();
      canBeEnded = stages[order.stage]?.usesDevice === false;
      const usage = watchUsage();
      try {
        const ended = (code: number | null): Error =>
          Atomics.load(flag, 0) === 0 ? new Error(`the worker thread ended with code ${code}`) : interrupted();
        const answer = answerOf(thread, emit, ended);
        thread.postMessage(order);
        await answer;
        return usage.soFar();
      } finally {
        canBeEnded = false;
        usage.stop();
      }
    },
    stop() {
      Atomics.store(flag, 0, 1);
      if (canBeEnded) void thread.terminate();
    },
    async close() {
      await thread.terminate();
    },
  };
}

/**
 * A worker that is a process of its own, with `env` besides the variables of this one. It dies with this process, whatever
 * that dies of, and leaves Ctrl-C to it. What libraries in it print, drivers of GPUs above all, is told only where it breaks down:
 * it would tear the display.
 */
export function startStageProcess({ env = {} }: { readonly env?: Readonly<Record<string, string>> } = {}): StageWorker {
  const child = openProcess(moduleBeside(import.meta.url, 'worker-process'), { ...process.env, ...env });
  const post = (message: ProcessMessage): void => void (child.connected && child.send(message, () => {}));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const lastWords = lastWordsOf(child);
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  return {
    async perform(order, emit) {
      if (failure !== undefined) throw failure;
      const ended = (code: number | null, signal: NodeJS.Signals | null): Error => endOf(order, child.pid, code, signal, lastWords());
      if (hasEnded()) throw ended(child.exitCode, child.signalCode);
      const answer = answerOf(child, emit, ended);
      post({ type: 'perform', order });
      const { usage } = await answer;
      if (usage === undefined) throw new Error(`the process of ${order.job} did not report its usage`);
      return usage;
    },
    stop: () => post({ type: 'stop' }),
    async close() {
      if (child.pid === undefined || hasEnded()) return;
      const end = once(child, 'exit');
      child.kill('SIGKILL');
      await end;
    },
  };
}

/** Passes events on until the job is done, has failed, or its worker has ended. */
export function answerOf<Done extends { readonly type: 'done' } = Extract<WorkerMessage, { type: 'done' }>>(
  worker: Worker | ChildProcess,
  emit: Listener<StageEvent>,
  ended: (code: number | null, signal: NodeJS.Signals | null) => Error,
): Promise<Done> {
  const source: EventEmitter = worker;
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      source.off('message', onMessage).off('error', onError).off('exit', onExit);
      end();
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => settle(() => reject(ended(code, signal)));
    const onMessage = (message: Exclude<WorkerMessage, { type: 'done' }> | Done): void => {
      if (message.type === 'event') emit(message.event);
      else settle(() => (message.type === 'failed' ? reject(unpackError(message.error)) : resolve(message)));
    };
    source.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

/** A driver whose memory is full may end the process; what it printed then says so. */
function endOf(
  { job, stage, device }: JobOrder,
  pid: number | undefined,
  code: number | null,
  signal: NodeJS.Signals | null,
  lastWords: string,
): Error {
  const end = processEnd(job, pid, code, signal, lastWords);
  const memory = end instanceof OrtrainError && end.code === 'run' ? outOfMemory(lastWords, device, end) : undefined;
  return memory === undefined ? end : inRows(memory, stage === 'train' ? 'training.micro_batch' : 'training.eval_batch_size');
}

/** Why a process ended in the middle of a job. Ctrl-C may reach it before it has learned to leave that to its parent. */
export function processEnd(
  job: string,
  pid: number | undefined,
  code: number | null,
  signal: NodeJS.Signals | null,
  lastWords: string,
  remedy = 'The same command resumes from the last checkpoint.',
): Error {
  if (signal === 'SIGINT' || signal === 'SIGTERM') return interrupted();
  const how = signal === null ? `ended with exit code ${code}` : signal === 'SIGKILL' ? 'was killed (SIGKILL)' : `broke down (${signal})`;
  const memory =
    signal === 'SIGKILL'
      ? ' If it was the system that killed it, memory ran out: set training.micro_batch to fewer rows, or train fewer folds at a ' +
        'time (resources.parallel_folds).'
      : '';
  return new OrtrainError('run', `the process of ${job} (pid ${pid ?? 'unknown'}) ${how}`, {
    subject: job,
    remedy: `${remedy}${memory}`,
    ...(lastWords === '' ? {} : { cause: new Error(lastWords) }),
  });
}

/** The end of what a process has printed. */
export function lastWordsOf({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => (text = `${text}${more}`.slice(-LAST_CHARACTERS)));
  return () => text.trim();
}

/** A stack trace of a driver. */
const LAST_CHARACTERS = 2000;

/** Structured clones, unlike JSON, keep numbers that are not finite. */
export function openProcess(entry: URL, env: NodeJS.ProcessEnv): ChildProcess {
  const program = isBuilt(entry) ? [fileURLToPath(entry)] : ['--eval', throughTsx(entry)];
  return spawn(process.execPath, program, { env, serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}
