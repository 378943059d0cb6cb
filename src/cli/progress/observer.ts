import type { Listener, Notice, RunEvent } from '../../core/events.ts';
import type { RunsObserver } from '../../runner/index.ts';
import type { Terminal } from '../terminal.ts';
import type { LiveProgress } from './live.ts';
import { noticesOf, quietWhileDrawing } from './notices.ts';
import { plainProgress } from './plain.ts';
import { STOPPING } from './words.ts';

/** Shows experiments on the terminal while they run: a display that redraws itself where a person watches, else lines. */
export function terminalObserver(terminal: Terminal, signal: AbortSignal): Pick<RunsObserver, 'follow' | 'onNotice'> {
  const notices = quietWhileDrawing(terminal);
  return {
    onNotice: notices.tell,
    async follow({ name }) {
      const release = notices.hold();
      const progress = await openProgress(name, signal, terminal, notices.tell);
      return {
        listen: progress.listen,
        async end() {
          await progress.end();
          release();
        },
      };
    },
  };
}

async function openProgress(name: string, signal: AbortSignal, terminal: Terminal, tell: Listener<Notice>): Promise<LiveProgress> {
  if (terminal.interactive && !terminal.quiet) {
    const live = (await import('./live.ts')).liveProgress(name, signal);
    const listen: Listener<RunEvent> = (event) => {
      live.listen(event);
      noticesOf(tell)(event);
    };
    return { listen, end: live.end };
  }
  const sayStopping = (): void => terminal.log(STOPPING);
  signal.addEventListener('abort', sayStopping);
  return { listen: plainProgress(terminal.log), end: async () => signal.removeEventListener('abort', sayStopping) };
}
