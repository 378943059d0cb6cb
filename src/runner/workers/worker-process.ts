import { packError } from '../../core/packed-errors.ts';
import type { ProcessMessage, WorkerMessage } from './protocol.ts';
import { startStageThread } from './worker.ts';

/*
 * The main module of a worker that is a process. The stage works in a thread of it, so that this one hears the runner at any
 * time. Signals that a terminal sends to all its processes are the runner's to answer. Once the runner is gone, the process
 * dies on the spot: whoever starts the job next finds the last checkpoint, and must be alone with it.
 */

const die = (): void => void process.kill(process.pid, 'SIGKILL');

const send = (message: WorkerMessage): void => void process.send?.(message, undefined, undefined, () => {});

process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.on('disconnect', die);
if (!process.connected) die();

const worker = startStageThread();

process.on('message', (message: ProcessMessage) => {
  if (message.type === 'stop') {
    worker.stop();
    return;
  }
  worker.perform(message.order, (event) => send({ type: 'event', event })).then(
    (usage) => send({ type: 'done', usage }),
    (error: unknown) => send({ type: 'failed', error: packError(error) }),
  );
});
