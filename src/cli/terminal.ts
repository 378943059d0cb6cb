import picocolors from 'picocolors';
import { printable } from './render/layout/text.ts';
import { folded } from './render/layout/width.ts';

/** How a result looks: its colours, and how many columns there are for it; absent where it is no terminal, and nothing is folded. */
export type Colors = ReturnType<typeof picocolors.createColors> & { readonly columns?: number | undefined };

/** Where output goes. Results are for stdout; progress, messages and errors are for stderr, so that a pipe gets the result alone. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether a person watches: both streams are terminals, and neither CI nor NO_COLOR is set. Else nothing is coloured or redrawn. */
  readonly interactive: boolean;
  readonly colors: Colors;
  /**
   * A result for a person, on stdout; nothing with --json. On a terminal, lines that are too long are continued below, between words;
   * not where it is `verbatim`, as a table for programs is.
   */
  result(text: string, how?: { readonly verbatim?: boolean }): void;
  /** The one JSON document, on stdout; only with --json. */
  document(value: unknown): void;
  /** What happens meanwhile, on stderr; nothing with --quiet. */
  log(text: string): void;
  /** An error, on stderr, always. */
  error(text: string): void;
}

export function openTerminal(options: { readonly json: boolean; readonly quiet: boolean }): Terminal {
  const { stdout, stderr, env } = process;
  // Node leaves isTTY undefined where a stream is no terminal, and picocolors would take that as a question.
  const interactive =
    [stdout, stderr].every(({ isTTY }) => Boolean(isTTY)) && !isSet(env['CI']) && !isSet(env['NO_COLOR']) && env['TERM'] !== 'dumb';
  const line = (stream: NodeJS.WriteStream, text: string): void => void stream.write(text.endsWith('\n') ? text : `${text}\n`);
  const harmless = (text: string): string =>
    text
      .split(COLOUR_OR_LINE_END)
      .map((part, i) => (i % 2 === 1 ? part : printable(part)))
      .join('');
  const fitting = (stream: NodeJS.WriteStream, text: string): string => folded(harmless(text), columnsOf(stream) ?? Infinity);
  return {
    ...options,
    interactive,
    colors: {
      ...picocolors.createColors(interactive),
      // A window may be made wider while a run goes on.
      get columns() {
        return columnsOf(stdout);
      },
    },
    result: (text, { verbatim = false } = {}) => {
      // In a pipe it may be a table, which has to stay as it is.
      if (!options.json) line(stdout, !stdout.isTTY ? text : verbatim ? harmless(text) : fitting(stdout, text));
    },
    document: (value) => {
      if (options.json) line(stdout, JSON.stringify(value, null, 2));
    },
    log: (text) => {
      if (!options.quiet) line(stderr, fitting(stderr, text));
    },
    error: (text) => line(stderr, fitting(stderr, text)),
  };
}

/** Undefined where the stream is no terminal, or one that does not know. Fewer than the least are no use to anybody. */
function columnsOf({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  return isTTY && columns > 0 ? Math.max(LEAST_COLUMNS, columns) : undefined;
}

const LEAST_COLUMNS = 20;

/** All that our own lines have of control characters. */
const COLOUR_OR_LINE_END = new RegExp(`(${String.fromCharCode(27)}\\[[\\d;]*m|\\n)`);

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false'].includes(variable);
}
