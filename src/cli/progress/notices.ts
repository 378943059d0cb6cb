import type { Listener, Notice, RunEvent } from '../../core/events.ts';
import { printable } from '../render/layout/text.ts';
import type { Terminal } from '../terminal.ts';

/** Of a run's events, what a display that redraws itself has no row for: notices about the whole, and warnings about its jobs. */
export function noticesOf(tell: Listener<Notice>): Listener<RunEvent> {
  return (event) => {
    if (event.type === 'notice') tell({ level: event.level, message: `${event.run}  ${event.message}` });
    if (event.type !== 'task-event') return;
    const { run, task: job, event: inJob } = event;
    if (inJob.type === 'notice' && inJob.level === 'warning')
      tell({ level: inJob.level, message: `${run}  ${job}  ${inJob.message}` });
  };
}

/** The tracker's notices, and a run's; while the display redraws itself they wait, or they would tear it. */
export function quietWhileDrawing({ interactive, quiet, log }: Terminal): {
  readonly tell: Listener<Notice>;
  /** From here on notices wait, until what it answers with is called. */
  hold(): () => void;
} {
  let held: string[] | undefined;
  return {
    tell({ level, message }) {
      const line = printable(level === 'warning' ? `warning: ${message}` : message);
      if (held === undefined) log(line);
      else held.push(line);
    },
    hold() {
      held = interactive && !quiet ? [] : undefined;
      return () => {
        held?.forEach(log);
        held = undefined;
      };
    },
  };
}
