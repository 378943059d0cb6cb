import { printable } from '../../../core/printable.ts';

/** A text in which Markdown and HTML see nothing to do, in one line. */
export function shown(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>()#+!|~]/g, (mark) => `\\${mark}`);
}

/** A text as code, whatever backticks are in it; a bar would end a cell of a table. */
export function code(text: string): string {
  const plain = printable(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${plain}${fence}` : `${fence} ${plain} ${fence}`;
}

const MOST_LISTED = 50;

/** `a`, `b` and 3 more */
export function listed(names: readonly string[]): string {
  const all = names.slice(0, MOST_LISTED).map(code).join(', ');
  return names.length <= MOST_LISTED ? all : `${all} and ${names.length - MOST_LISTED} more`;
}

export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
