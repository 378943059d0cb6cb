import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { columnNames, readTable } from '../../../src/data/tables/index.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const folder = temporaryFolder();

const written = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe('the columns of a table', () => {
  it.each<[string, string | Uint8Array, string?]>([
    ['a.csv', 'id,"a, b",\n1,"x\ny",z\n'],
    ['long.csv', `id,text\n${'1,"a\n""b"""\n'.repeat(20_000)}`],
    ['a.tsv', 'id\ttext\n1\ta\n'],
    ['a.jsonl', '{"id": 1}\n{"text": "a", "id": 2}\n'],
    ['a.json', '[{"id": 1, "text": "a"}]'],
    ['a.csv.gz', gzipSync('id,text\n1,a\n')],
    ['utf16.csv', Buffer.from('\ufeffid,té\n1,a\n', 'utf16le'), 'utf-16'],
    ['latin.csv', Buffer.from('id,té\n1,a\n', 'latin1'), 'latin1'],
    ['one-row.csv', 'id,text\n1,a'],
  ])('are those of the whole: %s', async (name, content, encoding = 'utf-8') => {
    const file = { path: written(name, content), encoding };
    const columns = await columnNames(file);
    expect(columns).toEqual((await readTable(file)).columns);
    expect(columns.length).toBeGreaterThan(1);
  });

  it('are those that were given, and none of what is no table', async () => {
    expect(await columnNames({ path: written('given.csv', '1,a\n'), columns: ['id', 'text'] })).toEqual(['id', 'text']);
    expect(await columnNames({ path: join(folder, 'nowhere.csv') })).toEqual([]);
    expect(await columnNames({ path: written('broken.json', '{'), encoding: 'utf-8' })).toEqual([]);
  });
});
