import type { Finding } from '../../runner/index.ts';
import type { Colors } from '../terminal.ts';
import { printable } from './text.ts';

/** Each finding with its places and what can be done about it, one below the other. */
export function findingLines(findings: readonly Finding[], colors: Colors): readonly string[] {
  return findings.flatMap(({ severity, message, examples, remedy }) => [
    `  ${severity === 'warning' ? colors.yellow('warning') : colors.dim('info   ')}  ${printable(message)}`,
    ...examples.map(({ table, rows, text }) => colors.dim(`${INDENT}${table} row${rows.length === 1 ? '' : 's'} ${rows.join(', ')}: ${JSON.stringify(printable(text))}`)),
    ...(remedy === undefined ? [] : [`${INDENT}${printable(remedy)}`]),
  ]);
}

/** Below the message. */
const INDENT = ' '.repeat('  warning  '.length);
