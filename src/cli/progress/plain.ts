import type { Listener, Notice, RunEvent, StageEvent } from '../../core/events.ts';
import { duration, pathFromHere, plural, printable, rate } from '../render/layout/text.ts';
import { advance, nothingYet } from '../../tracking/index.ts';
import { stateOf, type JobState } from './state.ts';
import { activity, downloading, headlines } from './words.ts';

/** Between two lines about the same job, so that a log of hours stays readable. */
const QUIET_MS = 10_000;

/** What lines are about that belong to no job. */
const DOWNLOAD = '';

/** Progress as lines, for logs and pipes: one for each job and epoch, and one now and then while something takes long. */
export function plainProgress(write: (line: string) => void, clock: () => number = () => performance.now()): Listener<RunEvent> {
  let history = nothingYet;
  const lastLineAt = new Map([[DOWNLOAD, clock()]]);
  return (event) => {
    const now = clock();
    history = advance(history, { ...event, t: now });
    const [subject, job] = 'task' in event ? [event.task, stateOf(history).jobs.get(event.task)] : [DOWNLOAD, undefined];
    const line = lineFor(event, job, now, now - (lastLineAt.get(subject) ?? now) >= QUIET_MS);
    if (line !== undefined) write(line);
    if (line !== undefined || !lastLineAt.has(subject)) lastLineAt.set(subject, now);
  };
}

function lineFor(event: RunEvent, job: JobState | undefined, now: number, isDue: boolean): string | undefined {
  switch (event.type) {
    case 'download':
      return isDue || event.done === event.total ? downloading(event) : undefined;
    case 'run-started':
      return `${event.run}: ${plural(event.tasks.length, 'job')}, into ${pathFromHere(event.folder)}`;
    case 'notice':
      return `${event.run}  ${noticeText(event)}`;
    case 'task-cached':
      return `${event.run}  ${event.task}  from the cache`;
    case 'task-finished':
      return `${event.run}  ${event.task}  done in ${duration(event.seconds)}`;
    case 'task-event': {
      const news = newsOf(event.event, job, now, isDue);
      return news === undefined ? undefined : `${event.run}  ${event.task}  ${news}`;
    }
    default:
      return undefined;
  }
}

function newsOf(event: StageEvent, job: JobState | undefined, now: number, isDue: boolean): string | undefined {
  switch (event.type) {
    case 'step':
    case 'progress':
      return isDue && job !== undefined ? activity(job, now) : undefined;
    case 'epoch': {
      const epochs = job?.step === undefined ? '' : `/${job.step.epochs}`;
      return `epoch ${event.epoch}${epochs}  ${headlines(event.metrics, false)}  rate ${rate(event.lr)}  ${duration(event.seconds)}`;
    }
    case 'decision':
      return event.kind === 'best-model' || event.kind === 'patience' ? undefined : printable(event.message);
    case 'notice':
      return noticeText(event);
  }
}

function noticeText({ level, message }: Notice): string {
  return `${level === 'warning' ? 'warning: ' : ''}${printable(message)}`;
}
