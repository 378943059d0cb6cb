import { Argument as ParserArgument, Command as Parser, CommanderError, Help, Option as ParserOption } from 'commander';
import { OrtrainError } from '../core/errors.ts';
import { packageVersion } from '../core/package.ts';
import type { Argument, Arguments } from './arguments.ts';
import type { Command, CommandContext, CommandResult, Example, Given } from './command.ts';
import { commands } from './commands/index.ts';
import { flagOf, inWords, type Option, type Options } from './options.ts';
import { sharedOptions, type SharedOptions } from './shared-options.ts';

/** A command line that makes sense. */
export interface Invocation {
  readonly command: Command;
  readonly given: Given<Arguments, Options>;
  readonly shared: SharedOptions;
}

/** Runs a command line; undefined where it only asked for help or the version. Throws a usage error for one that makes no sense. */
export async function runCommandLine(
  argv: readonly string[],
  context: Omit<CommandContext, keyof SharedOptions>,
): Promise<CommandResult | undefined> {
  const invocation = parseCommandLine(argv);
  if (invocation === undefined) return undefined;
  const { command, given, shared } = invocation;
  if (shared.set.length > 0 && command.readsConfiguration !== true) {
    context.terminal.log(`--set changes nothing here: ${command.name} reads no configuration`);
  }
  return command.run(given, { ...context, ...shared });
}

/** Finds the command and its values; undefined for help and the version, which are printed. Throws a usage error. */
export function parseCommandLine(argv: readonly string[]): Invocation | undefined {
  let found: Invocation | undefined;
  const parser = rootParser();
  for (const command of commands) addCommand(parser, command, (invocation) => (found = invocation));
  try {
    parser.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, argv);
  }
  return found;
}

const FIRST_STEPS: readonly Example[] = [
  { line: 'pipeline init --example quickstart', purpose: 'Copy a small experiment with its data into this folder.' },
  { line: 'pipeline run configs/quickstart.yaml', purpose: 'Train it, evaluate it, and write predictions and a report.' },
];

function rootParser(): Parser {
  const root = new Parser('pipeline')
    .description('Fine-tune a transformer text classifier from one YAML file.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    // Below 40 columns for descriptions commander would leave the breaking of lines to the terminal, which breaks words.
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 16,
      subcommandDescription: (command) => command.summary() || command.description(),
      argumentDescription: ({ description }) => description,
      styleUsage(usage) {
        return new Help().boxWrap(usage, (this.helpWidth ?? 80) - 'Usage: '.length).replaceAll('\n', '\n       ');
      },
    })
    .configureOutput({ outputError: () => {} })
    .showHelpAfterError(false);
  addOptions(root, sharedOptions);
  addExamples(root, FIRST_STEPS);
  return root;
}

function addCommand(above: Parser, command: Command, onFound: (invocation: Invocation) => void): void {
  const { summary, description } = command;
  const parser = above
    .command(command.name)
    .summary(summary)
    .description(sentences(summary, description))
    .usage(usageOfCommand(command))
    .action(() => {
      throwIfMissing(command, parser.opts());
      const shared = valuesOf(sharedOptions, parser.optsWithGlobals());
      const given = { ...argumentsOf(command.arguments, parser.processedArgs), ...valuesOf(command.options, parser.opts()) };
      onFound({ command, given, shared });
    });
  for (const [name, argument] of Object.entries(command.arguments)) addArgument(parser, name, argument);
  addOptions(parser, command.options);
  addExamples(parser, command.examples);
  for (const subcommand of command.subcommands ?? []) addCommand(parser, subcommand, onFound);
}

/** What follows the name of a command: required options, the others, arguments. */
export function usageOfCommand({ arguments: positions, options, subcommands = [] }: Command): string {
  const required = Object.entries(options).filter(([, { isRequired }]) => isRequired === true);
  return [
    ...required.map(([name, option]) => optionUsage(name, option)),
    ...(required.length < Object.keys(options).length ? ['[options]'] : []),
    ...(subcommands.length > 0 ? ['[command]'] : []),
    ...Object.entries(positions).map(([name, argument]) => usageOf(name, argument)),
  ].join(' ');
}

/** Commander would look for these before it looks at options that do not exist, of which one may be the missing one, misspelt. */
function throwIfMissing({ name, options }: Command, parsed: Readonly<Record<string, unknown>>): void {
  const missing = Object.entries(options).find(([key, { isRequired }]) => isRequired === true && parsed[key] === undefined);
  if (missing === undefined) return;
  throw new OrtrainError('usage', `required option '${optionUsage(...missing)}' not specified`, { remedy: `See pipeline ${name} --help.` });
}

/** The summary as a sentence, and the rest. */
export function sentences(summary: string, description: string | undefined): string {
  const first = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
  return description === undefined ? first : `${first} ${description}`;
}

/** `<config...>`: angle brackets for what is required, dots for what may be repeated. */
export function usageOf(name: string, { isRequired, isRepeated }: Argument<unknown>): string {
  const word = `${name}${isRepeated ? '...' : ''}`;
  return isRequired ? `<${word}>` : `[${word}]`;
}

/** `--until <stage>` */
export function optionUsage(name: string, { value }: Option<unknown>): string {
  return value === undefined ? flagOf(name) : `${flagOf(name)} <${value}>`;
}

function addArgument(parser: Parser, name: string, argument: Argument<unknown>): void {
  const { choices, description } = argument;
  const added = new ParserArgument(
    usageOf(name, argument),
    choices === undefined ? description : `${description} (choices: ${choices.join(', ')})`,
  );
  parser.addArgument(choices === undefined ? added : added.choices(choices));
}

function addOptions(parser: Parser, options: Options): void {
  for (const [name, option] of Object.entries(options)) {
    const added = new ParserOption(optionUsage(name, option), inWords(option));
    if (option.value !== undefined) added.argParser((text: string, before: unknown) => option.parse(text, before));
    parser.addOption(added);
  }
}

/**
 * What was given on the command line, and the defaults of what was not. The cast is true because each value comes from the `parse`
 * or the `default` of its option.
 */
function valuesOf<O extends Options>(options: O, parsed: Readonly<Record<string, unknown>>): Given<{}, O> {
  const values = Object.entries(options).flatMap(([name, option]) => {
    const value = parsed[name] ?? option.default;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(values) as Given<{}, O>;
}

/** Commander gives a list for a repeated argument, a text for another, and nothing for one that is left out. */
function argumentsOf(table: Arguments, words: readonly unknown[]): Readonly<Record<string, unknown>> {
  const listed = (word: unknown): readonly string[] => (word === undefined ? [] : Array.isArray(word) ? word.map(String) : [String(word)]);
  return Object.fromEntries(Object.entries(table).map(([name, argument], i) => [name, argument.valueOf(listed(words[i]))]));
}

function addExamples(parser: Parser, examples: readonly Example[]): void {
  parser.addHelpText('after', ({ command }) => {
    const help = command.createHelp();
    const width = command.configureOutput().getOutHelpWidth?.() ?? DEFAULT_WIDTH;
    const indented = (text: string, indent: number): string => help.boxWrap(text, width - indent).replace(/^/gm, ' '.repeat(indent));
    return `\n${['Examples:', ...examples.flatMap(({ line, purpose }) => [`  ${line}`, indented(purpose, EXAMPLE_INDENT)])].join('\n')}`;
  });
}

const DEFAULT_WIDTH = 80;
const EXAMPLE_INDENT = 6;

/** Commander says `error: unknown option '--devise'\n(Did you mean --device?)`. */
function usageError({ code, message }: CommanderError, argv: readonly string[]): OrtrainError {
  if (code === 'commander.help') {
    const unknown = argv[0] === 'help' ? argv[1] : undefined;
    const problem = unknown === undefined ? 'no command was given' : `unknown command '${unknown}'`;
    return new OrtrainError('usage', problem, { remedy: 'pipeline --help lists the commands.' });
  }
  const [problem = '', hint] = message.replace(/^error: /, '').split('\n');
  const asked = argv.find((word) => commands.some(({ name }) => name === word));
  const below = commands.find(({ name }) => name === asked)?.subcommands?.map(({ name }) => name) ?? [];
  if (code === 'commander.excessArguments' && below.length > 0) {
    return new OrtrainError('usage', problem, {
      remedy: `Did you mean pipeline ${asked} ${below.join(` or pipeline ${asked} `)}? Else see pipeline ${asked} --help.`,
    });
  }
  const help = code === 'commander.unknownCommand' || asked === undefined ? 'pipeline --help' : `pipeline ${asked} --help`;
  return new OrtrainError('usage', problem, {
    remedy: hint === undefined ? `See ${help}.` : `${hint.replace(/[()]/g, '')} Else see ${help}.`,
  });
}
