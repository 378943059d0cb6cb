import type { Colors } from '../../terminal.ts';

/** A titled part of an answer; one without lines is left out. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Titles flush left, their lines indented, an empty line between parts. */
export function sections(parts: readonly Section[], colors: Colors): string {
  return parts
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) =>
      [colors.bold(title), ...lines.flatMap((line) => line.split('\n')).map((line) => (line === '' ? '' : `  ${line}`))].join('\n'),
    )
    .join('\n\n');
}
