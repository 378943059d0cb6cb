import { templateParts, type TemplatePart } from '../../core/text-template.ts';
import { valueAt } from '../../core/values.ts';
import { dataError } from '../problems.ts';
import { requiredColumn, type Table } from '../tables/index.ts';

/** What is written in `data.text`: a column, or a template such as `{keyword}: {text}`. */
export type TextColumns = string;

/** The columns that texts are made of, each once. */
export function textColumns(text: TextColumns): readonly string[] {
  return [...new Set(partsOf(text).flatMap((part) => (typeof part === 'string' ? [] : [part.column])))];
}

/** The column whose values the texts are; null where a template makes them. */
export function wholeColumn(text: TextColumns): string | null {
  const [first, ...others] = partsOf(text);
  return first === undefined || typeof first === 'string' || others.length > 0 ? null : first.column;
}

/** The texts of a table. Throws a `data` error where a column is not there. */
export function textsIn(table: Table, text: TextColumns): readonly string[] {
  return filled(partsOf(text), (column) => requiredColumn(table, column), table.rows.length);
}

/** The texts of lines, each the value of the only column that is named; undefined where several are. */
export function textsOfLines(lines: readonly string[], text: TextColumns): readonly string[] | undefined {
  return textColumns(text).length === 1 ? filled(partsOf(text), () => lines, lines.length) : undefined;
}

function filled(parts: readonly TemplatePart[], columnOf: (name: string) => readonly string[], rows: number): readonly string[] {
  const columns = parts.map((part) => (typeof part === 'string' ? part : columnOf(part.column)));
  const [only] = columns;
  if (columns.length === 1 && only !== undefined && typeof only !== 'string') return only;
  return Array.from({ length: rows }, (_, row) => columns.map((part) => (typeof part === 'string' ? part : valueAt(part, row))).join(''));
}

function partsOf(segment: string): readonly TemplatePart[] {
  const parts = templateParts(segment);
  if ('problem' in parts) throw dataError(`${segment}: ${parts.problem}`, 'data.text', [], 'Correct data.text.');
  return parts;
}
