import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { columnOf, parseTable, readTable } from '../../../src/data/tables/table.ts';
import { unlabelledExamples } from '../../../src/data/examples/examples.ts';
import { labelledExamples } from '../../helpers/class-examples.ts';
import { root, temporaryFolder } from '../../helpers/quickstart.ts';
import { errorOf } from '../support.ts';

const fixture = (name: string): string => join(root, 'test/fixtures/tables', name);
const folder = temporaryFolder();

it.each(['snappy', 'gzip', 'zstd'])('reads what pyarrow writes with %s, and integers beyond 2^53', async (codec) => {
  const table = await readTable(fixture(`small-${codec}.parquet`));
  expect(table.columns).toEqual(['id', 'text', 'target']);
  expect(table.rows).toEqual([
    ['9007199254740993', 'Flood on Mill Lane', '0'],
    ['2', 'calm é', '1'],
    ['3', 'Fire now', '0'],
    ['4', '', '1'],
  ]);
});

it('writes every kind of value as pandas would, and nested ones as JSON', async () => {
  const table = await readTable(fixture('values.parquet'));
  const expected = {
    id: ['9007199254740993', '123456789012345671', '3', '-4', '5', '6'],
    u: ['18446744073709551615', '1', '2', '3', '4', ''],
    text: ['Flood, "now"\non Mill Lane', 'calm é 🔥', '', '', 'd', 'e'],
    target: ['no', 'yes', 'no', 'yes', 'no', 'yes'],
    f: ['1.0', '0.1', '', '', '1e+16', '1e-07'],
    f32: ['1.0', '0.1', '3.4', '', '10000000000.0', '-0.0'],
    flag: ['true', 'false', '', 'true', 'false', 'true'],
    dec: ['12345678901234567890.12', '-0.05', '', '1.00', '2.50', '3.00'],
    day: ['2024-01-31', '', '1969-12-31', '2000-02-29', '2024-01-01', '2024-01-01'],
    at: ['2024-01-31 08:15:00', '', '1969-12-31 23:59:59.500', '2000-02-29 00:00:00', '2024-01-01 00:00:00', '2024-01-01 00:00:00'],
    tags: ['["a","b"]', '[]', '', '["é"]', '["x"]', '["y"]'],
    st: ['{"a":1,"b":"x"}', '', '{"a":9007199254740993,"b":null}', '{"a":2,"b":"y"}', '{"a":2,"b":"y"}', '{"a":2,"b":"y"}'],
  };
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, columnOf(table, name)]))).toEqual(expected);
});

it('writes maps as JSON, with their keys', async () => {
  expect((await readTable(fixture('maps.parquet'))).rows).toEqual([
    ['{"a":1,"é":2}', '{"1":"x"}', '[{"k":"v"}]'],
    ['{}', '{}', '[]'],
    ['', '', ''],
  ]);
});

it('refuses a column of bytes only where it is used', async () => {
  const table = await readTable(fixture('values.parquet'));
  expect(unlabelledExamples(table, { id: 'id', text: 'text' }).texts).toHaveLength(6);
  expect((await errorOf(() => unlabelledExamples(table, { id: null, text: 'raw' }))).problems[0]?.message).toBe(
    'the column "raw", which data.text names, cannot be used: its value in row 1 is no text in UTF-8',
  );
});

it('says of a file without lines no line, and of unusable texts nothing else', async () => {
  const table = await readTable(fixture('values.parquet'));
  const bytes = await errorOf(() => labelledExamples(table, { id: null, text: 'raw', target: 'target' }));
  expect(bytes.problems).toEqual([expect.objectContaining({ message: expect.stringContaining('is no text in UTF-8') as string })]);
  const [many] = (
    await errorOf(() =>
      labelledExamples({ ...table, rows: table.rows.map((row) => row.map(() => 'x')) }, { id: null, text: 'text', target: 'target' }),
    )
  ).problems;
  expect([many?.message, many?.line]).toEqual([expect.stringContaining('the same target'), undefined]);
});

it('says what is wrong with a damaged file, whatever its lengths say', async () => {
  const whole = readFileSync(fixture('small-snappy.parquet'));
  const said = async (bytes: Buffer): Promise<string> =>
    (await errorOf(() => parseTable(bytes, 'x.parquet', 'parquet'))).problems[0]?.message ?? '';
  expect(await said(whole.subarray(0, 300))).toMatch(/cut short/);
  expect(await said(Buffer.from('id,text\n1,a\n'))).toBe('the file is not Parquet');
  const wrong = Buffer.from(whole);
  wrong.fill(0xff, 20, 60);
  expect(await said(wrong)).toMatch(/the column "id" cannot be read/);
  expect(await said(Buffer.concat([whole.subarray(0, 4), Buffer.from('PAR1')]))).not.toBe('');
  const lying = Buffer.from(whole);
  lying.writeUInt32LE(whole.length * 2, whole.length - 8);
  expect(await said(lying)).not.toBe('');
});

it('refuses names of columns for a file that has its own', async () => {
  writeFileSync(join(folder, 'x.parquet'), readFileSync(fixture('small-zstd.parquet')));
  const error = await errorOf(() => readTable({ path: join(folder, 'x.parquet'), columns: ['a', 'b', 'c'] }));
  expect(error.problems[0]?.message).toMatch(/names the columns of a table without a header, and Parquet names its own/);
});
