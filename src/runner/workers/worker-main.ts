import { parentPort, workerData } from 'node:worker_threads';
import { interrupted } from '../../core/errors.ts';
import { openInputs, stages } from '../../stages/index.ts';
import { packError } from '../../core/packed-errors.ts';
import type { JobOrder, WorkerMessage } from './protocol.ts';

/** Shared with the runner: element 0 becomes 1 when the person asks to stop. */
const stopFlag = new Int32Array((workerData as { readonly stop: SharedArrayBuffer }).stop);

const stopRequested = (): boolean => Atomics.load(stopFlag, 0) !== 0;

const send = (message: WorkerMessage): void => parentPort?.postMessage(message);

async function perform(order: JobOrder): Promise<void> {
  const stage = stages[order.stage];
  if (stage === undefined) throw new Error(`no stage ${order.stage}`);
  await stage.run({
    params: order.params,
    files: order.files,
    inputs: openInputs(stage, order.inputs),
    output: order.output,
    partial: order.partial,
    fold: order.fold,
    device: order.device,
    threads: order.threads,
    logEvery: order.logEvery,
    evalBatchSize: order.evalBatchSize,
    ...(order.pauseAfter === undefined ? {} : { pauseAfter: order.pauseAfter }),
    emit: (event) => send({ type: 'event', event }),
    stopRequested,
    throwIfStopped: () => {
      if (stopRequested()) throw interrupted();
    },
  });
}

parentPort?.on('message', (order: JobOrder) => {
  perform(order).then(
    () => send({ type: 'done' }),
    (error: unknown) => send({ type: 'failed', error: packError(error) }),
  );
});
