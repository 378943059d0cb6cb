import type { Listener, StageEvent } from '../core/events.ts';
import type { StoredRun } from '../runner/index.ts';
import { count } from './render/text.ts';

/** What commands that only use a run's models say while they work. */

const NOTE_EVERY_MS = 5_000;

/** Notices at once, progress now and then. */
export function notes(write: (text: string) => void): Listener<StageEvent> {
  let last = performance.now();
  return (event) => {
    if (event.type === 'notice') write(event.message);
    if (event.type !== 'progress' || performance.now() - last < NOTE_EVERY_MS) return;
    last = performance.now();
    write(`${count(event.done)} of ${count(event.total)} ${event.unit}`);
  };
}

/** The threads that the run was configured for; none where that was left to the machine. */
export function threadsOf({ experiment }: StoredRun): { readonly threads?: number } {
  const { threads } = experiment.resources;
  return threads === 'auto' ? {} : { threads };
}
