import type { Completion } from '../arguments.ts';
import type { Command } from '../command.ts';
import { flagOf, type Options } from '../options.ts';

/** What a shell is told of a command line: every command by its words, its options, and what its arguments name. */
export interface CompletionModel {
  readonly commands: readonly CompletedCommand[];
  readonly shared: readonly CompletedOption[];
  /** Words by kind; files, folders and runs are the shell's to look up. */
  readonly words: Readonly<Record<'stage' | 'setting', readonly string[]>>;
}

export interface CompletedCommand {
  /** `cache prune` */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly arguments: readonly (Completed & { readonly isRepeated: boolean })[];
}

export interface CompletedOption extends Completed {
  /** `--until` */
  readonly flag: string;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly isRepeatable: boolean;
}

/** What stands in the place of a word. */
export interface Completed {
  readonly choices?: readonly string[] | undefined;
  readonly completion: Completion;
}

export function completionModel(commands: readonly Command[], shared: Options, words: CompletionModel['words']): CompletionModel {
  return { commands: commands.flatMap((command) => completed(command, [])), shared: optionsOf(shared), words };
}

function completed(command: Command, above: readonly string[]): readonly CompletedCommand[] {
  const path = [...above, command.name];
  return [
    {
      path: path.join(' '),
      summary: command.summary,
      options: optionsOf(command.options),
      arguments: Object.values(command.arguments).map(({ choices, completion, isRepeated }) => ({ choices, completion, isRepeated })),
    },
    ...(command.subcommands ?? []).flatMap((below) => completed(below, path)),
  ];
}

function optionsOf(options: Options): readonly CompletedOption[] {
  return Object.entries(options).map(([name, { description, value, choices, completion, isRepeatable = false }]) => ({
    flag: flagOf(name),
    summary: description,
    takesValue: value !== undefined,
    isRepeatable,
    choices,
    completion,
  }));
}

/** The words that may follow the words of a command. */
export function subcommandsOf(commands: readonly CompletedCommand[], path: string): readonly CompletedCommand[] {
  return commands.filter((command) => command.path.startsWith(`${path} `));
}
