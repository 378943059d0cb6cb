import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile } from '../../src/core/hash.ts';
import { readInput, readJsonInput } from '../../src/core/inputs.ts';
import { object, text } from '../../src/core/shapes.ts';
import { cachedSnapshot } from '../../src/data/hub/cache.ts';
import { resolveModel } from '../../src/data/hub/hub.ts';
import { modelFiles, openTensorFile, outsideLinks } from '../../src/data/hub/model-folder.ts';
import type { TableFormat } from '../../src/core/table-files.ts';
import { parseTable, readTable } from '../../src/data/tables/table.ts';
import { encodeSafetensors } from '../../src/engine/models/index.ts';
import { loadFeatures, saveFeatures } from '../../src/training/features.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { errorOf } from './support.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();

/** What keeps a table from being read, and the most memory that it took to say so, in MB. */
async function refusal(content: string | Buffer, format: TableFormat) {
  const bytes = Buffer.from(content);
  const before = process.resourceUsage().maxRSS;
  const { problems } = await errorOf(() => parseTable(bytes, `x.${format}`, format));
  return { problems: problems.map(({ message, line }) => [message, line]), megabytes: (process.resourceUsage().maxRSS - before) / 1024 };
}

const wide = (values: number): string => '1,'.repeat(values - 1) + '1';

describe('a table', () => {
  it.each<[string, string | Buffer, TableFormat, readonly (readonly [string, number | undefined])[]]>([
    ['of a million columns', `${wide(1e6)}\n${wide(1e6)}\n`, 'csv', [['the file has 1000000 columns, more than 5000', 1]]],
    ['with a row of a million fields', `a,b\n${wide(1e6)}\n`, 'csv', [['the row has 1,000,000 fields, the header has 2', 2]]],
    [
      'with more than 1 MB in a field',
      `id,text\n1,${'x'.repeat(1_000_001)}\n`,
      'csv',
      [['a field of 1000001 characters, more than 1000000', undefined]],
    ],
    [
      'with a quote that is closed nowhere',
      `id,${'y'.repeat(5000)}\n1,"${'x'.repeat(2e6)}`,
      'csv',
      [[`a quote is opened in column "${'y'.repeat(60)}…" and never closed`, 2]],
    ],
    ['in which JSON hides a NUL', '{"text":"a\\u0000"}\n', 'jsonl', [['the key "text" or its value holds a NUL character', 1]]],
    [
      'in which JSON hides half of a character',
      '{"text":"a"}\n{"text":"\\ud83d"}\n',
      'jsonl',
      [['the key "text" or its value holds half of a character (a lone surrogate)', 2]],
    ],
    [
      'nested a million deep',
      `{"text":${'['.repeat(1e6)}${']'.repeat(1e6)}}\n`,
      'jsonl',
      [['a field of 2000000 characters, more than 1000000', undefined]],
    ],
    [
      'with a key that occurs twice in a line',
      '{"text":"a"}\n{"constructor":"b","constructor":"c"}\n',
      'jsonl',
      [['the key "constructor" occurs twice in the line', 2]],
    ],
    [
      'whose last character is cut after it began like a replacement sign',
      Buffer.from('a\nb\xef\xbf', 'latin1'),
      'csv',
      [['byte 4 of the file (0xef) is not valid UTF-8', 2]],
    ],
  ])('%s is refused with its place', async (_, content, format, expected) => {
    const { problems, megabytes } = await refusal(content, format);
    expect(problems).toEqual(expected);
    expect(megabytes).toBeLessThan(400);
  });

  it('of nothing but problems is not counted to its end', async () => {
    for (const content of [Buffer.alloc(3e6), `a,b\n${'x\n'.repeat(5e5)}`, Buffer.from('\xff\n'.repeat(5e5), 'latin1')]) {
      const { problems, megabytes } = await refusal(content, 'csv');
      expect(problems.at(-1)?.[0]).toMatch(/^and \d{4,5} more$/);
      expect(megabytes).toBeLessThan(400);
    }
  });

  it('takes 1 MB in a field', async () => {
    expect((await parseTable(Buffer.from(`id,text\n1,${'x'.repeat(1_000_000)}\n`), 'x.csv', 'csv')).rows[0]?.[1]).toHaveLength(1_000_000);
  });
});

// A pipe that nobody writes to never answers, and /dev/zero never ends.
describe.skipIf(because('pipes as tables (Windows has none)', process.platform === 'win32'))('what is no file', () => {
  const pipe = join(folder, 'pipe.csv');
  execFileSync('mkfifo', [pipe]);
  const links = Object.entries({
    'zero.csv': '/dev/zero',
    'kernel.csv': '/proc/kmsg',
    'circle.csv': join(folder, 'circle.csv'),
    'nowhere.csv': join(folder, 'nothing'),
  });
  for (const [name, target] of links) symlinkSync(target, join(folder, name));

  it.each<readonly [string, string]>([
    ['pipe.csv', 'it is a named pipe'],
    ['zero.csv', 'it is a device'],
    ['.', 'it is a directory'],
    ...(existsSync('/proc/kmsg') ? [['kernel.csv', 'it is not a file on a disk, but an answer of the system'] as const] : []),
  ])('is refused by name: %s', async (name, reason) => {
    const path = join(folder, name);
    expect(() => readInput(path, 1000)).toThrow(`${path} cannot be read: ${reason}`);
    expect(() => openTensorFile(path)).toThrow(`${path} cannot be read: ${reason}`);
    await expect(hashFile(path)).rejects.toThrow(reason);
    if (name !== '.') expect((await errorOf(() => readTable(path))).problems).toEqual([{ message: reason, file: path }]);
  });

  it('and so is a link that leads nowhere', () => {
    expect(() => readInput(join(folder, 'circle.csv'), 1000)).toThrow('circle.csv cannot be read: its links go in a circle');
    expect(() => readInput(join(folder, 'nowhere.csv'), 1000)).toThrow('nowhere.csv cannot be read: there is no such file');
  });
});

describe('a JSON file', () => {
  it.each([
    ['{"a":', 'it is not JSON'],
    ['[1]', 'it is [1], not an object'],
    ['{}', 'a is missing, not a text'],
    [`{"a":"${'x'.repeat(5000)}"}`, 'it has 5.0 kB, and no such file needs more than 1.0 kB'],
  ])('%# is refused with its place', (content, reason) => {
    const path = join(folder, 'x.json');
    writeFileSync(path, content);
    expect(() => readJsonInput(path, object({ a: text }), 1000)).toThrow(`${path} cannot be read: ${reason}`);
  });
});

describe('features', () => {
  it('without rows and columns are refused', () => {
    const path = join(folder, 'features.safetensors');
    saveFeatures(path, { width: 2, values: new Float32Array(4) });
    expect(loadFeatures(path).width).toBe(2);
    writeFileSync(path, Buffer.concat(encodeSafetensors([{ name: 'features', shape: [4], data: new Float32Array(4) }])));
    expect(() => loadFeatures(path)).toThrow(`${path} cannot be read: it has no tensor features of rows and columns`);
  });
});

describe.skipIf(because('links in a model (Windows asks for rights)', process.platform === 'win32'))('the links of a model', () => {
  const options = { revision: 'main', weights: false } as const;
  const source = join(root, 'configs/quickstart/model');

  /** A model whose config.json is a link. */
  function modelWith(name: string, target: string): string {
    const own = join(folder, name);
    mkdirSync(own);
    for (const each of readdirSync(source)) copyFileSync(join(source, each), join(own, each));
    execFileSync('ln', ['-sfn', target, join(own, 'config.json')]);
    return own;
  }

  it('may lead to files in other folders, which are named', async () => {
    const own = modelWith('to-another-folder', join(source, 'config.json'));
    expect(await resolveModel(own, options)).toBe(own);
    expect(outsideLinks(own, modelFiles(false))).toBe(
      `files of ${own} are links to others outside of it: config.json to ${realpathSync(join(source, 'config.json'))}`,
    );
  });

  it('may lead from a snapshot to the blobs of its repository, and within a folder', async () => {
    const repository = join(folder, 'models--org--model');
    const snapshot = join(repository, 'snapshots', 'abc');
    for (const path of [join(repository, 'blobs'), snapshot]) mkdirSync(path, { recursive: true });
    for (const name of readdirSync(source)) {
      copyFileSync(join(source, name), join(repository, 'blobs', `blob-${name}`));
      symlinkSync(`../../blobs/blob-${name}`, join(snapshot, name));
    }
    expect(await resolveModel(snapshot, options)).toBe(snapshot);
    expect(outsideLinks(snapshot, modelFiles(false))).toBeUndefined();
    symlinkSync(snapshot, join(folder, 'current'));
    expect(await resolveModel(join(folder, 'current'), options)).toBe(join(folder, 'current'));
  });

  it.each([
    ['a device', '/dev/zero', /^config\.json is a link to \/dev\/zero, a device$/],
    ['a pipe', join(folder, 'pipe.csv'), /^config\.json is a link to .*pipe\.csv, a named pipe$/],
    ['a folder', folder, /^config\.json is a link to .*, a directory$/],
    ['an answer of the system', '/proc/self/environ', /^config\.json is a link to \/proc\/.*, not a file on a disk/],
    ['nothing', '/nowhere/at/all', /^config\.json is a link to \/nowhere\/at\/all, where there is no file$/],
  ])('may not lead to %s', async (_, target, message) => {
    const own = modelWith(`to-${_.replaceAll(' ', '-')}`, target);
    const { problems } = await errorOf(() => resolveModel(own, options));
    expect(problems).toMatchObject([{ file: join(own, 'config.json'), message: expect.stringMatching(message) as string }]);
  });
});

describe('the cache of the hub', () => {
  it('is not left, whatever its references or a revision say', () => {
    const refs = join(folder, 'hub', 'models--a', 'refs');
    mkdirSync(refs, { recursive: true });
    writeFileSync(join(refs, 'main'), '../../../elsewhere');
    expect(cachedSnapshot('a', 'main', join(folder, 'hub'))).toBeUndefined();
    writeFileSync(join(refs, 'main'), 'abc\n');
    expect(cachedSnapshot('a', 'main', join(folder, 'hub'))).toBe(join(folder, 'hub', 'models--a', 'snapshots', 'abc'));
    for (const revision of ['../../x', '/etc', 'a//b', ''])
      expect(() => cachedSnapshot('a', revision, join(folder, 'hub'))).toThrow('model.revision');
    expect(cachedSnapshot('a', 'refs/pr/1', join(folder, 'hub'))).toBeUndefined();
  });
});
