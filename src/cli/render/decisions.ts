import type { StageEvent } from '../../core/events.ts';
import type { JournalEntry } from '../../tracking/journal.ts';
import { printable } from './text.ts';

/** A decision of the training rules that a person should know of. */
export interface NotedDecision {
  readonly task: string;
  readonly epoch: number;
  readonly kind: Extract<StageEvent, { type: 'decision' }>['kind'];
  readonly message: string;
}

/** Resets, early stops and divergences of each task's last start; kept models, patience and reduced rates are daily business. */
export function notedDecisions(journal: Iterable<JournalEntry>): readonly NotedDecision[] {
  const ofTask = new Map<string, NotedDecision[]>();
  for (const entry of journal) {
    if (entry.type === 'task-started') ofTask.delete(entry.task);
    if (entry.type !== 'task-event' || entry.event.type !== 'decision' || !NOTED.includes(entry.event.kind)) continue;
    const { epoch, kind, message } = entry.event;
    const before = ofTask.get(entry.task) ?? [];
    before.push({ task: entry.task, epoch, kind, message });
    ofTask.set(entry.task, before);
  }
  return [...ofTask.values()].flat();
}

/** `train[2]  epoch 7  val/accuracy has not improved for 3 epochs` */
export function decisionLines(decisions: readonly NotedDecision[]): readonly string[] {
  return decisions.map(({ task, epoch, message }) => `${printable(task)}  epoch ${epoch}  ${printable(message)}`);
}

const NOTED: readonly string[] = ['rate-reset', 'stopped', 'diverged', 'one-class'];
