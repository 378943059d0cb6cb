import { buffer } from 'node:stream/consumers';
import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { unlabelledExamples, type Examples } from '../data/examples.ts';
import { parseTable, readTable, type Table } from '../data/table.ts';

/** Texts to classify, from a table or, for `-`, from stdin. Rows without an id column are numbered from 0. */
export async function readTexts(input: string, columns: Pick<Experiment['data'], 'id' | 'text'>): Promise<Examples> {
  if (input !== '-') return ofTable(await readTable(input), columns);
  const bytes = await buffer(process.stdin);
  const text = bytes.toString('utf8');
  if (text.trimStart().startsWith('{')) return ofTable(await parseTable(bytes, 'stdin', 'jsonl'), columns);
  const texts = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (texts.length === 0) {
    throw new OrtrainError('data', 'stdin is empty', { subject: 'stdin', remedy: 'Write one text a line, or one JSON object a line with the text column.' });
  }
  return { ids: texts.map((_, row) => String(row)), texts };
}

/** New texts need no id, though the run's own data had one. */
function ofTable(table: Table, { id, text }: Pick<Experiment['data'], 'id' | 'text'>): Examples {
  return unlabelledExamples(table, { text, id: id !== null && table.columns.includes(id) ? id : null });
}
