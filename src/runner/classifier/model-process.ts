import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { interrupted, type OrtrainError } from '../../core/errors.ts';
import { unpackError } from '../../core/packed-errors.ts';
import { moduleBeside } from '../../core/threads.ts';
import type { Text } from '../../data/texts/index.ts';
import type { Predictions } from '../../tasks/index.ts';
import { deviceVariables } from '../machine/devices.ts';
import { lastWordsOf, openProcess, processEnd } from '../workers/worker.ts';
import type { ClassifierAnswer, ClassifierOrder, ClassifierRequest } from './protocol.ts';

/**
 * A process that holds models, so that computing neither keeps this one busy nor ends it where a driver breaks down. While it is idle it
 * does not keep this process alive.
 */
export interface ModelProcess {
  readonly pid: number | undefined;
  /** Resolves when it has the models; rejects with what stands against that. */
  readonly ready: Promise<void>;
  /** Classifies texts after those that were given to it before. Rejects with `interrupted` as soon as `signal` is aborted. */
  classify(texts: readonly Text[], signal?: AbortSignal): Promise<Predictions>;
  /** Why it has ended; undefined while it lives. */
  readonly endedBy: () => Error | undefined;
  /** Ends it; whoever still waits gets `error`. */
  end(error: OrtrainError): Promise<void>;
}

interface Waiting {
  resolve(predictions: Predictions): void;
  reject(error: Error): void;
}

export function startModelProcess(order: ClassifierOrder): ModelProcess {
  const child = openProcess(moduleBeside(import.meta.url, 'classifier-worker'), { ...process.env, ...deviceVariables(order.device) });
  const lastWords = lastWordsOf(child);
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let ending: Error | undefined;
  let endedBy: Error | undefined;
  const opening = waitingFor();
  const alive = keepAlive(child);

  const fail = (error: Error): void => {
    endedBy ??= error;
    opening.reject(error);
    for (const each of waiting.values()) each.reject(error);
    waiting.clear();
    alive(false);
  };
  child.on('error', fail);
  child.on('exit', (code, signal) =>
    fail(ending ?? processEnd('classifying', child.pid, code, signal, lastWords(), 'Classify again, or use the device cpu.')),
  );
  child.on('message', (answer: ClassifierAnswer) => {
    if (answer.type === 'opened') opening.resolve();
    else if (answer.type === 'not-opened') opening.reject(unpackError(answer.error));
    else {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.type === 'classified') asked?.resolve(answer.predictions);
      else asked?.reject(unpackError(answer.error));
    }
    if (waiting.size === 0) alive(false);
  });
  const post = (request: ClassifierRequest): void => void (child.connected && child.send(request, () => {}));
  post({ type: 'open', ...order });

  return {
    pid: child.pid,
    ready: opening.promise,
    classify(texts, signal) {
      const end = ending ?? endedBy;
      if (end !== undefined) return Promise.reject(end);
      if (signal?.aborted === true) return Promise.reject(interrupted());
      const id = count++;
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          post({ type: 'cancel', id });
          waiting.get(id)?.reject(interrupted());
          waiting.delete(id);
          if (waiting.size === 0) alive(false);
        };
        const settle = (): void => signal?.removeEventListener('abort', onAbort);
        waiting.set(id, {
          resolve: (predictions) => (settle(), resolve(predictions)),
          reject: (error) => (settle(), reject(error)),
        });
        signal?.addEventListener('abort', onAbort);
        alive(true);
        post({ type: 'classify', id, texts });
      });
    },
    endedBy: () => endedBy,
    async end(error) {
      ending ??= error;
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      alive(true);
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Whether the process and its pipes keep this one from ending. */
function keepAlive(child: ChildProcess): (isKept: boolean) => void {
  const handles = [child, child.channel, child.stdout, child.stderr] as unknown as readonly ({ ref(): void; unref(): void } | null)[];
  return (isKept) => {
    for (const handle of handles) {
      if (isKept) handle?.ref();
      else handle?.unref();
    }
  };
}

function waitingFor() {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => {}, () => {}];
  const promise = new Promise<void>((onResolve, onReject) => ([resolve, reject] = [onResolve, onReject]));
  promise.catch(() => {}); // whoever opens the classifier hears of it
  return { promise, resolve, reject };
}
