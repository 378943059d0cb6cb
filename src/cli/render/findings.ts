import type { Finding } from '../../runner/index.ts';
import type { Colors } from '../terminal.ts';
import { printable } from './layout/text.ts';
import { wrapped } from './layout/width.ts';

/** Each finding with its places and what can be done about it, one below the other. */
export function findingLines(findings: readonly Finding[], colors: Colors): readonly string[] {
  const below = (text: string): readonly string[] =>
    wrapped(text, (colors.columns ?? Infinity) - INDENT.length).map((line) => `${INDENT}${line}`);
  return findings.flatMap(({ severity, message, examples, remedy }) => {
    const [first = '', ...rest] = below(printable(message));
    const mark = `  ${severity === 'warning' ? colors.yellow('warning') : colors.dim('info   ')}  `;
    return [
      mark + first.slice(INDENT.length),
      ...rest,
      ...examples
        .flatMap(({ table, rows, text }) =>
          below(`${table} row${rows.length === 1 ? '' : 's'} ${rows.join(', ')}: ${JSON.stringify(printable(text))}`),
        )
        .map(colors.dim),
      ...(remedy === undefined ? [] : below(printable(remedy))),
    ];
  });
}

/** Below the message. */
const INDENT = ' '.repeat('  warning  '.length);
