import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OrtrainError, type Problem } from '../../src/core/errors.ts';
import { loadExperiment, loadSweep, requireFiles } from '../../src/config/index.ts';
import { problemsOf, refusal, workspace } from './workspace.ts';
import { because } from '../helpers/skips.ts';

const ten = (anchor: string): string => `[${Array.from({ length: 10 }, () => anchor).join(', ')}]`;
const BOMB = ['a: &a [1, 2]', ...[...'bcdefghi'].map((name, index) => `${name}: &${name} ${ten(`*${'abcdefgh'.charAt(index)}`)}`)].join(
  '\n',
);

test.each([
  ['an alias bomb', BOMB, /more than 2000 values, with aliases expanded/],
  ['an alias inside its own anchor', 'model: &m { head: *m }', /levels deep/],
  ['many brackets', `seed: ${'['.repeat(100_000)}`, /too deep/],
  ['many levels', Array.from({ length: 40 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /levels deep/],
  ['more than 1 MB', `# ${'x'.repeat(1 << 20)}\n`, /1\.0 MB long/],
  ['a NUL byte', 'name: a\0b\n', /NUL/],
  ['bytes that are not UTF-8', Uint8Array.of(0x6e, 0x3a, 0x20, 0xff, 0xfe), /UTF-8/],
  ['UTF-16', Buffer.from('\ufeffseed: 1\n', 'utf16le'), /is in UTF-16; save it in UTF-8/],
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /packed with gzip/],
  ['nothing', '', /is empty/],
  ['only a comment', '# seed: 1\n', /is empty/],
  ['a list', '- seed\n', /this is a list/],
  ['a word', 'hello\n', /a single value/],
  ['YAML 1.1', '%YAML 1.1\n---\nseed: 1\n', /YAML 1\.2/],
  ['a key of Object.prototype', '__proto__: { seed: 1 }\nconstructor: 1\n', /no key __proto__/],
])('refuses %s with a sentence', (_what, content, message) => {
  const file = join(workspace({ 'x.yaml': content }), 'x.yaml');
  const problems = problemsOf(file);
  expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
  expect(problems[0]?.file).toBe(file);
});

test('a thousand unknown keys take no time to speak of', () => {
  const file = join(
    workspace({ 'x.yaml': Array.from({ length: 900 }, (_, index) => `${'key'.repeat(30)}${index}: 1`).join('\n') }),
    'x.yaml',
  );
  const began = performance.now();
  expect(problemsOf(file).length).toBeGreaterThan(900);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('a line that nobody wants to see is not shown', () => {
  const file = join(workspace({ 'x.yaml': `{ extends: bert-1dense.yaml, ${' '.repeat(2000)} sed: 1 }` }), 'x.yaml');
  const [problem] = problemsOf(file);
  expect(problem).toMatchObject({ line: 1, column: 2031, suggestion: 'seed' });
  expect(problem).not.toHaveProperty('snippet');
});

test('columns count characters, also after a byte order mark, before Windows line ends and beside emoji', () => {
  const file = join(workspace({ 'x.yaml': '\ufeffextends: bert-1dense.yaml\r\ndata: { text: 🐳🐳, txet: a }\r\n' }), 'x.yaml');
  expect(problemsOf(file)).toMatchObject([{ line: 2, column: 19, width: 4, snippet: 'data: { text: 🐳🐳, txet: a }' }]);
});

test('a missing file is named, with its nearest neighbour', () => {
  const folder = workspace();
  const error = refusal(join(folder, 'bert-1dens.yaml'));
  expect(error.message).toBe(`${join(folder, 'bert-1dens.yaml')} does not exist`);
  expect(error.problems[0]?.suggestion).toBe(join(folder, 'bert-1dense.yaml'));
  expect(refusal(folder).message).toMatch(/is a folder/);
});

test.skipIf(because('links', process.platform === 'win32'))(
  'a broken link is named as one, and not suggested in its own place',
  () => {
    const folder = workspace();
    for (const [name, target] of [
      ['none.yaml', 'nowhere.yaml'],
      ['circle.yaml', 'circle.yaml'],
    ] as const) {
      symlinkSync(target, join(folder, name));
      const error = refusal(join(folder, name));
      expect(error.message).toBe(`${join(folder, name)} is a broken link`);
      expect(error.problems[0]?.suggestion).toBeUndefined();
    }
    symlinkSync('nowhere.csv', join(folder, 'train.csv'));
    symlinkSync('circle.csv', join(folder, 'circle.csv'));
    symlinkSync('circle', join(folder, 'circle'));
    const set = [
      `data.train=${join(folder, 'train.csv')}`,
      `data.test=${join(folder, 'circle.csv')}`,
      `model.base=${join(folder, 'circle')}`,
      'data.sample_submission=null',
    ];
    const loaded = loadExperiment(join(folder, 'bert-1dense.yaml'), { set });
    let problems: readonly Problem[] = [];
    try {
      requireFiles(loaded);
    } catch (error) {
      problems = error instanceof OrtrainError ? error.problems : [];
    }
    expect(problems.map(({ message, suggestion }) => [message.split(' is a ')[1], suggestion])).toEqual(
      Array.from({ length: 3 }, () => ['broken link', undefined]),
    );
  },
);

test.skipIf(because('pipes as data (Windows has none)', process.platform === 'win32'))(
  'a pipe, a device and a folder are no files of data',
  () => {
    const folder = workspace();
    const pipe = join(folder, 'pipe.csv');
    execFileSync('mkfifo', [pipe]);
    symlinkSync('/dev/zero', join(folder, 'zero.csv'));
    const file = join(folder, 'bert-1dense.yaml');
    const set = [`data.train=${pipe}`, `data.test=${join(folder, 'zero.csv')}`, `data.sample_submission=${folder}`];
    const loaded = loadExperiment(file, { set });
    expect(() => requireFiles(loaded)).toThrow(
      expect.objectContaining({
        code: 'config',
        problems: [
          expect.objectContaining({ file: '--set', message: `data.train: ${pipe} is a named pipe` }),
          expect.objectContaining({ file: '--set', message: `data.test: ${join(folder, 'zero.csv')} is a device` }),
          expect.objectContaining({ file: '--set', message: `data.sample_submission: ${folder} is a folder` }),
        ],
      }) as Error,
    );
    expect(refusal(pipe).message).toMatch(/is not a file/);
  },
);

test('100 MB are refused without being read', () => {
  const file = join(workspace(), 'x.yaml');
  writeFileSync(file, '');
  truncateSync(file, 100 * 2 ** 20);
  const before = process.resourceUsage().maxRSS;
  expect(refusal(file).message).toMatch(/100\.0 MB long/);
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(50_000);
});

test.each(['../x', 'a/b', 'a\\\\b', '..', '.', 'a..b', '.hidden', 'x.', 'a b', 'x'.repeat(101), ''])(
  '%j cannot name an experiment',
  (name) => {
    const file = join(workspace({ 'x.yaml': `extends: bert-1dense.yaml\nname: "${name}"\n` }), 'x.yaml');
    expect(problemsOf(file)).toMatchObject([{ line: 2, column: 7, field: 'name' }]);
  },
);

test.each([
  ['configs/sweeps/quickstart-heads.yaml', 'is a sweep; `pipeline sweep configs/sweeps/quickstart-heads.yaml` runs it'],
  ['configs/quickstart/train.csv', 'is a table; `pipeline init configs/quickstart/train.csv` writes a configuration for it'],
])('%s is no experiment, and says what it is', (file, message) => {
  expect(() => loadExperiment(file)).toThrow(
    expect.objectContaining({ code: 'config', problems: [expect.objectContaining({ message: expect.stringContaining(message) })] }),
  );
});

test('an experiment is no sweep', () => {
  expect(() => loadSweep('configs/quickstart.yaml')).toThrow('configs/quickstart.yaml is an experiment, not a sweep');
});
