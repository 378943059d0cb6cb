import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { foldsOf, loadExperiment, readingOf, requireFiles, tablesOf, toYaml } from '../../src/config/index.ts';
import { readExperiment } from '../../src/config/index.ts';
import { OrtrainError, type Problem } from '../../src/core/errors.ts';
import { problemsOf, workspace } from './workspace.ts';

const config = (data: string): string =>
  `data: { train: train.csv, ${data.startsWith('text') ? '' : 'text: text, '}target: target, ${data} }\nmodel: { base: some-model }\n`;
const written = (data: string): string => join(workspace({ 'a.yaml': config(data) }), 'a.yaml');
const tables = (data: string, ...set: readonly string[]) => tablesOf(loadExperiment(written(data), { set }).experiment.data);

describe('a table as an object', () => {
  it('takes what it leaves out from the rest of data', () => {
    const { train, test, sample, sampleIds, sampleIdIsNamed } = tables(
      'id: id, encoding: latin-1, columns: [id, text, target], test: { path: b.csv, id: Id, columns: null }, sample_submission: { path: c.csv }',
    );
    expect(train).toEqual({
      path: 'train.csv',
      id: 'id',
      text: 'text',
      target: 'target',
      encoding: 'windows-1252',
      columns: ['id', 'text', 'target'],
    });
    expect(test).toEqual({
      path: 'b.csv',
      id: 'Id',
      text: 'text',
      target: 'target',
      isTargetNamed: false,
      encoding: 'windows-1252',
      columns: null,
    });
    expect(tables('test: { path: b.csv, target: y }').test).toMatchObject({ target: 'y', isTargetNamed: true });
    expect(tables('test: { path: b.csv, target: null }').test).toMatchObject({ target: null, isTargetNamed: false });
    expect(sample).toEqual({ path: 'c.csv', encoding: 'windows-1252', columns: null });
    expect([sampleIds, sampleIdIsNamed]).toEqual([['id', 'Id'], false]);
    expect(tables('test: b.csv, sample_submission: { path: c.csv, id: Number }')).toMatchObject({
      test: { id: null },
      sampleIds: ['Number'],
      sampleIdIsNamed: true,
    });
    expect(readingOf(train)).toEqual({ encoding: 'windows-1252', columns: ['id', 'text', 'target'] });
    expect(readingOf(tables('test: null').train)).toEqual({});
  });

  it('may hold pairs of texts; a list of one is that one', () => {
    expect(tables('text: [a, "{b}: {c}"], test: t.csv')).toMatchObject({ train: { text: ['a', '{b}: {c}'] }, test: { text: ['a', '{b}: {c}'] } });
    expect(tables('text: [a], test: { path: t.csv, text: [b] }')).toMatchObject({ train: { text: 'a' }, test: { text: 'b' } });
    expect(tables('text: a', 'data.text=[a, b]', 'model.truncation=only_first').train.text).toEqual(['a', 'b']);
    expect(() => tables('text: a', 'model.truncation=only_first')).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ field: 'model.truncation', suggestion: 'truncation: longest_first' })] }),
    );
  });

  it('may be one for validation, beside which nothing is said of folds', () => {
    expect(tables('id: id, validation: { path: v.csv, target: y }').validation).toMatchObject({ path: 'v.csv', id: 'id', text: 'text', target: 'y' });
    expect(tables('test: null').validation).toBeNull();
    const load = (...set: readonly string[]) => loadExperiment(written('validation: v.csv'), { set }).experiment;
    expect([foldsOf(load()), foldsOf(load('data.validation=null')), foldsOf(load('data.validation=null', 'split.folds=3'))]).toEqual([1, 5, 3]);
    for (const key of ['folds=3', 'strategy=kfold', 'shuffle=false', 'group_by=text', 'seed=1', 'only=[0]'])
      expect(() => load(`split.${key}`)).toThrow(
        expect.objectContaining({ problems: [expect.objectContaining({ message: expect.stringMatching(/which data\.validation leaves whole/) as string })] }),
      );
  });

  it('goes over a path below it, and a path over an object', () => {
    expect(tables('id: id, test: b.csv', 'data.test.id=Id').test).toMatchObject({ path: 'b.csv', id: 'Id' });
    expect(tables('id: id, test: { path: b.csv, id: Id }', 'data.test=c.csv').test).toMatchObject({ path: 'c.csv', id: 'id' });
    expect(tables('id: id, test: { path: b.csv, id: Id }', 'data.test.path=c.csv').test).toMatchObject({ path: 'c.csv', id: 'Id' });
  });

  it('stays as it was written', () => {
    const file = written('test: { path: b.csv, id: null }');
    const yaml = toYaml(readExperiment(file));
    expect(yaml).toContain('  test:\n    path: b.csv\n    id: null\n');
    expect(readExperiment(join(workspace({ 'again.yaml': yaml }), 'again.yaml'))).toEqual(readExperiment(file));
  });

  it.each([
    ['test: { id: Id }', 'data.test.path', /data\.test\.path is missing/],
    ['test: { path: b.csv, txt: y }', 'data.test.txt', /no key txt/],
    ['test: [b.csv]', 'data.test', /must be a path, or a mapping with keys such as path, id, text, encoding, or null/],
    ['test: ""', 'data.test', /empty text/],
    ['encoding: latin9000', 'data.encoding', /no encoding "latin9000"/],
    ['test: { path: b.csv, encoding: utf-61 }', 'data.test.encoding', /no encoding "utf-61"/],
    ['columns: [a, b, a]', 'data.columns[2]', /the column "a" is listed twice in data\.columns/],
    ['text: "{user}: {text"', 'data.text', /data\.text is no template: the brace \{ at character 9 is not closed/],
    ['text: "{}"', 'data.text', /the braces at character 1 name no column/],
    ['test: { path: b.csv, text: "a}" }', 'data.test.text', /data\.test\.text is no template: the brace \} at character 2 closes nothing/],
    ['text: "{target}"', 'data.target', /data\.target and data\.text are the same column, "target"/],
    ['text: "{user} {target}"', 'data.text', /data\.text gives the answer away: the column "target" in it is data\.target/],
    ['text: [a, b, c]', 'data.text', /data\.text has 3 segments, and a model reads one text or two: .*"\{a\} \{b\}"/],
    ['text: [a, a]', 'data.text[1]', /both texts of a pair are "a" in data\.text/],
    ['text: [a, "b{"]', 'data.text[1]', /data\.text is no template/],
    ['text: [a, target]', 'data.target', /data\.target and data\.text both name the column "target"/],
    ['text: [a, "{target}!"]', 'data.text', /gives the answer away/],
    ['text: [id, b], id: id', 'data.id', /data\.id and data\.text both name the column "id"/],
    ['text: []', 'data.text', /must be text, or a list of at least 1, each text, but is an empty list/],
    ['text: [a, b], test: { path: b.csv, text: c }', 'data.test.text', /data\.test has single texts, and the training table has pairs/],
    ['test: { path: b.csv, target: text }', 'data.test.target', /data\.test\.target and data\.text are the same column, "text"/],
    ['validation: { path: v.csv, target: text }', 'data.validation.target', /data\.validation\.target and data\.text are the same column/],
    ['validation: { path: v.csv, text: [a, b] }', 'data.validation.text', /data\.validation has pairs of texts, and the training table has single/],
    ['validation: { path: v.csv, encoding: utf-61 }', 'data.validation.encoding', /no encoding "utf-61"/],
    ['columns: []', 'data.columns', /empty list/],
    ['id: id, weight: id', 'data.weight', /data\.weight and data\.id both name the column "id"/],
    ['weight: target', 'data.weight', /data\.weight and data\.target both name the column "target"/],
    ['text: [a, b], weight: b', 'data.weight', /data\.weight and data\.text both name the column "b"/],
    ['id: id, test: { path: b.csv, id: text }', 'data.test.id', /data\.test\.id and data\.text are the same column/],
  ])('%s is refused at its place', (data, field, message) => {
    expect(problemsOf(written(data))).toMatchObject([{ field, message: expect.stringMatching(message) as string }]);
  });
});

describe('a path that cannot be meant as it stands', () => {
  it.each([
    ['~/ortrain-no-such-file.csv', /^Write out the home folder: only a shell expands ~\.$/],
    ['https://example.org/train.csv', /^Download the file and give its path\.$/],
    ['.', /^Name a file in the folder\.$/],
    ['no-such-file.csv', /^Paths are relative to the working directory, /],
    ['/no-such-folder/no-such-file.csv', /^Paths are relative/],
  ])('has a remedy of its own: %s', (path, remedy) => {
    const file = join(
      workspace({ 'a.yaml': `data: { train: "${path}", text: text, target: target }\nmodel: { base: some-org/some-model }\n` }),
      'a.yaml',
    );
    expect(() => requireFiles(loadExperiment(file))).toThrow(expect.objectContaining({ remedy: expect.stringMatching(remedy) as string }));
  });

  it('is one in the home folder, where the file is there', () => {
    const home = workspace({ 'train.csv': 'text,target\n' });
    const file = join(
      workspace({ 'a.yaml': 'data: { train: ~/train.csv, text: text, target: target }\nmodel: { base: some-org/some-model }\n' }),
      'a.yaml',
    );
    vi.stubEnv('HOME', home);
    expect(() => requireFiles(loadExperiment(file))).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ suggestion: join(home, 'train.csv') })] }),
    );
    vi.unstubAllEnvs();
  });
});

describe('a path that a backslash has spoilt', () => {
  it.each([
    ['data/train.csv', '"data\\train.csv"', /contains a tab, which is what \\t means in double quotes/],
    ['new/a.csv', '"C:/x\\new/a.csv"', /contains a line break/],
  ])('%s', (_, path, message) => {
    const file = join(
      workspace({ 'a.yaml': `data: { train: ${path}, text: text, target: target }\nmodel: { base: some-org/some-model }\n` }),
      'a.yaml',
    );
    const problems = ((): readonly Problem[] => {
      try {
        requireFiles(loadExperiment(file));
        return [];
      } catch (error) {
        if (error instanceof OrtrainError) return error.problems;
        throw error;
      }
    })();
    expect(problems).toMatchObject([
      {
        field: 'data.train',
        message: expect.stringMatching(message) as string,
        suggestion: expect.stringMatching(/^(data\/train|C:\/x\/new\/a)\.csv$/) as string,
      },
    ]);
  });
});
