import type { TableFormat } from '../../core/table-files.ts';
import { MOST_PROBLEMS, type PlacedProblem, type ProblemKind, type Records } from './records.ts';

/** What to do about the kinds of problems that a file has, and where there are none about its header. */
export function remedyFor(format: TableFormat, problems: readonly PlacedProblem[], isHeaderless: boolean, records?: Records): string {
  const kinds = [...new Set(problems.flatMap(({ kind }) => kind ?? []))];
  const [first, second] = kinds.map((kind) => (kind === 'ragged' ? raggedRemedy(format, problems, isHeaderless, records) : REMEDIES[kind]));
  if (first !== undefined) return second === undefined ? first : `${first} ${second}`;
  return isHeaderless ? 'Leave out data.columns, or set columns: null for this table.' : HEADERS[format];
}

/** Rows that all have one number of fields are right, and the names are not; others have too few fields or too many. */
function raggedRemedy(
  format: TableFormat,
  problems: readonly PlacedProblem[],
  isHeaderless: boolean,
  { columns, rows }: Pick<Records, 'columns' | 'rows'> = { columns: [], rows: [] },
): string {
  const widths = problems.flatMap(({ fields }) => fields ?? []);
  const width = Math.min(...widths);
  const isEvery = widths.length > 1 && widths.length === Math.min(rows.length, MOST_PROBLEMS) && widths.every((fields) => fields === width);
  if (isEvery && isHeaderless)
    return (
      `Name as many columns in columns as the rows have fields, ${width}; a table with others has a list of its own, as ` +
      'in data.test: { path, columns }.'
    );
  if (isEvery && columns.length === 1 && width > 1)
    return 'Remove the first line, if it is a title or a comment above the names of the columns; otherwise name all columns there.';
  if (isEvery && width === columns.length + 1)
    return (
      'Name the column that the first line leaves out, or begin that line, or end it, with a separator: a column ' +
      'that is not used needs no name.'
    );
  if (isEvery && width > columns.length) return `Name all ${width} columns on the first line.`;
  const own = isHeaderless ? 'Name as many columns in columns as the rows have fields. ' : '';
  const isShort = widths.length > 0 && Math.max(...widths) < columns.length;
  const remedy = isShort
    ? 'Complete the rows with fewer fields: they were cut short, or a text contains a line break without quotes around it.'
    : TOO_MANY[format === 'tsv' ? 'tsv' : 'csv'];
  return `${own}${remedy}`;
}

const REMEDIES: Readonly<Record<Exclude<ProblemKind, 'ragged'>, string>> = {
  encoding:
    'Set data.encoding (with init and predict, --encoding) to what the file is written in, for example latin1 ' +
    '(which means windows-1252), or save it in UTF-8.',
  nul: 'Find out what wrote the NUL bytes: text has none, UTF-16 and binary files do.',
  quote: 'Close the quote, or write quotes inside a quoted field twice; a field that holds a quote has to be quoted.',
  'tsv-quote': 'Write each row on one line, or save the file as CSV, where quoted fields may hold line breaks.',
  swallowed:
    'Close the quote at the beginning of the field, or write it twice in a quoted field. ' +
    'Texts that do hold such lines can be kept in JSON lines.',
  json: 'Write one JSON object for each row, with the same names for the same things.',
  'json-quotes': 'Write it as JSON: Python prints objects with single quotes, and json.dumps writes them with double ones.',
  'json-commas':
    'Take the commas off the ends of the lines; or put [ before the first and ] after the last object, and name the file .json.',
  'json-numbers': 'Write null for a number that is missing; in Python, json.dumps(…, allow_nan=False) finds it.',
};

const TOO_MANY = {
  csv: 'Put quotes around fields that hold commas, quotes or line breaks.',
  tsv: 'Take tabs and line breaks out of the texts, or put a field with tabs in quotes.',
} as const;

const HEADERS: Readonly<Record<TableFormat, string>> = {
  csv: 'The first line names the columns, each once, and rows follow.',
  tsv: 'The first line names the columns, each once, and rows follow.',
  jsonl: 'Write one JSON object a line, with the names of the columns as keys.',
  json: 'Write an array of JSON objects, with the names of the columns as keys.',
  parquet: 'Write the table again, with text columns for texts.',
};
