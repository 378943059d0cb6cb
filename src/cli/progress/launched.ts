import { launchOf, type LaunchChange, type Sweep } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { RunEvent } from '../../core/events.ts';
import type { RunsObserver } from '../../runner/index.ts';
import type { LaunchEvent, LaunchedWorker } from '../../runner/launchers/index.ts';
import type { QueueState } from '../../runner/queue/index.ts';
import { plural, printable } from '../render/layout/text.ts';
import type { Terminal } from '../terminal.ts';
import { STOPPING } from './words.ts';

/** What the command line says of workers, over the sweep's file. */
export function askedLaunch({ engine, workers }: {
  readonly engine: LaunchChange['engine'] | undefined;
  readonly workers: number | undefined;
}): LaunchChange {
  if (workers === 0) throw new OrtrainError('usage', '--workers 0 leaves nobody to do the jobs', { remedy: 'Give at least 1.' });
  return { ...(engine === undefined ? {} : { engine }), ...(workers === undefined ? {} : { workers }) };
}

/** Whether workers do the jobs of a sweep. Throws where workers are counted that nothing starts. */
export function isLaunched({ launch }: Pick<Sweep, 'launch'>, change: LaunchChange): boolean {
  const isDone = launchOf(launch, change).engine !== 'none';
  if (isDone || change.workers === undefined) return isDone;
  throw new OrtrainError('usage', '--workers needs an engine that starts them', { remedy: 'Name one: --launch local, slurm or ray.' });
}

/** Prints of experiments that others carry out what a person has to know. */
export function launchedObserver(terminal: Terminal, signal: AbortSignal): Pick<RunsObserver, 'follow' | 'onNotice'> {
  signal.addEventListener('abort', () => terminal.log(STOPPING));
  return {
    onNotice: ({ level, message }) => terminal.log(`${level === 'warning' ? 'warning: ' : ''}${printable(message)}`),
    follow: async () => ({ listen: warnings(terminal.log), end: async () => {} }),
  };
}

/** Of an experiment that others carry out, what a person has to know; the rest is in its journal. */
function warnings(say: (line: string) => void): (event: RunEvent) => void {
  return (event) => {
    if (event.type === 'notice' && event.level === 'warning') say(`${event.run}  warning: ${printable(event.message)}`);
  };
}

/** So often the state is told where it has changed. */
const QUIET_MS = 10_000;

/** What is printed of the queue: who is at work, what is done, and whoever was lost. */
export function queueLines(say: (line: string) => void, clock: () => number = () => performance.now()): (event: LaunchEvent) => void {
  let [last, told] = [-Infinity, ''];
  return (event) => {
    switch (event.type) {
      case 'lost':
        return say(`${printable(event.title)} gave no sign of life: its jobs are taken over`);
      case 'ended':
        return say(endOf(event.worker, event.lastWords));
      case 'started':
        return say(`${plural(event.count, 'worker')} started in their place by ${event.engine}`);
      case 'state': {
        const line = stateLine(event.state, event.workers);
        if (line === told || clock() - last < QUIET_MS) return;
        [last, told] = [clock(), line];
        return say(line);
      }
    }
  };
}

/** `4 workers (1 waiting) · 36 jobs done, 3 running, 9 open · folds 7 done, 3 running · 1 lost, 1 job taken over` */
export function stateLine({ jobs, clients, totals }: QueueState, launched: readonly LaunchedWorker[]): string {
  const all = [...jobs.values()];
  const number = (status: string, isFold = false): number =>
    all.filter((job) => job.status === status && (!isFold || job.order.id.startsWith('train/'))).length;
  const workers = [...clients.values()].filter(({ role }) => role === 'worker').length;
  const waiting = launched.filter(({ state }) => state === 'waiting').length;
  const failed = number('failed');
  return [
    `${plural(workers, 'worker')}${waiting === 0 ? '' : ` (${waiting} more waiting)`}`,
    `jobs: ${totals.done} done, ${number('taken')} running, ${number('open')} open${failed === 0 ? '' : `, ${failed} failed`}`,
    `folds: ${number('taken', true)} running, ${number('open', true)} open`,
    ...(totals.lost === 0 ? [] : [`${totals.lost} lost, ${plural(totals.takenOver, 'job')} taken over`]),
  ].join(' · ');
}

/** With the last line that it printed. */
function endOf({ id, where, detail }: LaunchedWorker, lastWords: string): string {
  const words = lastWords.split('\n').at(-1)?.trim() ?? '';
  const place = where === undefined ? '' : ` on ${where}`;
  return `worker ${id}${place} ended: ${detail ?? 'unknown'}${words === '' ? '' : `; ${printable(words)}`}`;
}
