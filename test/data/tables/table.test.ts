import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TableFormat } from '../../../src/core/table-files.ts';
import { columnOf, parseTable, readTable, type Table } from '../../../src/data/tables/table.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { errorOf } from '../support.ts';

const parse = (content: string | Uint8Array, format: TableFormat = 'csv'): Promise<Table> =>
  parseTable(typeof content === 'string' ? Buffer.from(content) : content, `x.${format}`, format);

const problemsOf = async (content: string | Uint8Array, format: TableFormat = 'csv') => {
  const error = await errorOf(() => parse(content, format));
  expect(error.code).toBe('data');
  expect(error.subject).toBe(`x.${format}`);
  expect(error.remedy).toMatch(/^[A-Z].*\.$/);
  for (const problem of error.problems) expect(problem.file).toBe(`x.${format}`);
  return error.problems.map((problem) => ({ ...problem, file: undefined }));
};

describe('CSV', () => {
  it('has columns, rows and the lines on which rows start', async () => {
    const table = await parse('id,text\n1,"two\nlines, ""quoted"""\n\n2,🔥 é\n3,');
    expect(table.columns).toEqual(['id', 'text']);
    expect(table.rows).toEqual([['1', 'two\nlines, "quoted"'], ['2', '🔥 é'], ['3', '']]);
    expect([...table.lines]).toEqual([2, 5, 6]);
    expect(columnOf(table, 'id')).toEqual(['1', '2', '3']);
    expect(columnOf(table, 'Id')).toBeUndefined();
  });

  it('may have a byte order mark and any line ends', async () => {
    const table = await parse('\uFEFFa,b\r\n1,"x\r\ny"\r\n\r\n2,z\n3,w\r4,v');
    expect(table.columns).toEqual(['a', 'b']);
    expect(table.rows).toEqual([['1', 'x\r\ny'], ['2', 'z'], ['3', 'w'], ['4', 'v']]);
    expect([...table.lines]).toEqual([2, 5, 6, 7]);
  });

  it('names all ragged rows at once', async () => {
    expect(await problemsOf('a,b\n1,"2\n2"\n3\n4,5\n6,7,8\n')).toEqual([
      { message: 'the row has 1 field, the header has 2', row: 2, line: 4 },
      { message: 'the row has 3 fields, the header has 2', row: 4, line: 6 },
    ]);
  });

  it.each([
    ['a title above the header', '# from the lab\nid,text\n1,a\n2,b\n', /^Remove the first line/],
    ['row names without a name, as R writes them', 'id,text\n1,1,a\n2,2,b\n', /^Name the column that the first line leaves out/],
    ['a comma at the end of every row but the first', 'id,text\n1,a,\n2,b,\n', /^Name the column that the first line leaves out/],
    ['more columns than names', 'id,text\n1,a,b,c\n2,a,b,c\n', /^Name all 4 columns on the first line/],
    ['a row cut short', 'id,text\n1,a\n2\n', /^Complete the rows with fewer fields/],
    ['a comma in a text', 'id,text\n1,a\n2,b, c\n', /^Put quotes around fields/],
    ['one row that is too long', 'id,text\n2,b, c\n', /^Put quotes around fields/],
  ])('says what to do about %s', async (_, text, remedy) => {
    for (const format of ['csv', 'tsv'] as const) {
      const error = await errorOf(() => parse(format === 'csv' ? text : text.replaceAll(',', '\t'), format));
      expect(error.remedy).toMatch(format === 'tsv' && remedy.source.includes('quotes') ? /^Take tabs/ : remedy);
    }
  });

  it('says of a folder that it is one, and of a slash that it stands there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ortrain-'));
    writeFileSync(join(folder, 'a.csv'), 'a\n1\n');
    expect(await errorOf(() => readTable(folder))).toMatchObject({
      problems: [{ message: 'it is a directory' }],
      remedy: 'Name a file in it.',
    });
    expect((await errorOf(() => readTable(`${folder}/a.csv/`))).problems).toMatchObject([
      { message: 'the path ends in a slash, as that of a folder' },
    ]);
  });

  it('shows twenty problems and counts the others', async () => {
    const problems = await problemsOf(`a,b\n${'x\n'.repeat(50)}`);
    expect(problems).toHaveLength(21);
    expect(problems[20]).toEqual({ message: 'and 30 more' });
  });

  it('finds a stray quote where it is opened', async () => {
    expect(await problemsOf('a,b\n0,0\n1,"2\n3,4\n5,6\n')).toEqual([
      { message: 'a quote is opened in column "b" and never closed', row: 2, line: 3 },
    ]);
    expect(await problemsOf('a,b\n0,0,0\n"1" x,2\n')).toEqual([
      { message: 'the row has 3 fields, the header has 2', row: 1, line: 2 },
      { message: 'text follows a closing quote in column "a"; a quote inside a quoted field is written twice', row: 2, line: 3 },
    ]);
    expect(await problemsOf('a,b\n1,5" pipe\n')).toEqual([
      { message: 'an unquoted field contains a quote in column "b"', row: 1, line: 2 },
    ]);
    expect(await problemsOf('a,"b\n1,2\n')).toEqual([{ message: 'a quote is opened and never closed', line: 1 }]);
  });

  it('needs names that differ', async () => {
    expect(await problemsOf('a,,b,a\n1,2,3,4\n')).toEqual([
      { message: 'columns 1 and 4 are both named "a"', line: 1, field: 'a' },
    ]);
  });

  it('needs rows', async () => {
    expect(await problemsOf('')).toEqual([{ message: 'the file has no bytes' }]);
    expect(await problemsOf('\n\n')).toEqual([{ message: 'the file has no header and no rows', line: 1 }]);
    expect(await problemsOf('a,b\n')).toEqual([{ message: 'the file has a header and no rows', line: 1 }]);
  });

  it('is UTF-8 without NUL', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\uFEFFa,b\n1,é\n2,'),
      Buffer.from([0xe9, 0x41, 0x0a]),
      Buffer.from('3,\0\n'),
      Buffer.from([0xff]),
    ]);
    expect(await problemsOf(bytes)).toEqual([
      { message: 'byte 15 of the file (0xe9) is not valid UTF-8', row: 2, line: 3 },
      { message: 'byte 20 of the file is NUL', row: 3, line: 4 },
      { message: 'byte 22 of the file (0xff) is not valid UTF-8', row: 4, line: 5 },
      { message: 'the row has 1 field, the header has 2', row: 4, line: 5 },
    ]);
    expect(await problemsOf(Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'))).toEqual([{ message: 'the file is in UTF-16' }]);
  });

  it('finds the invalid byte and not its first half', async () => {
    // é is C3 A9; alone, C3 is the beginning of a character that never ends.
    const bytes = Buffer.concat([Buffer.from('a\né'), Buffer.from([0xc3]), Buffer.from('x\n')]);
    expect(await problemsOf(bytes)).toEqual([{ message: 'byte 5 of the file (0xc3) is not valid UTF-8', row: 1, line: 2 }]);
    // The replacement character itself is valid.
    expect((await parse('a\n\uFFFD\n')).rows).toEqual([['\uFFFD']]);
  });

  it('has limits that no table of texts meets', async () => {
    expect(await problemsOf(`a,b\n1,${'x'.repeat(1_000_001)}\n`)).toEqual([
      { message: 'a field of 1000001 characters, more than 1000000', row: 1, field: 'b' },
    ]);
    expect(await problemsOf(`${'c,'.repeat(6000)}c\n${','.repeat(6000)}\n`)).toEqual([
      { message: 'the file has 6001 columns, more than 5000', line: 1 },
    ]);
  });
});

describe('TSV', () => {
  it('takes quotes inside a field as they are', async () => {
    const table = await parse('a\tb\n1\t5" pipe, "two"\n2\t"with ""quotes"" and\ttab"\n', 'tsv');
    expect(table.rows).toEqual([['1', '5" pipe, "two"'], ['2', 'with "quotes" and\ttab']]);
  });
});

describe('JSONL', () => {
  it('has the first object’s keys as columns', async () => {
    const table = await parse('\uFEFF{"id":1,"text":"a\\nb","extra":null}\r\n\n{"extra":{"k":[1]},"text":"🔥","id":true}', 'jsonl');
    expect(table.columns).toEqual(['id', 'text', 'extra']);
    expect(table.rows).toEqual([['1', 'a\nb', ''], ['true', '🔥', '{"k":[1]}']]);
    expect([...table.lines]).toEqual([1, 3]);
  });

  it('names every line that is not such an object', async () => {
    const problems = await problemsOf('{"a":1,"b":2}\n[1]\nnot json\n{"a":1}\n\n{"b":1,"a":2,"c":3,"d":4}\n', 'jsonl');
    expect(problems).toMatchObject([
      { message: expect.stringMatching(/^the line is JSON but not an object/), row: 2, line: 2 },
      { message: expect.stringMatching(/^the line is not JSON: /), row: 3, line: 3 },
    ]);
  });

  it('is not taken for a table without rows when its lines are wrong', async () => {
    expect(await problemsOf('"id","text"\n', 'jsonl')).toMatchObject([{ row: 1, line: 1 }]);
    expect(await problemsOf('{}\n', 'jsonl')).toEqual([{ message: 'the file has no header and no rows', line: 1 }]);
  });
});

describe('readTable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'table-'));

  it('chooses the format by the ending', async () => {
    for (const [name, content] of [['a.csv', 'x,y\n1,2\n'], ['a.TSV', 'x\ty\n1\t2\n'], ['a.jsonl', '{"x":1,"y":2}']] as const) {
      writeFileSync(join(folder, name), content);
      const table = await readTable(join(folder, name));
      expect([table.file, table.columns, table.rows]).toEqual([join(folder, name), ['x', 'y'], [['1', '2']]]);
    }
    expect((await errorOf(() => readTable('a.xlsx'))).problems[0]?.message).toBe('the ending .xlsx is unknown');
    expect((await errorOf(() => readTable('a'))).problems[0]?.message).toBe('the name has no ending');
  });

  it('says why a file cannot be read', async () => {
    const missing = await errorOf(() => readTable(join(folder, 'none.csv')));
    expect([missing.code, missing.problems[0]?.message]).toEqual(['data', 'there is no such file']);
    mkdirSync(join(folder, 'folder.csv'));
    expect((await errorOf(() => readTable(join(folder, 'folder.csv')))).problems[0]?.message).toBe('it is a directory');
  });
});

describeShared('real tables', ['data', 'disaster-tweets'], () => {
  it('tweets with line breaks inside quotes', async () => {
    const train = await readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);
    expect(train.columns).toEqual(['id', 'keyword', 'location', 'text', 'target']);
    expect(train.rows).toHaveLength(7613);
    // Counted with Python's csv module.
    expect(columnOf(train, 'text')!.filter((text) => text.includes('\n'))).toHaveLength(435);
    expect(train.lines.at(-1)).toBe(8562);
    const test = await readTable(sharedPath('data', 'disaster-tweets', 'test.csv')!);
    expect([test.rows.length, test.columns.length]).toEqual([3263, 4]);
  });
});

it('says so where a csv file is separated by semicolons', async () => {
  await expect(parseTable(Buffer.from('id;text;target\n1;"a, b";0\n'), 'x.csv', 'csv')).rejects.toMatchObject({
    code: 'data',
    problems: [{ message: 'the columns are separated by semicolons', line: 1 }],
  });
});
