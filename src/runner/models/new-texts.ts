import { valueAt } from '../../core/values.ts';
import { tableKind } from '../../core/table-files.ts';
import { OrtrainError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { unlabelledExamples, type ExampleColumns, type Examples } from '../../data/examples/index.ts';
import { parseLines, parseTable, readContent, readTableAside, type Table } from '../../data/tables/index.ts';
import { textColumns, textsOfLines } from '../../data/texts/index.ts';

/** How texts to classify can be written: one a line, or as a table. */
export const TEXT_FORMATS = ['lines', 'csv', 'tsv', 'jsonl'] as const;

export interface TextOptions {
  /** What the input is where its name does not say it. */
  readonly format?: (typeof TEXT_FORMATS)[number];
  /** UTF-8 where it is left out. */
  readonly encoding?: string;
  /** Names of the columns of a table without a header. */
  readonly columns?: readonly string[];
  /** Hears how the input is understood, where that could be otherwise. */
  readonly onNotice: (message: string) => void;
}

/**
 * Texts to classify, from a file. Rows without an id column are numbered from 0.
 *
 * @param columns of the run's tables, likeliest first
 */
export async function readTexts(input: string, columns: readonly ExampleColumns[], options: TextOptions): Promise<Examples> {
  const isTxt = /^\.txt\b/i.test(tableKind(input)?.ending ?? '');
  if (options.format === undefined && !isTxt) {
    const reading = {
      path: input,
      columns: options.columns ?? null,
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
    };
    return ofTable(await readTableAside(reading), columns, options);
  }
  const { bytes } = await readContent(input, options.format !== undefined);
  return textsOf(bytes, columns, options, input);
}

/**
 * The texts in some bytes. Where no format is asked for, they are a table in JSON lines or CSV if they begin like one that has the
 * column, and else one text a line; an empty line is an empty text.
 */
export async function textsOf(
  bytes: Uint8Array,
  columns: readonly ExampleColumns[],
  options: TextOptions,
  file = 'stdin',
): Promise<Examples> {
  if (bytes.length === 0) throw unusable(`${file} is empty`, 'Write one text per line, or a table and its --format.');
  const format = options.format ?? likelyFormat(bytes, columns, file === 'stdin', options.columns);
  if (format !== 'lines') {
    const why =
      options.columns === undefined
        ? whyTable(columns)
        : '--columns names its columns; --format says how it is written';
    if (options.format === undefined) options.onNotice(`${file} is read as a table (${format}), because ${why}`);
    return ofTable(await parseTable(bytes, file, format, options), columns, options);
  }
  if (options.columns !== undefined) {
    throw unusable('--columns names the columns of a table, and --format lines takes each line for a text', 'Leave out one of the two.');
  }
  const { text } = valueAt(columns, 0);
  if (typeof text !== 'string') {
    const names = textColumns(text).map((name) => JSON.stringify(name)).join(', ');
    throw unusable('the run reads pairs of texts, and a line holds one', `Write a table with the columns ${names}, as csv, tsv or jsonl.`);
  }
  const lines = parseLines(bytes, file, options.encoding);
  const made = textsOfLines(lines, text);
  if (made === undefined) options.onNotice(`each line is taken for a whole text, as data.text ${JSON.stringify(text)} makes one of a row`);
  return { ids: lines.map((_, row) => String(row)), texts: made ?? lines };
}

function whyTable([first]: readonly ExampleColumns[]): string {
  return typeof first?.text === 'string'
    ? 'it begins like one with the text column; --format lines takes each line for a text'
    : 'the run reads pairs of texts; --format says how it is written';
}

const SEEN_BYTES = 65_536;

function likelyFormat(
  bytes: Uint8Array,
  columns: readonly ExampleColumns[],
  isStdin: boolean,
  given: readonly string[] | undefined,
): (typeof TEXT_FORMATS)[number] {
  const beginning = new TextDecoder().decode(bytes.subarray(0, SEEN_BYTES)).trimStart();
  const [first = ''] = beginning.split(/\r\n|\n|\r/, 1);
  if (given !== undefined) return first.split('\t').length === given.length && given.length > 1 ? 'tsv' : 'csv';
  if (/^\{\s*"/.test(beginning)) return 'jsonl';
  const names = (separator: string): boolean => {
    const cells = first.split(separator).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
    return columns.some(({ text }) => textColumns(text).every((column) => cells.includes(column)));
  };
  if (first.includes('\t') && names('\t')) return 'tsv';
  if (columns.every(({ text }) => typeof text !== 'string')) return first.includes('\t') ? 'tsv' : 'csv';
  return (isStdin || first.includes(',')) && names(',') ? 'csv' : 'lines';
}

/** New texts need no id, though the run's own data had one; a column that may well be it is not passed over in silence. */
function ofTable(table: Table, columns: readonly ExampleColumns[], { onNotice }: TextOptions): Examples {
  const hasTexts = ({ text }: ExampleColumns): boolean => textColumns(text).every((column) => table.columns.includes(column));
  const { text } = columns.find(hasTexts) ?? valueAt(columns, 0);
  const runIds = columns.flatMap((each) => each.id ?? []);
  const id = runIds.find((name) => table.columns.includes(name)) ?? null;
  const others = table.columns.filter((column) => !textColumns(text).includes(column));
  const [likely] = id === null ? runIds.flatMap((name) => nearest(name, others) ?? []) : [];
  if (likely !== undefined) {
    onNotice(
      `the rows of ${table.file} are numbered from 0: the ids of the run are in a column "${valueAt(runIds, 0)}", and ` +
        `this table has only "${likely}"`,
    );
  }
  return unlabelledExamples(table, { text, id });
}

function unusable(message: string, remedy: string): OrtrainError {
  return new OrtrainError('data', message, { subject: 'stdin', remedy });
}
