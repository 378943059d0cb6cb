import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encodingOf } from '../../../src/core/encodings.ts';
import { unlabelledExamples } from '../../../src/data/examples/examples.ts';
import { labelledExamples } from '../../helpers/class-examples.ts';
import { columnOf, parseTable, readTable, type ReadOptions } from '../../../src/data/tables/table.ts';
import { unpacked } from '../../../src/data/tables/bytes/unpack.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { errorOf } from '../support.ts';

const folder = temporaryFolder();
mkdirSync(folder, { recursive: true });
const CSV = 'id,text,target\n1,café,0\n2,calm,1\n';
const ROWS = [['1', 'café', '0'], ['2', 'calm', '1']];

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** The first problem of a file, and what to do about it. */
async function said(
  name: string,
  content: string | Uint8Array,
  options: ReadOptions = {},
): Promise<readonly [string | undefined, string | undefined]> {
  const { code, problems, remedy } = await errorOf(() => readTable({ path: file(name, content), ...options }));
  expect(code).toBe('data');
  return [problems[0]?.message, remedy];
}

describe('a packed table', () => {
  it.each<[string, Uint8Array]>([
    ['a.csv.gz', gzipSync(CSV)],
    ['two-members.csv.gz', Buffer.concat([gzipSync(CSV.slice(0, 20)), gzipSync(CSV.slice(20))])],
    ['a.tsv.gz', gzipSync(CSV.replaceAll(',', '\t'))],
    ['a.jsonl.gz', gzipSync('{"id":1,"text":"café","target":0}\n{"id":2,"text":"calm","target":1}\n')],
    ['A.CSV.ZIP', zipSync({ 'A.csv': Buffer.from(CSV) })],
    [
      'stored.csv.zip',
      zipSync({ 'some folder/x': [Buffer.from(CSV), { level: 0 }], '__MACOSX/._x': Buffer.from('x'), '.DS_Store': Buffer.from('x') }),
    ],
    ['a.zip', zipSync({ 'a.tsv': Buffer.from(CSV.replaceAll(',', '\t')) })],
  ])('is read: %s', async (name, bytes) => {
    expect((await readTable(file(name, bytes))).rows).toEqual(ROWS);
  });

  it.each<[string, Uint8Array | string, RegExp]>([
    ['cut.csv.gz', gzipSync(CSV).subarray(0, 30), /cut short/],
    ['bad.csv.gz', gzipSync(CSV).map((byte, i) => (i === 20 ? byte ^ 0xff : byte)), /gzip data are damaged/],
    ['more.csv.gz', Buffer.concat([gzipSync(CSV), Buffer.from('more')]), /4 bytes follow the end|incorrect header/],
    ['plain.csv.gz', CSV, /its name says gzip/],
    ['plain.csv.zip', CSV, /no zip archive/],
    ['empty.csv.gz', '', /has no bytes/],
    ['nothing.csv.zip', '', /has no bytes/],
    ['zip.csv.gz', zipSync({ 'a.csv': Buffer.from(CSV) }), /its name says gzip, and it is a zip archive/],
    ['gzip.csv.zip', gzipSync(CSV), /its name says zip, and it is packed with gzip/],
    ['lfs.csv.gz', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n', /it is a git-lfs pointer/],
    ['page.csv.zip', '<!DOCTYPE html>\n<html></html>', /it is an HTML page/],
    ['empty.zip', zipSync({}), /holds no file/],
    ['two.csv.zip', zipSync({ 'train.csv': Buffer.from(CSV), 'test.csv': Buffer.from(CSV) }), /holds 2 files: "train\.csv", "test\.csv"/],
    ['other.csv.zip', zipSync({ 'a.jsonl': Buffer.from('{}') }), /another kind of file/],
    ['none.zip', zipSync({ 'a.txtt': Buffer.from('x') }), /not that of a table/],
    ['locked.csv.zip', patched(zipSync({ 'a.csv': Buffer.from(CSV) }), 8, 1), /is encrypted/],
    ['method.csv.zip', patched(zipSync({ 'a.csv': Buffer.from(CSV) }), 10, 93), /Zstandard, which is not supported/],
    ['crc.csv.zip', patched(zipSync({ 'a.csv': Buffer.from(CSV) }), 16, 7), /checksum is another/],
  ])('says what is wrong with it: %s', async (name, bytes, message) => {
    expect((await said(name, bytes))[0]).toMatch(message);
  });

  it.each<[string, Uint8Array | string, string]>([
    ['remedy.csv.gz', zipSync({ 'a.csv': Buffer.from(CSV) }), 'Give it a name that ends in .csv.zip, or unpack it.'],
    ['remedy.csv.zip', gzipSync(CSV), 'Give it a name that ends in .csv.gz, or unpack it.'],
    ['twice.csv.gz', gzipSync(gzipSync(CSV)), 'It was packed twice: unpack it, and name the file in it.'],
    [
      'twice.csv.zip',
      zipSync({ 'a.csv': zipSync({ 'b.csv': Buffer.from(CSV) }) }),
      'It was packed twice: unpack it, and name the file in it.',
    ],
  ])('says what to do about what is packed otherwise: %s', async (name, bytes, remedy) => {
    expect((await said(name, bytes))[1]).toBe(remedy);
  });

  it('is not unpacked beyond a limit, which is named', async () => {
    const zeros = new Uint8Array(3_000_000);
    for (const [packing, bytes] of [
      ['gzip', gzipSync(zeros)],
      ['zip', zipSync({ 'a.csv': zeros })],
      ['zip', patched(zipSync({ 'a.csv': zeros }), 24, 100)],
    ] as const) {
      const { problems } = await errorOf(() => unpacked(bytes, packing, 'x.csv', 1_000_000));
      expect(problems[0]?.message).toMatch(/more than 1\.0 MB, the most that is read|more than the archive says/);
    }
  });
});

/** An archive whose central directory says something else at a place. */
function patched(zip: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(zip);
  copy.writeUInt16LE(value, copy.indexOf('PK\x01\x02', 0, 'latin1') + at);
  return copy;
}

describe('a file that is not what its name says', () => {
  it.each<[string, Uint8Array | string, RegExp, RegExp]>([
    ['a.csv', gzipSync(CSV), /packed with gzip/, /\.csv\.gz/],
    ['b.csv', zipSync({ 'a.csv': Buffer.from(CSV) }), /zip archive/, /\.csv\.zip/],
    ['c.csv', zipSync({ '[Content_Types].xml': Buffer.from(''), 'xl/workbook.xml': Buffer.from('') }), /Excel workbook/, /CSV/],
    ['d.csv', '<!DOCTYPE html>\n<html><body>Sign in</body></html>', /HTML page/, /log in/],
    ['e.jsonl', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n', /git-lfs pointer/, /git lfs pull/],
    ['f.csv', Buffer.from(`\ufeff${CSV}`, 'utf16le'), /in UTF-16/, /data.encoding to utf-16/],
    ['g.csv', Buffer.from(CSV, 'utf16le'), /in UTF-16 without a mark/, /utf-16le/],
    ['h.csv', Buffer.from('PAR1....PAR1'), /the file is Parquet/, /\.parquet/],
    ['i.csv', '[{"id": 1}]', /JSON array/, /\.json/],
    ['j.csv', '{"id": 1, "text": "a"}\n', /is JSON/, /\.jsonl/],
    ['k.jsonl', '[{"id": 1}]', /JSON array/, /\.json/],
    ['l.jsonl', CSV, /not JSON, but looks like CSV/, /\.csv/],
    ['m.csv', `\ufeffsep=,\r\n${CSV}`, /the first line is "sep=,", a hint for Excel/, /Remove the first line/],
    ['mm.csv', `"sep=,"\n${CSV}`, /a hint for Excel/, /Remove the first line/],
    [
      'mn.tsv',
      `sep=\t\n${CSV.replaceAll(',', '\t')}`,
      /^the first line is "sep=\\t", a hint for Excel and no header$/,
      /^Remove the first line\.$/,
    ],
    ['n.csv', `sep=;\n${CSV.replaceAll(',', ';')}`, /and the columns are separated by semicolons/, /with commas/],
    ['o.csv', CSV.replaceAll(',', '\t'), /separated by tabs/, /\.tsv/],
    ['p.csv', CSV.replaceAll(',', '|'), /separated by the character \|/, /commas/],
    ['q.tsv', CSV, /separated by commas/, /\.csv/],
    ['r.csv', '"id"\t"a, text"\t"target"\n"1"\t"b, c"\t"0"\n', /separated by tabs/, /\.tsv/],
    ['u.jsonl', "{'id': 1, 'text': 'a'}\n", /names are in single quotes/, /json\.dumps/],
    ['v.jsonl', '{"id": 1},\n{"id": 2}\n', /a comma follows the object/, /Take the commas off/],
    ['t.json', '{"text":{"0":"a","1":"b"},"target":{"0":0,"1":1}}', /one JSON object with others in it/, /JSON object for each row/],
  ])('is named: %s', async (name, content, message, remedy) => {
    const [problem, todo] = await said(name, content);
    expect(problem).toMatch(message);
    expect(todo).toMatch(remedy);
  });

  it('is left alone where one column may well hold such characters', async () => {
    expect((await readTable(file('one.csv', 'text\na; b\nc | d\n'))).columns).toEqual(['text']);
    expect((await readTable(file('two.tsv', 'text\na, b\nc, d\n'))).columns).toEqual(['text']);
  });
});

describe('a table without a header', () => {
  const rows = Array.from({ length: 12 }, (_, i) => `${i % 2},${i + 5},"Text number ${i}, honestly"`).join('\n');

  it('is told where its first line reads like a row', async () => {
    const [message, remedy] = await said('headerless.csv', `${rows.replaceAll(/^(\d),\d+,/gm, '$1,$1,')}\n`);
    expect(message).toMatch(/seems to have no header/);
    expect(remedy).toMatch(/data\.columns/);
    const table = await readTable(file('no-header.csv', `${rows}\n`));
    const error = await errorOf(() => unlabelledExamples(table, { id: null, text: 'text' }));
    expect([error.problems[0]?.message, error.remedy]).toEqual([
      expect.stringMatching(/seems to have no header/),
      expect.stringMatching(/Name its 3 columns in data\.columns/),
    ]);
  });

  it('is read with the names that are given, of which there are as many as fields', async () => {
    const table = await readTable({ path: file('named.csv', `${rows}\n`), columns: ['target', 'id', 'text'] });
    expect([table.rows.length, table.lines[0], columnOf(table, 'id')?.[0]]).toEqual([12, 1, '5']);
    const [message, remedy] = await said('named.csv', `${rows}\n`, { columns: ['target', 'text'] });
    expect([message, remedy]).toEqual(['the row has 3 fields, and columns names 2', expect.stringMatching(/as many columns in columns/)]);
  });

  it('has none, so that a header among the rows is told', async () => {
    expect((await said('has.csv', CSV, { columns: ['id', 'text', 'target'] }))[0]).toMatch(/the table has a header/);
    expect((await said('has.jsonl', '{"a":1}\n', { columns: ['a'] }))[0]).toMatch(/JSON names its own/);
  });

  it('is not suspected where the header only looks odd', async () => {
    for (const header of ['0,1,2', 'id,2020,target', 'The text of the message as it came,b,c']) {
      const table = await readTable(file('odd.csv', `${header}\nx,y,0\nz,w,1\n`));
      const { problems } = await errorOf(() => unlabelledExamples(table, { id: null, text: 'text' }));
      expect(problems[0]?.message).toMatch(header.startsWith('The') ? /no header/ : /there is no column "text"/);
    }
  });
});

describe('encodings', () => {
  const bytes = (encoding: 'latin1' | 'utf16le', text = CSV): Buffer => Buffer.from(text, encoding);

  it.each<[string, Uint8Array, string]>([
    ['latin1', bytes('latin1'), 'latin-1'],
    ['windows-1252 beyond Latin-1', Buffer.from('id,text,target\n1,caf\xe9 \x80 \x93x\x94,0\n2,calm,1\n', 'latin1'), 'cp1252'],
    ['utf-16 with a mark', bytes('utf16le', `\ufeff${CSV}`), 'utf_16'],
    ['utf-16, the other order', bytes('utf16le', `\ufeff${CSV}`).swap16(), 'UTF-16'],
    ['utf-16be without one', bytes('utf16le').swap16(), 'utf_16_be'],
    ['shift_jis', Buffer.from('id,text,target\n1,\x92n\x90k,0\n2,calm,1\n', 'latin1'), 'cp932'],
    ['utf-8 by another name', Buffer.from(`\ufeff${CSV}`), 'utf-8-sig'],
  ])('%s', async (name, content, encoding) => {
    const table = await readTable({ path: file('e.csv', content), encoding });
    const text = name.startsWith('windows') ? 'café € “x”' : name === 'shift_jis' ? '地震' : 'café';
    expect(table.rows).toEqual([['1', text, '0'], ['2', 'calm', '1']]);
  });

  it('that the file is not in are refused', async () => {
    expect(await said('w.csv', bytes('latin1'))).toEqual([
      'byte 21 of the file (0xe9) is not valid UTF-8',
      expect.stringMatching(/data\.encoding.*latin1/),
    ]);
    expect((await said('w.csv', CSV, { encoding: 'latin1' }))[0]).toMatch(/valid UTF-8, so it is not in windows-1252/);
    expect((await said('w.csv', `\ufeff${CSV}`, { encoding: 'latin1' }))[0]).toMatch(/mark of UTF-8/);
    expect((await said('w.csv', CSV, { encoding: 'utf-16' }))[0]).toMatch(/UTF-16|UTF-8/);
    expect((await said('w.csv', CSV, { encoding: 'klingon' }))[0]).toMatch(/no encoding klingon/);
    const broken = await errorOf(() =>
      readTable({ path: file('w.csv', Buffer.from('id,text\n1,a\n2,\x92\n', 'latin1')), encoding: 'shift_jis' }),
    );
    expect(broken.problems[0]).toMatchObject({ message: 'the line has bytes that are not valid shift_jis', line: 3, row: 2 });
  });

  it('have the names of WHATWG and of Python', () => {
    const names = ['utf_8', 'U8', 'latin_1', 'L1', 'iso8859-15', 'cp1251', 'mac_roman', 'gb2312', 'cp949', 'utf_32', 'constructor', ''];
    expect(names.map(encodingOf)).toEqual([
      'utf-8',
      'utf-8',
      'windows-1252',
      'windows-1252',
      'iso-8859-15',
      'windows-1251',
      'macintosh',
      'gbk',
      'euc-kr',
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('columns without a name', () => {
  it('are called as pandas calls them, and are in nobody’s way', async () => {
    const table = await parseTable(Buffer.from(',text,target,\n0,a,x,\n1,b,y\n2,c,x,\n3,d,y,z\n'), 'x.csv', 'csv');
    expect(table.columns).toEqual(['Unnamed: 0', 'text', 'target', 'Unnamed: 3']);
    expect(table.rows[1]).toEqual(['1', 'b', 'y', '']);
    expect(labelledExamples(table, { id: 'Unnamed: 0', text: 'text', target: 'target' }).ids).toEqual(['0', '1', '2', '3']);
    const again = await parseTable(Buffer.from(',Unnamed: 0,text\n0,1,a\n'), 'x.csv', 'csv');
    expect(again.columns).toEqual(['Unnamed: 0.1', 'Unnamed: 0', 'text']);
    expect((await errorOf(() => parseTable(Buffer.from(',,\n1,2,3\n'), 'x.csv', 'csv'))).problems[0]?.message).toBe(
      'the first line names no column',
    );
  });
});

describe('JSON', () => {
  it('keeps numbers as they are written, and tells keys that are not there where they are needed', async () => {
    const lines =
      '{"id":12345678901234567891,"text":"a","target":1.0,"note":"x"}\n{"id":2,"text":null,"target":1e2,"deep":{"n": [1.0, 12345678901234567891]}}\n{"id":3,"target":0}\n';
    for (const [format, content] of [
      ['jsonl', lines],
      ['json', `[${lines.trim().replaceAll('\n', ',\n')}]`],
      ['json', lines],
    ] as const) {
      const table = await parseTable(Buffer.from(content), 'x', format);
      expect(table.columns).toEqual(['id', 'text', 'target', 'note', 'deep']);
      expect(table.rows.map((row) => row[0])).toEqual(['12345678901234567891', '2', '3']);
      expect(table.rows.map((row) => row[2])).toEqual(['1.0', '1e2', '0']);
      expect(table.rows[1]?.[4]).toBe('{"n":[1.0,12345678901234567891]}');
      const error = await errorOf(() => unlabelledExamples(table, { id: 'id', text: 'text' }));
      expect(error.problems).toMatchObject([{ message: 'the key "text", which data.text names, is not there', row: 3 }]);
      expect(unlabelledExamples(table, { id: null, text: 'target' }).texts).toHaveLength(3);
    }
  });

  it.each([
    ['[{"a":1},{"a":2}', /the array is never closed/],
    ['[{"a":1} {"a":2}]', /no comma between two elements/],
    ['[{"a":1},,{"a":2}]', /an element is missing/],
    ['[{"a":1},{"a":"x', /the element is never closed/],
    ['[{"a":1}] x', /something follows the end/],
    ['[{"a":NaN}]', /NaN is no value/],
    ['[1]', /not an object/],
    ['"text"', /neither an array/],
    ['[]', /no header and no rows/],
  ])('%s', async (content, message) => {
    expect(
      (await errorOf(() => parseTable(Buffer.from(content), 'x.json', 'json'))).problems.map((problem) => problem.message).join(),
    ).toMatch(message);
  });
});

describe('rows that a stray quote swallows', () => {
  const row = (i: number, text: string): string => `${i},${text},${i % 2}`;
  const table = (texts: Readonly<Record<number, string>>): Buffer =>
    Buffer.from(`id,text,target\n${Array.from({ length: 20 }, (_, i) => row(i, texts[i] ?? `text ${i}`)).join('\n')}\n`);

  it('are told in CSV, where it can be seen that they are rows', async () => {
    const { problems } = await errorOf(() => parseTable(table({ 4: '"never closed', 9: 'closes it"' }), 'x.csv', 'csv'));
    expect(problems).toMatchObject([
      { message: expect.stringMatching(/runs over 6 lines, each of which reads as a row/), row: 5, line: 6 },
    ]);
  });

  it('and text with line breaks is not taken for rows', async () => {
    const { rows } = await parseTable(table({ 4: '"Dear, all\nbye, bye"', 9: '"a\nb, c\nd"' }), 'x.csv', 'csv');
    expect(rows).toHaveLength(20);
  });
});

describeShared('real tables without a header', ['data', 'cola'], () => {
  it('say so', async () => {
    const path = sharedPath('data', 'cola', 'in_domain_train.tsv')!;
    const error = await errorOf(async () => labelledExamples(await readTable(path), { id: null, text: 'text', target: 'label' }));
    expect(error.problems[0]?.message).toMatch(/seems to have no header/);
    const table = await readTable({ path, columns: ['source', 'label', 'mark', 'text'] });
    expect(labelledExamples(table, { id: null, text: 'text', target: 'label' }).classes).toEqual(['0', '1']);
    expect(table.rows).toHaveLength(8551);
  });
});
