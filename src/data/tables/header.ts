import type { TableFormat } from '../../core/table-files.ts';
import { isFiniteNumber } from './decimal.ts';
import { quoted, quotedList } from '../problems.ts';

/** Names for columns that have none, as pandas gives them: the place from 0. A name that another column has gets a number after it. */
export function namedColumns(header: readonly string[]): { readonly columns: readonly string[]; readonly unnamed: ReadonlySet<string> } {
  const taken = new Set(header);
  const unnamed = new Set<string>();
  const columns = header.map((name, place) => {
    if (name.trim() !== '') return name;
    const plain = `Unnamed: ${place}`;
    let made = plain;
    for (let number = 1; taken.has(made); number += 1) made = `${plain}.${number}`;
    taken.add(made);
    unnamed.add(made);
    return made;
  });
  return { columns, unnamed };
}

/** What a first line says that is no header of a comma-separated or tab-separated table. */
export interface NoHeader {
  readonly message: string;
  readonly remedy: string;
}

const SEPARATORS: readonly { readonly character: string; readonly name: string; readonly remedy: string }[] = [
  { character: ';', name: 'semicolons', remedy: 'Save the file with commas, as CSV in UTF-8.' },
  { character: '\t', name: 'tabs', remedy: 'Give the file a name that ends in .tsv.' },
  { character: '|', name: 'the character |', remedy: 'Save the file with commas, as CSV in UTF-8.' },
  { character: ',', name: 'commas', remedy: 'Give the file a name that ends in .csv.' },
];

/** Excel's own first line, or another separator than the name of the file says. `beginning`: the file's first lines. */
export function notSeparated(beginning: string, format: TableFormat): NoHeader | undefined {
  const lines = beginning.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const own = format === 'tsv' ? '\t' : ',';
  const [line = '', ...others] = lines.slice(0, SEEN_LINES);
  const hint = /^"?sep=([^"]?)"?$/i.exec(line);
  if (hint !== null) {
    const separator = SEPARATORS.find(({ character }) => character === hint[1]);
    const also = separator === undefined || separator.character === own ? '' : `, and the columns are separated by ${separator.name}`;
    return {
      message: `the first line is ${quoted(line)}, a hint for Excel and no header${also}`,
      remedy: `Remove the first line. ${separator?.character === own ? '' : (separator?.remedy ?? '')}`.trim(),
    };
  }
  const first = withoutQuoted(line);
  if (first.includes(own)) return undefined;
  const found = SEPARATORS.find(({ character }) => character !== own && first.includes(character) && isInMost(others, character));
  if (found === undefined) return undefined;
  return { message: `the columns are separated by ${found.name}`, remedy: found.remedy };
}

const SEEN_LINES = 20;

/** What is quoted separates nothing. */
const withoutQuoted = (line: string): string => line.replace(/"[^"]*"/g, '');

/** A separator stands in nearly every line; other characters do so by chance. */
function isInMost(lines: readonly string[], character: string): boolean {
  return lines.filter((line) => withoutQuoted(line).includes(character)).length >= lines.length / 2;
}

/**
 * Whether the names of the columns look like the cells below them, so that the file has no header: a number above numbers, a value that
 * comes again in its column, or a whole sentence. The numbers from 0 on are what pandas writes for columns without names.
 */
export function looksLikeRow(columns: readonly string[], rows: readonly (readonly string[])[]): boolean {
  if (columns.every((name, place) => name === String(place))) return false;
  const seen = rows.slice(0, SEEN_ROWS);
  return columns.some((name, place) => {
    if (name.trim() === '') return false;
    const cells = seen.map((row) => row[place] ?? '');
    const again = cells.filter((cell) => cell === name).length;
    const isOneOfNumbers = isFiniteNumber(name) && cells.length > 0 && cells.filter(isFiniteNumber).length >= 0.9 * cells.length;
    return isOneOfNumbers || (again >= 2 && again >= cells.length / 100) || (name.split(/\s+/).length > LONGEST_NAME && !/[_]/.test(name));
  });
}

const SEEN_ROWS = 1000;
/** In words. */
const LONGEST_NAME = 7;

/** What to say of a file that looks as if it had no header. */
export function headerless(columns: readonly string[]): NoHeader {
  return {
    message: `the file seems to have no header: its first line reads like a row, ${quotedList(columns, 5)}`,
    remedy: `Name its ${columns.length} columns in data.columns, for example columns: [${columns
      .map((_, i) => 'abcdefghijklmnopqrstuvwxyz'[i] ?? `c${i}`)
      .slice(0, 6)
      .join(', ')}${columns.length > 6 ? ', …' : ''}], or write them on a first line. (With predict: --columns.)`,
  };
}
