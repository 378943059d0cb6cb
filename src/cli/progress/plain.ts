import type { Listener, Notice, RunEvent, StageEvent } from '../../core/events.ts';
import { duration, pathFromHere, plural, printable, rate } from '../render/layout/text.ts';
import { advance, nothingYet } from '../../tracking/index.ts';
import { stateOf, type TaskState } from './state.ts';
import { activity, downloading, HEADLINES, headlines } from './words.ts';

/** Between two lines about the same task, so that a log of hours stays readable. */
const QUIET_MS = 10_000;

/** What lines are about that belong to no task. */
const DOWNLOAD = '';

/** Progress as lines, for logs and pipes: one for each task and epoch, and one now and then while something takes long. */
export function plainProgress(write: (line: string) => void, clock: () => number = () => performance.now()): Listener<RunEvent> {
  let history = nothingYet;
  const lastLineAt = new Map([[DOWNLOAD, clock()]]);
  return (event) => {
    const now = clock();
    history = advance(history, { ...event, t: now });
    const [subject, task] = 'task' in event ? [event.task, stateOf(history).tasks.get(event.task)] : [DOWNLOAD, undefined];
    const line = lineFor(event, task, now, now - (lastLineAt.get(subject) ?? now) >= QUIET_MS);
    if (line !== undefined) write(line);
    if (line !== undefined || !lastLineAt.has(subject)) lastLineAt.set(subject, now);
  };
}

function lineFor(event: RunEvent, task: TaskState | undefined, now: number, isDue: boolean): string | undefined {
  switch (event.type) {
    case 'download':
      return isDue || event.done === event.total ? downloading(event) : undefined;
    case 'run-started':
      return `${event.run}: ${plural(event.tasks.length, 'task')}, into ${pathFromHere(event.folder)}`;
    case 'notice':
      return `${event.run}  ${noticeText(event)}`;
    case 'task-cached':
      return `${event.run}  ${event.task}  from the cache`;
    case 'task-finished':
      return `${event.run}  ${event.task}  done in ${duration(event.seconds)}`;
    case 'task-event': {
      const news = newsOf(event.event, task, now, isDue);
      return news === undefined ? undefined : `${event.run}  ${event.task}  ${news}`;
    }
    default:
      return undefined;
  }
}

function newsOf(event: StageEvent, task: TaskState | undefined, now: number, isDue: boolean): string | undefined {
  switch (event.type) {
    case 'step':
    case 'progress':
      return isDue && task !== undefined ? activity(task, now) : undefined;
    case 'epoch': {
      const epochs = task?.step === undefined ? '' : `/${task.step.epochs}`;
      return `epoch ${event.epoch}${epochs}  ${headlines(event.metrics, HEADLINES)}  rate ${rate(event.lr)}  ${duration(event.seconds)}`;
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
