import { writeSync } from 'node:fs';
import picocolors from 'picocolors';
import { explained } from '../core/system-errors.ts';
import type { CommandResult } from './command.ts';
import { runCommandLine } from './program.ts';
import { errorDocument, exitCodeOf, renderError } from './render/error.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** The command line. Prints the result or the error, and sets the exit code; the only place that ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const terminal = openTerminal({ json: flags.includes('--json'), quiet: flags.includes('--quiet') });
  process.stdout.on('error', endOnWriteError);
  // Nobody can be told any more, and the work is not for the log alone.
  process.stderr.on('error', () => {});
  try {
    const result = await runCommandLine(argv, { terminal, commandLine: ['pipeline', ...argv], takeInterrupts: interruptible() });
    if (result !== undefined) process.exitCode = deliver({ ...result, error: explained(result.error) }, terminal);
  } catch (error) {
    process.exitCode = deliver({ data: {}, text: '', error: explained(error) }, terminal);
  }
}

/** Prints a result; returns the exit code. */
function deliver({ data, text, verbatim = false, error }: CommandResult, terminal: Terminal): number {
  const failed = error !== undefined;
  if (text !== '') terminal.result(text, { verbatim });
  if (failed && !terminal.json) terminal.error(renderError(error, terminal.colors));
  terminal.document(failed ? { ...(data as object), error: errorDocument(error) } : data);
  return failed ? exitCodeOf(error) : 0;
}

const INTERRUPTED = 130;

/** npx passes Ctrl-C on to a process that has already had it from the terminal; a person takes longer to press it again. */
const SECOND_PRESS_AFTER_MS = 200;

function interruptible(): () => AbortSignal {
  const controller = new AbortController();
  let isTaken = false;
  let firstAt: number | undefined;
  const onSignal = (): void => {
    if (!isTaken) process.exit(INTERRUPTED);
    if (firstAt === undefined) {
      firstAt = performance.now();
      controller.abort();
    } else if (performance.now() - firstAt > SECOND_PRESS_AFTER_MS) {
      dieAtOnce();
    }
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => {
    isTaken = true;
    return controller.signal;
  };
}

/**
 * Leaving in order would wait for the worker's step, which can take a minute. Dying of the signal itself does not, and a shell
 * sees 130 all the same.
 */
function dieAtOnce(): void {
  if (process.stderr.isTTY) writeSync(process.stderr.fd, SHOW_CURSOR);
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}

const SHOW_CURSOR = '\u001b[?25h';

/** `pipeline runs | head -1` closes the pipe early, which is no error; a full disk is one. */
function endOnWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  const told = explained(Object.assign(error, { path: 'standard output' }));
  process.stderr.write(`${renderError(told, picocolors.createColors(false))}\n`);
  process.exit(exitCodeOf(told));
}
