import { Worker } from 'node:worker_threads';
import type { Listener, StageEvent } from '../core/events.ts';
import { unpackError, type TaskOrder, type WorkerMessage } from './worker-protocol.ts';

/** The thread in which stages work, so that the terminal and Ctrl-C stay alive while onnxruntime blocks. */
export interface StageWorker {
  /** Carries out one task at a time; rejects with the stage's own error. */
  perform(order: TaskOrder, emit: Listener<StageEvent>): Promise<void>;
  /** Asks the task at work to stop at its next step. */
  stop(): void;
  /** Lets the thread end by itself: terminating it while onnxruntime runs would abort the process. */
  close(): Promise<void>;
}

export function startStageWorker(): StageWorker {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const isSource = new URL(import.meta.url).pathname.endsWith('.ts');
  const thread = openThread(new URL(isSource ? './worker-main.ts' : './worker-main.js', import.meta.url), { stop: flag.buffer });
  return {
    perform: (order, emit) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void): void => {
          thread.off('message', onMessage).off('error', onError).off('exit', onExit);
          end();
        };
        const onError = (error: Error): void => settle(() => reject(error));
        const onExit = (code: number): void => settle(() => reject(new Error(`the worker thread ended with code ${code}`)));
        const onMessage = (message: WorkerMessage): void => {
          if (message.type === 'event') emit(message.event);
          else settle(() => (message.type === 'done' ? resolve() : reject(unpackError(message.error))));
        };
        thread.on('message', onMessage).on('error', onError).on('exit', onExit);
        thread.postMessage(order);
      }),
    stop: () => void Atomics.store(flag, 0, 1),
    async close() {
      await thread.terminate();
    },
  };
}

/** Starts a thread on a built module, or, in a checkout, on a TypeScript source by way of tsx. */
function openThread(entry: URL, workerData: unknown): Worker {
  if (entry.pathname.endsWith('.js')) return new Worker(entry, { workerData });
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return new Worker(`import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); })`, {
    eval: true,
    workerData,
  });
}
