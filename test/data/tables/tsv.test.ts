import { describe, expect, it } from 'vitest';
import { parseTable } from '../../../src/data/tables/table.ts';
import { errorOf } from '../support.ts';

const rowsOf = async (content: string): Promise<readonly (readonly string[])[]> =>
  (await parseTable(Buffer.from(content), 'x.tsv', 'tsv')).rows;
const problemsOf = async (content: string) => (await errorOf(() => rowsOf(content))).problems;

describe('quotes in TSV', () => {
  it('that are never closed are characters, and swallow nothing', async () => {
    const rows = Array.from({ length: 120 }, (_, i) => `${i}\t${i === 12 || i === 42 ? '"' : ''}text ${i}\t${i % 2}`);
    const read = await rowsOf(`id\ttext\ttarget\n${rows.join('\n')}\n`);
    expect(read).toHaveLength(120);
    expect([read[12], read[42]]).toEqual([['12', '"text 12', '0'], ['42', '"text 42', '0']]);
  });

  it('that a later field closes are characters, unless only so the row has its fields', async () => {
    expect(await rowsOf('a\tb\tc\n1\t"x\ty"\n')).toEqual([['1', '"x', 'y"']]);
    expect(await rowsOf('a\tb\n1\t"x\ty"\n')).toEqual([['1', 'x\ty']]);
  });

  it('around a whole field quote it, as pandas and Excel write them', async () => {
    // pandas: to_csv(sep='\t'); the last row's text begins with a quote.
    const pandas = 'id\ttext\tt\n1\tplain\t0\n2\t"""quoted"""\t1\n3\t"it is 5"" wide"\t0\n4\t"tab\there"\t1\n5\t"""begins"\t0\n6\t""\t1\n';
    expect((await rowsOf(pandas)).map((row) => row[1])).toEqual(['plain', '"quoted"', 'it is 5" wide', 'tab\there', '"begins', '']);
  });

  it('with text after them are characters', async () => {
    expect(await rowsOf('a\tb\n"Fire" she said\tx\n"a" and "b"\ty\n')).toEqual([['"Fire" she said', 'x'], ['"a" and "b"', 'y']]);
  });

  it('over a line end are told with both lines, in any column', async () => {
    const told = {
      message: 'a quoted field begins in line 3 and ends in line 4; in a tab-separated file a row is one line',
      row: 2,
      line: 3,
    };
    expect(await problemsOf('id\ttext\tt\n1\tx\t0\n2\t"two\nlines"\t1\n3\ty\t0\n')).toMatchObject([told]);
    expect(await problemsOf('id\tt\ttext\n1\t0\tx\n2\t1\t"two\nlines"\n3\t0\ty\n')).toMatchObject([told]);
    expect(await problemsOf('text\nx\n"two\nlines"\n')).toMatchObject([told]);
    expect((await errorOf(() => rowsOf('text\nx\n"two\nlines"\n'))).remedy).toMatch(/one line, or save the file as CSV/);
  });

  it('may stand in files of any line ends', async () => {
    expect(await rowsOf('a\tb\r1\t"x"\r2\ty')).toEqual([['1', 'x'], ['2', 'y']]);
    expect(await rowsOf('a\tb\r\n1\t"x"\r\n\r\n2\ty\r\n')).toEqual([['1', 'x'], ['2', 'y']]);
  });
});
