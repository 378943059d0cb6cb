import type { StageEvent } from '../../core/events.ts';
import type { SystemFigures } from '../../core/measures.ts';
import type { JournalEntry } from '../journal.ts';

/** What the journal of a run adds to its other files. */
export interface JournalStory {
  /** ISO 8601, of the first start. */
  readonly startedAt: string;
  readonly starts: number;
  readonly tasks: readonly TaskStory[];
  readonly looks: readonly Look[];
}

/** What the run took of the machine at one moment. */
export interface Look extends SystemFigures {
  /** Into the run; the time between an interruption and the next start is left out. */
  readonly seconds: number;
}

export interface TaskStory {
  /** `train[2]`: the stage and its fold. */
  readonly task: string;
  readonly stage: string;
  readonly fold: number | undefined;
  /** Over all starts that it took; null where another run had done it before. */
  readonly seconds: number | null;
  readonly cpuSeconds: number | null;
  readonly peakBytes: number | null;
  /** The rate over the steps, in epochs. */
  readonly rates: readonly { readonly epoch: number; readonly lr: number }[];
  readonly decisions: readonly Decision[];
  readonly notices: readonly string[];
}

export type Decision = Pick<Extract<StageEvent, { type: 'decision' }>, 'epoch' | 'kind' | 'message'>;

/** Goes through the journal once. Tasks come in the order in which they first appear. */
export function journalStory(journal: Iterable<JournalEntry>): JournalStory {
  const tasks = new Map<string, Telling>();
  const { look, looks } = watching();
  let [starts, startedAt] = [0, 0];
  for (const entry of journal) {
    look(entry);
    if (entry.type === 'run-started') [starts, startedAt] = [starts + 1, starts === 0 ? entry.t : startedAt];
    if (!('task' in entry)) continue;
    const telling = tasks.get(entry.task) ?? begin(entry);
    tasks.set(entry.task, telling);
    tell(telling, entry);
  }
  return { startedAt: new Date(startedAt).toISOString(), starts, tasks: [...tasks.values()].map(finished), looks };
}

/** Gathers looks at the machine from entry to entry. Where the clock was put back, no time has passed. */
function watching(): { readonly look: (entry: JournalEntry) => void; readonly looks: readonly Look[] } {
  const looks: Look[] = [];
  let [worked, last] = [0, 0];
  const look = (entry: JournalEntry): void => {
    if (entry.type !== 'run-started') worked += Math.max(0, entry.t - last) / 1000;
    last = entry.t;
    if (entry.type !== 'system') return;
    const { cpuPercent, memoryBytes, freeBytes, gpus } = entry;
    looks.push({ seconds: worked, cpuPercent, memoryBytes, freeBytes, ...(gpus === undefined ? {} : { gpus }) });
  };
  return { look, looks };
}

type TaskEntry = Extract<JournalEntry, { readonly task: string }>;

interface Telling {
  readonly of: Pick<TaskStory, 'task' | 'stage' | 'fold'>;
  seconds: number;
  cpuSeconds: number;
  peakBytes: number;
  /** Since the last start of the task, and when its last sign of life came; undefined between starts. */
  startedAt: number | undefined;
  lastAt: number;
  isDone: boolean;
  steps: Map<number, { readonly epoch: number; readonly lr: number }>;
  decisions: Map<string, Decision>;
  notices: Set<string>;
}

function begin({ task, stage, fold }: TaskEntry): Telling {
  return { of: { task, stage, fold }, ...nothing() };
}

function nothing(): Omit<Telling, 'of'> {
  return { seconds: 0, cpuSeconds: 0, peakBytes: 0, startedAt: undefined, lastAt: 0, isDone: false, steps: new Map(), decisions: new Map(), notices: new Set() };
}

function tell(telling: Telling, entry: TaskEntry): void {
  switch (entry.type) {
    case 'task-started':
      // What was finished is done anew; what was interrupted goes on, and its time adds up.
      if (telling.isDone) Object.assign(telling, nothing());
      closeStart(telling);
      telling.startedAt = entry.t;
      break;
    case 'task-finished':
      telling.seconds += entry.seconds;
      telling.cpuSeconds += entry.usage?.cpuSeconds ?? 0;
      telling.peakBytes = Math.max(telling.peakBytes, entry.usage?.peakBytes ?? 0);
      telling.startedAt = undefined;
      telling.isDone = true;
      break;
    case 'task-event':
      tellEvent(telling, entry.event);
      break;
  }
  telling.lastAt = entry.t;
}

/** A start without an end lasted until its last sign of life. */
function closeStart(telling: Telling): void {
  if (telling.startedAt !== undefined) telling.seconds += Math.max(0, telling.lastAt - telling.startedAt) / 1000;
  telling.startedAt = undefined;
}

/** A fold that goes on after an interruption repeats some steps and decisions; they are the same ones. */
function tellEvent({ steps, decisions, notices }: Telling, event: StageEvent): void {
  if (event.type === 'step' && event.steps > 0) {
    steps.set(event.step, { epoch: (event.step / event.steps) * event.epochs, lr: event.lr });
    if (steps.size > MOST_RATES) thin(steps);
  }
  if (event.type === 'decision') decisions.set(`${event.epoch} ${event.kind} ${event.message}`, { epoch: event.epoch, kind: event.kind, message: event.message });
  if (event.type === 'notice') notices.add(event.message);
}

/** More than a figure is wide in pixels. */
const MOST_RATES = 4096;

/** Takes every second one away, but the first and the last. */
function thin(steps: Telling['steps']): void {
  [...steps.keys()].sort((a, b) => a - b).forEach((step, i, { length }) => {
    if (i % 2 === 1 && i < length - 1) steps.delete(step);
  });
}

function finished({ of, seconds, cpuSeconds, peakBytes, isDone, steps, decisions, notices }: Telling): TaskStory {
  return {
    ...of,
    seconds: isDone ? seconds : null,
    cpuSeconds: isDone && cpuSeconds > 0 ? cpuSeconds : null,
    peakBytes: isDone && peakBytes > 0 ? peakBytes : null,
    rates: [...steps].sort(([a], [b]) => a - b).map(([, rate]) => rate),
    decisions: [...decisions.values()],
    notices: [...notices],
  };
}
