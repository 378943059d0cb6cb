import type { Terminal } from './terminal.ts';

/** The flags that every command takes. */
export interface SharedFlags {
  /** `a.b=value` each, in the order given. */
  readonly set: readonly string[];
  readonly device: 'auto' | 'cpu' | 'cuda' | 'webgpu';
  readonly artifacts: string;
}

/** One use of the command line. */
export interface Call {
  readonly flags: SharedFlags;
  readonly terminal: Terminal;
  /** As typed, for the run's records. */
  readonly commandLine: readonly string[];
  /** From here on the first Ctrl-C only aborts the signal, and the command ends in its own time; without this it ends the process. */
  takeInterrupts(): AbortSignal;
}

/** What a command has to say, once, at its end: `data` with --json, `text` otherwise. */
export interface Answer {
  readonly data: unknown;
  readonly text: string;
  /** The text is for programs too, and stays as it is on any terminal. */
  readonly verbatim?: boolean;
  /** Part of it failed: the rest is shown all the same, then this. With `error`, `data` has to be an object, which it is added to. */
  readonly error?: unknown;
}

/** A command, given its operands and its own flags. Throws OrtrainError. */
export type Verb<Flags> = (operands: readonly string[], flags: Flags, call: Call) => Promise<Answer>;
