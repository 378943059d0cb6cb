import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTexts, textsOf, type TextOptions } from '../../../src/runner/models/new-texts.ts';
import { renderError } from '../../../src/cli/render/error.ts';
import { OrtrainError } from '../../../src/core/errors.ts';
import { errorOf } from '../../data/support.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const COLUMNS = [{ id: 'id', text: 'text' }, { id: 'Id', text: 'tweet' }];
const folder = temporaryFolder();

/** The texts, their ids, and what was said about how they were read. */
async function read(content: string | Buffer, options: Partial<TextOptions> = {}, name?: string) {
  const notes: string[] = [];
  const all = { onNotice: (message: string) => void notes.push(message), ...options };
  if (name !== undefined) writeFileSync(join(folder, name), content);
  const { ids, texts } = await (name === undefined
    ? textsOf(Buffer.from(content), COLUMNS, all)
    : readTexts(join(folder, name), COLUMNS, all));
  return { ids, texts, notes: notes.length };
}

describe('texts to classify', () => {
  it('are one a line, and an empty line is one', async () => {
    expect(await read('one\n\nthree\r\n \n')).toEqual({ ids: ['0', '1', '2', '3'], texts: ['one', '', 'three', ' '], notes: 0 });
    expect((await read('\n')).texts).toEqual(['']);
    expect((await read('\ufeffa\rb')).texts).toEqual(['a', 'b']);
    expect((await read('{urgent} fire\n"quoted", she said\n')).texts).toEqual(['{urgent} fire', '"quoted", she said']);
    expect((await errorOf(() => read(''))).message).toBe('stdin is empty');
  });

  it('are a table where they begin like one, which is said, or where a format is asked for', async () => {
    expect(await read('id,text\n7,a\n8,\n')).toEqual({ ids: ['7', '8'], texts: ['a', ''], notes: 1 });
    expect(await read('Id\ttweet\n7\ta\n')).toEqual({ ids: ['7'], texts: ['a'], notes: 1 });
    expect(await read('{"text":"a"}\n')).toEqual({ ids: ['0'], texts: ['a'], notes: 1 });
    expect(await read('id,text\n7,a\n', { format: 'lines' })).toEqual({ ids: ['0', '1'], texts: ['id,text', '7,a'], notes: 0 });
    expect(await read('a\tb,text\n', { format: 'lines' })).toMatchObject({ texts: ['a\tb,text'] });
    expect((await errorOf(() => read('a,b\n', { format: 'csv' }))).problems).not.toEqual([]);
    expect(await read('7,a\n8,b\n', { format: 'csv', columns: ['id', 'text'] })).toEqual({ ids: ['7', '8'], texts: ['a', 'b'], notes: 0 });
    expect(await read('7\ta\n8\tb\n', { columns: ['id', 'text'] }, 'c.tsv')).toMatchObject({ ids: ['7', '8'], texts: ['a', 'b'] });
  });

  it('are a table where columns are named, and lines cannot have any', async () => {
    expect(await read('7,a\n8,"b, c"\n', { columns: ['id', 'text'] })).toEqual({ ids: ['7', '8'], texts: ['a', 'b, c'], notes: 1 });
    expect(await read('7\ta, b\n', { columns: ['id', 'text'] }, 'nohead.txt')).toEqual({ ids: ['7'], texts: ['a, b'], notes: 1 });
    expect(await read('a\n', { columns: ['text'] })).toMatchObject({ texts: ['a'] });
    expect((await errorOf(() => read('7,a\n', { columns: ['id', 'text'], format: 'lines' }))).message).toMatch(
      /--columns names the columns of a table/,
    );
  });

  it('are numbered, which is said where a column of ids is called nearly so', async () => {
    expect(await read('ID,text\n7,a\n', {}, 'near.csv')).toEqual({ ids: ['0'], texts: ['a'], notes: 1 });
    expect(await read('label,text\n7,a\n', {}, 'none.csv')).toEqual({ ids: ['0'], texts: ['a'], notes: 0 });
  });

  it.each(['x.csv/', 'x.csv/y.csv', `${'a'.repeat(300)}.csv`, 'loop.csv', 'x.txt/'])(
    'are not there, which is a mistake of the input: %s',
    async (name) => {
      for (const file of ['x.csv', 'x.txt']) writeFileSync(join(folder, file), 'text\na\n');
      if (!existsSync(join(folder, 'loop.csv')) && name === 'loop.csv') symlinkSync('loop.csv', join(folder, 'loop.csv'));
      const error = await errorOf(() => readTexts(`${folder}/${name}`, COLUMNS, { onNotice: () => undefined }));
      expect([error.code, error.remedy]).toEqual(['data', expect.not.stringContaining('--artifacts')]);
    },
  );

  it('are made by the template of the run', async () => {
    const notes: string[] = [];
    const reading = { onNotice: (message: string) => void notes.push(message) };
    const texts = async (text: string, content: string) => (await textsOf(Buffer.from(content), [{ id: null, text }], reading)).texts;
    expect(await texts('{keyword}: {body}', 'body,keyword\nhelp,fire\n"a, b",\n')).toEqual(['fire: help', ': a, b']);
    expect(await texts('{keyword}: {body}', '{"keyword": 1.50, "body": null}\n')).toEqual(['1.50: ']);
    expect(await texts('query: {body}', 'one\n\n')).toEqual(['query: one', 'query: ']);
    expect(notes.splice(0)).toHaveLength(2);
    expect(await texts('{keyword}: {body}', 'fire: help\n')).toEqual(['fire: help']);
    expect(notes).toEqual(['each line is taken for a whole text, as data.text "{keyword}: {body}" makes one of a row']);
    expect((await errorOf(() => texts('{keyword}: {body}', '{"keyword": "a", "text": "b"}\n'))).problems).toMatchObject([
      { message: 'there is no column "body", which data.text names; the columns are "keyword", "text"' },
    ]);
  });

  it('are pairs where the run reads pairs, from tables alone', async () => {
    const notes: string[] = [];
    const columns = [{ id: 'id', text: ['anchor', '{b}!'] }];
    const pairs = async (content: string, more: Partial<TextOptions> = {}) =>
      (await textsOf(Buffer.from(content), columns, { onNotice: (message) => void notes.push(message), ...more })).texts;
    expect(await pairs('b,anchor\n1,x\n,\n')).toEqual([['x', '1!'], ['', '!']]);
    expect(await pairs('b\tanchor\n1\tx, y\n')).toEqual([['x, y', '1!']]);
    expect(await pairs('{"anchor": 1.0, "b": true}\n', { format: 'jsonl' })).toEqual([['1.0', 'true!']]);
    expect(notes).toHaveLength(2);
    expect((await errorOf(() => pairs('some text\nanother\n'))).problems).toMatchObject([
      { message: 'there is no column "anchor", which data.text names; the columns are "some text"' },
      { message: 'there is no column "b", which data.text names; the columns are "some text"' },
    ]);
    expect(await errorOf(() => pairs('some text\n', { format: 'lines' }))).toMatchObject({
      message: 'the run reads pairs of texts, and a line holds one',
      remedy: 'Write a table with the columns "anchor", "b", as csv, tsv or jsonl.',
    });
  });

  it('come from files by their endings; .txt is one text a line unless it begins like a table', async () => {
    expect(await read('one\n\nthree', {}, 'a.txt')).toMatchObject({ texts: ['one', '', 'three'], notes: 0 });
    expect(await read('id\ttext\n1\ta\n', {}, 'b.txt')).toMatchObject({ texts: ['a'], notes: 1 });
    expect(await read('[{"text":"a","id":12345678901234567890}]', {}, 'a.json')).toMatchObject({ ids: ['12345678901234567890'], notes: 0 });
    expect(await read('x\ny\n', { format: 'lines' }, 'a.log')).toMatchObject({ texts: ['x', 'y'] });
    expect((await errorOf(() => read('x', {}, 'b.log'))).message).toMatch(/not a kind of file/);
  });

  it('are UTF-8 unless another encoding is named', async () => {
    expect((await read(Buffer.from('caf\xe9', 'latin1'), { encoding: 'latin-1' })).texts).toEqual(['café']);
    expect((await errorOf(() => read(Buffer.from('a\ncaf\xe9', 'latin1')))).problems).toMatchObject([
      { line: 2, message: expect.stringMatching(/not valid UTF-8/) as string },
    ]);
    expect((await errorOf(() => read(Buffer.from('\ufeffa\n', 'utf16le')))).problems[0]?.message).toMatch(/in UTF-16/);
    expect((await errorOf(() => read('a\0b'))).problems[0]?.message).toMatch(/NUL/);
  });
});

it('a suggestion that begins with a space, or holds what nobody sees, stands in quotes', () => {
  const plain = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof renderError>[1];
  const said = (suggestion: string): string =>
    renderError(new OrtrainError('data', 'x', { problems: [{ message: 'no column', line: 1, suggestion }] }), plain);
  expect(said(' text')).toContain('did you mean " text"?');
  expect(said('te\u00a0xt')).toContain('did you mean "te\\u00a0xt"?');
  expect(said('text')).toContain('did you mean text?');
});
