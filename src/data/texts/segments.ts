import { templateParts, type TemplatePart } from '../../core/text-template.ts';
import { valueAt } from '../../core/values.ts';
import { dataError } from '../problems.ts';
import { requiredColumn, type Table } from '../tables/index.ts';
import type { Text } from './text.ts';

/** What is written in `data.text`: a segment, or two. Each is a column, or a template such as `{keyword}: {text}`. */
export type TextColumns = string | readonly string[];

/** The columns that texts are made of, each once. */
export function textColumns(text: TextColumns): readonly string[] {
  const parts = segmentSources(text).flatMap(partsOf);
  return [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.column)))];
}

/** As they are written, one or two. */
export function segmentSources(text: TextColumns): readonly string[] {
  return [text].flat();
}

/** The column whose values the segment of a text is; null where a template makes it. */
export function wholeColumn(segment: string): string | null {
  const [first, ...others] = partsOf(segment);
  return first === undefined || typeof first === 'string' || others.length > 0 ? null : first.column;
}

/** The texts of a table. Throws a `data` error where a column is not there. */
export function textsIn(table: Table, text: TextColumns): readonly Text[] {
  const segments = segmentSources(text).map((segment) => filled(segment, (column) => requiredColumn(table, column), table.rows.length));
  return textsOfSegments(segments);
}

/** Segments by column, one or two, as texts. */
export function textsOfSegments([first = [], second]: readonly (readonly string[])[]): readonly Text[] {
  return second === undefined ? first : first.map((segment, row) => [segment, valueAt(second, row)] as const);
}

/** The texts of lines, each the value of the only column that is named; undefined where several are. */
export function textsOfLines(lines: readonly string[], text: TextColumns): readonly string[] | undefined {
  return typeof text === 'string' && textColumns(text).length === 1 ? filled(text, () => lines, lines.length) : undefined;
}

function filled(segment: string, columnOf: (name: string) => readonly string[], rows: number): readonly string[] {
  const columns = partsOf(segment).map((part) => (typeof part === 'string' ? part : columnOf(part.column)));
  const [only] = columns;
  if (columns.length === 1 && only !== undefined && typeof only !== 'string') return only;
  return Array.from({ length: rows }, (_, row) => columns.map((part) => (typeof part === 'string' ? part : valueAt(part, row))).join(''));
}

function partsOf(segment: string): readonly TemplatePart[] {
  const parts = templateParts(segment);
  if ('problem' in parts) throw dataError(`${segment}: ${parts.problem}`, 'data.text', [], 'Correct data.text.');
  return parts;
}
