import type { Command, Example } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { inWords, type Options } from '../../src/cli/options.ts';
import { optionUsage, sentences, usageOf, usageOfCommand } from '../../src/cli/program.ts';
import { sharedOptions } from '../../src/cli/shared-options.ts';
import { anchor, block, code, GENERATED, markdownTable } from './markdown.ts';

/** docs/cli.md: every command with its arguments, options and examples. */
export function cliPage(): string {
  return `${[
    '# The command line',
    GENERATED,
    'The command is `pipeline`; `ortrain` is the same program under a name that no other package has. Every command prints its help with `--help`.',
    markdownTable(
      ['command', 'what it does'],
      all(commands).map(([words, { summary }]) => [`[${code(words)}](${anchor(words)})`, summary]),
    ),
    '## Options of every command',
    optionTable(sharedOptions),
    'Results go to stdout. Progress, notes and errors go to stderr. With `--json` stdout holds exactly one JSON document; where a command fails, its key `error` has `code`, `message`, `subject`, `remedy` and `problems`.',
    '## Exit codes',
    markdownTable(
      ['code', 'meaning'],
      [
        ['0', 'done'],
        ['1', 'the run or the machine failed'],
        ['2', 'the configuration, the data or the command line is wrong'],
        ['130', 'interrupted'],
      ],
    ),
    ...all(commands).flatMap(([words, command]) => sectionOf(words, command)),
  ].join('\n\n')}\n`;
}

/** Every command as it is typed, also those below another. */
function all(table: readonly Command[], above: readonly string[] = []): readonly (readonly [string, Command])[] {
  return table.flatMap((command) => {
    const words = [...above, command.name];
    return [[words.join(' '), command] as const, ...all(command.subcommands ?? [], words)];
  });
}

function sectionOf(words: string, command: Command): readonly string[] {
  const { summary, description, arguments: table, options, examples, readsConfiguration } = command;
  const positions = Object.entries(table);
  const argumentRows = positions.map(([name, argument]) => {
    const { description: meaning, choices } = argument;
    return [code(usageOf(name, argument)), choices === undefined ? meaning : `${meaning}: ${choices.map(code).join(', ')}`];
  });
  return [
    `## ${words}`,
    block('', `pipeline ${words} ${usageOfCommand(command)}`.trim()),
    `${sentences(summary, description)}${readsConfiguration === true ? ' It reads configurations, so `--set` applies.' : ''}`,
    ...(argumentRows.length === 0 ? [] : [markdownTable(['argument', 'meaning'], argumentRows)]),
    ...(Object.keys(options).length === 0 ? [] : [optionTable(options)]),
    block('sh', examples.map(exampleText).join('\n\n')),
  ];
}

function exampleText({ line, purpose }: Example): string {
  return `# ${purpose}\n${line}`;
}

function optionTable(options: Options): string {
  return markdownTable(
    ['option', 'meaning'],
    Object.entries(options).map(([name, option]) => [code(optionUsage(name, option)), inWords(option)]),
  );
}
