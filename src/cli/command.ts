import type { Argument, Arguments } from './arguments.ts';
import type { Option, Options } from './options.ts';
import type { SharedOptions } from './shared-options.ts';
import type { Terminal } from './terminal.ts';

/**
 * A command, whole: how it is called, its help, and what it does. `run` gets the values of its arguments and options under their
 * names. Help loads every command, so what is heavy is imported inside `run`.
 */
export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly name: string;
  /** One sentence without a full stop, for the list of commands. */
  readonly summary: string;
  /** What is left to say, in whole sentences. */
  readonly description?: string;
  /** By name, in the order of the command line. */
  readonly arguments: A;
  /** By name: `dryRun` is `--dry-run`. */
  readonly options: O;
  /** One to three; a test parses each. */
  readonly examples: readonly Example[];
  /** It reads configurations, so `--set` means something. */
  readonly readsConfiguration?: boolean;
  readonly subcommands?: readonly Command[];
  /** Throws OrtrainError. */
  run(given: Given<A, O>, context: CommandContext): Promise<CommandResult>;
}

export interface Example {
  /** As typed, without a prompt. */
  readonly line: string;
  readonly purpose: string;
}

/** The values of a command's arguments and options. */
export type Given<A extends Arguments, O extends Options> = { readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never } & {
  readonly [K in keyof O as O[K]['isAlwaysThere'] extends true ? K : never]: ValueOf<O[K]>;
} & { readonly [K in keyof O as O[K]['isAlwaysThere'] extends true ? never : K]?: ValueOf<O[K]> };

type ValueOf<D> = D extends Option<infer T> ? T : never;

/** What a command works with besides its own arguments and options. */
export interface CommandContext extends SharedOptions {
  readonly terminal: Terminal;
  /** As typed, for the run's records. */
  readonly commandLine: readonly string[];
  /** From here on the first Ctrl-C only aborts the signal, and the command ends in its own time; without this it ends the process. */
  takeInterrupts(): AbortSignal;
}

/** What a command prints at its end: `data` with --json, `text` otherwise. */
export interface CommandResult {
  readonly data: unknown;
  readonly text: string;
  /** The text is for programs too, and stays as it is on any terminal. */
  readonly verbatim?: boolean;
  /** Part of it failed: the rest is shown all the same, then this. With `error`, `data` has to be an object, which it is added to. */
  readonly error?: unknown;
}

/** Checks a command while its types are inferred, so that `run` is typed by the arguments and options beside it. */
export const defineCommand = <const A extends Arguments, const O extends Options>(command: Command<A, O>): Command<A, O> => command;
