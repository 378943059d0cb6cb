import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { init } from '../../src/cli/commands/init.ts';
import { predict } from '../../src/cli/commands/predict.ts';
import { parseCommandLine } from '../../src/cli/program.ts';
import { TEXT_FORMATS } from '../../src/runner/models/new-texts.ts';
import { EXAMPLES } from '../../src/runner/starter/example.ts';

const { isTTY, columns: width } = process.stdout;

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { isTTY, columns: width });
});

/** What a terminal of so many columns shows. */
function helpAt(columns: number, words: readonly string[]): string {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  Object.assign(process.stdout, { isTTY: true, columns });
  expect(parseCommandLine([...words, '--help'])).toBeUndefined();
  write.mockRestore();
  return written.join('');
}

/** Every command as it is typed, also those below another. */
function all(table: readonly Command[], above: readonly string[] = []): readonly (readonly [string, Command])[] {
  return table.flatMap((command) => {
    const words = [...above, command.name];
    return [[words.join(' '), command] as const, ...all(command.subcommands ?? [], words)];
  });
}

describe.each(all(commands))('%s', (words, command) => {
  it.each([[60], [80]])('has help that a terminal of %i columns need not break', (columns) => {
    const lines = helpAt(columns, words.split(' ')).split('\n');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter(({ length }) => length > columns)).toEqual([]);
  });

  it('shows its arguments, its options and its examples there', () => {
    const help = helpAt(80, words.split(' '));
    for (const { line } of command.examples) expect(help).toContain(`\n  ${line}\n`);
    for (const name of Object.keys(command.arguments)) expect(help).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    for (const name of Object.keys(command.options))
      expect(help).toMatch(new RegExp(`^  --${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}[ \\n]`, 'm'));
  });

  it('has one to three examples, each of which is a command line of it', () => {
    expect(command.examples.length).toBeGreaterThan(0);
    expect(command.examples.length).toBeLessThan(4);
    for (const { line, purpose } of command.examples) {
      expect(parseCommandLine(wordsOf(line))?.command).toBe(command);
      expect(purpose).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('is summed up in a sentence without a full stop', () => {
    expect(command.summary).toMatch(/^[a-z].*[^.]$/);
  });
});

it('the help of all of them has no line that a terminal would break, and names each', () => {
  for (const columns of [60, 80]) {
    const help = helpAt(columns, []);
    expect(help.split('\n').filter(({ length }) => length > columns)).toEqual([]);
    for (const { name } of commands) expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  }
});

it('words that options take are those that the runner knows', () => {
  expect(init.options.example.choices).toEqual(Object.keys(EXAMPLES));
  expect(predict.options.format.choices).toEqual(TEXT_FORMATS);
});

/** As a shell splits it, without the program and without redirections. */
function wordsOf(line: string): readonly string[] {
  const [program, ...words] = line.match(/'[^']*'|\S+/g) ?? [];
  expect(program).toBe('pipeline');
  const redirection = words.findIndex((word) => /^[<>|]/.test(word));
  return words.slice(0, redirection === -1 ? undefined : redirection).map((word) => word.replace(/^'(.*)'$/, '$1'));
}
