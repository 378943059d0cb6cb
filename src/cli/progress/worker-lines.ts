import type { Listener } from '../../core/events.ts';
import type { WorkerEvent } from '../../runner/queue/index.ts';
import { count, duration, metric, printable } from '../render/layout/text.ts';
import { headlines } from './words.ts';

const QUIET_MS = 10_000;

/** What a worker prints: a line for each job that it takes and ends, each epoch, and now and then one while something takes long. */
export function workerLines(write: (line: string) => void, clock: () => number = () => performance.now()): Listener<WorkerEvent> {
  let last = clock();
  const say = (line: string): void => {
    last = clock();
    write(line);
  };
  return (event) => {
    switch (event.type) {
      case 'started':
        return say(`worker ${printable(event.title)}: on ${event.devices.join(' and ')}, up to ${event.threads} threads`);
      case 'took':
        return say(`${event.order.run}  ${event.order.task}`);
      case 'done':
        return say(`${event.order.run}  ${event.order.task}  ${event.isMade ? `done in ${duration(event.seconds)}` : 'from the cache'}`);
      case 'failed':
        return say(`${event.order.run}  ${event.order.task}  failed: ${printable(messageOf(event.error))}`);
      case 'released':
        return say(`${event.order.run}  ${event.order.task}  given back`);
      case 'dropped':
        return say(`${event.order.run}  ${event.order.task}  dropped: nobody wants it any more, or another worker has it`);
      case 'lost':
        return say(`${printable(event.client)} gave no sign of life for 30 s: its jobs are open again`);
      case 'progress': {
        const line = newsOf(event, clock() - last >= QUIET_MS);
        return line === undefined ? undefined : say(`${event.order.run}  ${event.order.task}  ${line}`);
      }
    }
  };
}

function newsOf({ event }: Extract<WorkerEvent, { type: 'progress' }>, isDue: boolean): string | undefined {
  switch (event.type) {
    case 'epoch':
      return `epoch ${event.epoch}  ${headlines(event.metrics, false)}  ${duration(event.seconds)}`;
    case 'notice':
      return `${event.level === 'warning' ? 'warning: ' : ''}${printable(event.message)}`;
    case 'step':
      if (!isDue) return undefined;
      return `epoch ${event.epoch}/${event.epochs}  step ${count(event.step)}/${count(event.steps)}  loss ${metric(event.loss)}`;
    case 'progress':
      return isDue ? `${count(event.done)}/${count(event.total)} ${event.unit}` : undefined;
    default:
      return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
