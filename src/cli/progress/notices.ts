import type { Listener } from '../../core/events.ts';
import type { Notice } from '../../tracking/mlflow/tracker.ts';
import { printable } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

/** The tracker's notes; while the display redraws itself they wait, or they would tear it. */
export function quietWhileDrawing({ interactive, quiet, note }: Terminal): {
  readonly tell: Listener<Notice>;
  heldBack<T>(work: () => Promise<T>): Promise<T>;
} {
  let held: string[] | undefined;
  return {
    tell({ level, message }) {
      const line = printable(level === 'warning' ? `warning: ${message}` : message);
      if (held === undefined) note(line);
      else held.push(line);
    },
    async heldBack(work) {
      held = interactive && !quiet ? [] : undefined;
      try {
        return await work();
      } finally {
        held?.forEach(note);
        held = undefined;
      }
    },
  };
}
