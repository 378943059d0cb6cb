import { nullable, optional, text } from '../core/shapes.ts';
import { segmentSources, segmentsOf, textsOfSegments, wholeColumn, type Text, type TextColumns } from '../data/texts/index.ts';
import type { ColumnsFile } from '../data/tables/index.ts';

/** The columns that hold segments as they are, each null where a template makes it; `second_text` where texts are pairs. */
export const namedTexts = { text: nullable(text), second_text: optional(nullable(text)) } as const;

export interface NamedTexts {
  readonly text: string | null;
  readonly second_text?: string | null;
}

const [FIRST, SECOND] = ['text', 'text:2'];

export function namedTextsOf(columns: TextColumns): NamedTexts {
  const [first = '', second] = segmentSources(columns);
  return { text: wholeColumn(first), ...(second === undefined ? {} : { second_text: wholeColumn(second) }) };
}

/** Columns of texts, one a segment. */
export function textColumnsOf(texts: readonly Text[], named: NamedTexts): readonly (readonly [name: string, values: readonly string[]])[] {
  const segment = (at: 0 | 1): readonly string[] => texts.map((each) => segmentsOf(each)[at] ?? '');
  return named.second_text === undefined ? [[FIRST, segment(0)]] : [[FIRST, segment(0)], [SECOND, segment(1)]];
}

/** The number of values that these columns have to have. */
export function textLengths(rows: number, named: NamedTexts): Readonly<Record<string, number>> {
  return { [FIRST]: rows, ...(named.second_text === undefined ? {} : { [SECOND]: rows }) };
}

export function readTextColumns(file: ColumnsFile, { second_text: second }: NamedTexts): readonly Text[] {
  return textsOfSegments(second === undefined ? [file.texts(FIRST)] : [file.texts(FIRST), file.texts(SECOND)]);
}

/** Where the values of a column of the table stand that is a segment as it is; undefined where it is none. */
export function placeOf(name: string, { text: first, second_text: second }: NamedTexts): string | undefined {
  return name === first ? FIRST : name === second ? SECOND : undefined;
}
