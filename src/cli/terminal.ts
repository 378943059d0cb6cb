import picocolors from 'picocolors';
import { printable } from './render/text.ts';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Where output goes. Results are for stdout; progress, notes and errors are for stderr, so that a pipe gets the result alone. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  /** True where a person watches: both streams are terminals, and neither CI nor NO_COLOR is set. Else there is no colour and nothing moves. */
  readonly interactive: boolean;
  readonly colors: Colors;
  readonly columns: number;
  /** A result for a person, on stdout; nothing with --json. */
  result(text: string): void;
  /** The one JSON document, on stdout; only with --json. */
  document(value: unknown): void;
  /** What happens meanwhile, on stderr; nothing with --quiet. */
  note(text: string): void;
  /** An error, on stderr, always. */
  error(text: string): void;
}

export function openTerminal(options: { readonly json: boolean; readonly quiet: boolean }): Terminal {
  const { stdout, stderr, env } = process;
  // Node leaves isTTY undefined where a stream is no terminal, and picocolors would take that as a question.
  const interactive = [stdout, stderr].every(({ isTTY }) => Boolean(isTTY)) && !isSet(env['CI']) && !isSet(env['NO_COLOR']) && env['TERM'] !== 'dumb';
  const line = (stream: NodeJS.WriteStream, text: string): void => void stream.write(text.endsWith('\n') ? text : `${text}\n`);
  const harmless = (text: string): string => text.split(COLOUR_OR_LINE_END).map((part, i) => (i % 2 === 1 ? part : printable(part))).join('');
  return {
    ...options,
    interactive,
    colors: picocolors.createColors(interactive),
    columns: stdout.columns ?? DEFAULT_COLUMNS,
    result: (text) => {
      // In a pipe it may be a table, which has to stay as it is.
      if (!options.json) line(stdout, stdout.isTTY ? harmless(text) : text);
    },
    document: (value) => {
      if (options.json) line(stdout, JSON.stringify(value, null, 2));
    },
    note: (text) => {
      if (!options.quiet) line(stderr, harmless(text));
    },
    error: (text) => line(stderr, harmless(text)),
  };
}

const DEFAULT_COLUMNS = 100;

/** All that our own lines have of control characters. */
const COLOUR_OR_LINE_END = new RegExp(`(${String.fromCharCode(27)}\\[[\\d;]*m|\\n)`);

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false'].includes(variable);
}
