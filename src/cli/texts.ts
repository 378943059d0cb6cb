import { isUtf8 } from 'node:buffer';
import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { unlabelledExamples, type Examples } from '../data/examples.ts';
import { readTableAside } from '../data/large-tables.ts';
import { parseTable, type Table } from '../data/table.ts';

type Columns = Pick<Experiment['data'], 'id' | 'text'>;

/** Texts to classify, from a table or, for `-`, from stdin. Rows without an id column are numbered from 0. */
export async function readTexts(input: string, columns: Columns): Promise<Examples> {
  return input === '-' ? textsOf(await stdinBytes(), columns) : ofTable(await readTableAside(input), columns);
}

/** The texts in the bytes of stdin: a table in CSV, where its first line names the text column; JSON objects, one a line; or else one text a line. */
export async function textsOf(bytes: Uint8Array, columns: Columns): Promise<Examples> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (text.trimStart().startsWith('{')) return ofTable(await parseTable(bytes, 'stdin', 'jsonl'), columns);
  if (!isUtf8(bytes)) throw unusable('stdin is not UTF-8', 'Write the texts in UTF-8.');
  const nul = text.indexOf('\0');
  if (nul !== -1) throw unusable(`stdin holds a NUL byte in line ${text.slice(0, nul).split('\n').length} and so is not text`, HOW);
  const texts = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (texts.length === 0) throw unusable('stdin is empty', HOW);
  if (namesColumn(texts[0] ?? '', columns.text)) return ofTable(await parseTable(bytes, 'stdin', 'csv'), columns);
  return { ids: texts.map((_, row) => String(row)), texts };
}

/** Whether a line is the header of a table in CSV with this column. */
function namesColumn(line: string, column: string): boolean {
  return line.replace(/^\uFEFF/, '').split(',').some((name) => name.trim().replace(/^"(.*)"$/, '$1') === column);
}

const HOW = 'Write one text a line, a table in CSV, or one JSON object a line with the text column.';

/** What Node can hold as one text. */
const MOST_BYTES = 2 ** 29 - 24;

async function stdinBytes(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw unusable('stdin is longer than 512 MB', 'Write the texts in several parts.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** New texts need no id, though the run's own data had one. */
function ofTable(table: Table, { id, text }: Columns): Examples {
  return unlabelledExamples(table, { text, id: id !== null && table.columns.includes(id) ? id : null });
}

function unusable(message: string, remedy: string): OrtrainError {
  return new OrtrainError('data', message, { subject: 'stdin', remedy });
}
