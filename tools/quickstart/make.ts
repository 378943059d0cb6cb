/**
 * Writes configs/quickstart/: `npx tsx tools/quickstart/make.ts`. The same seed gives the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { RandomState } from '../../src/core/random.ts';
import { handwritten } from './handwritten.ts';
import { distinctMessages, type Message } from './messages.ts';
import { tokenizerJson } from './vocabulary.ts';

const seed = 20;
const trainRows = 900;
const testRows = 200;
const folder = new URL('../../configs/quickstart/', import.meta.url);

function main(): void {
  const random = new RandomState(seed);
  const generated = distinctMessages(trainRows + testRows - handwritten.length, random);
  const written = handwritten.map(([target, keyword, text]): Message => ({ target, keyword, text }));
  const train = [...generated.slice(testRows), ...written];
  const test = generated.slice(0, testRows);

  // Train and test rows share one numbering, so the ids of either file have gaps.
  const ids = random.permutation(trainRows + testRows);
  const trainTable = train.map(({ keyword, text, target }, i) => [`${ids[i]}`, keyword, text, `${target}`]);
  const testTable = test.map(({ keyword, text }, i) => [`${ids[trainRows + i]}`, keyword, text]);
  const sample = testTable.map(([id = '']) => [id, '0']);

  writeCsv('train.csv', ['id', 'keyword', 'text', 'target'], trainTable);
  writeCsv('test.csv', ['id', 'keyword', 'text'], testTable);
  writeCsv('sample_submission.csv', ['id', 'target'], sample);

  const config = JSON.parse(readFileSync(new URL('model/config.json', folder), 'utf8')) as { readonly vocab_size: number };
  const tokenizer = tokenizerJson(train.map(({ text }) => text), config.vocab_size);
  writeFileSync(new URL('model/tokenizer.json', folder), `${JSON.stringify(tokenizer, null, 1)}\n`);
}

/** Rows are written in the order of their ids. */
function writeCsv(name: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const cell = (value: string): string => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const sorted = [...rows].sort(([a], [b]) => Number(a) - Number(b));
  writeFileSync(new URL(name, folder), [header, ...sorted].map((row) => `${row.map(cell).join(',')}\n`).join(''));
}

main();
