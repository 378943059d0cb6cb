import type { Listener, StageEvent } from '../../core/events.ts';
import type { CommandContext } from '../command.ts';
import { count } from '../render/layout/text.ts';
import { STOPPING } from './words.ts';

/** What commands print while they work with a run's models. */

const PROGRESS_EVERY_MS = 5_000;

/** Notices at once, progress now and then. */
export function stageProgress(write: (text: string) => void): Listener<StageEvent> {
  let last = performance.now();
  return (event) => {
    if (event.type === 'notice') write(event.message);
    if (event.type !== 'progress' || performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    write(`${count(event.done)} of ${count(event.total)} ${event.unit}`);
  };
}

/** Aborted by the first Ctrl-C, which is answered at once. */
export function stopSignal({ terminal, takeInterrupts }: Pick<CommandContext, 'terminal' | 'takeInterrupts'>): AbortSignal {
  const signal = takeInterrupts();
  signal.addEventListener('abort', () => terminal.log(STOPPING));
  return signal;
}
