import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { OrtrainError } from '../../src/core/errors.ts';
import { errorDocument, exitCodeOf, renderError } from '../../src/cli/render/error.ts';
import { widthOf } from '../../src/cli/render/layout/width.ts';

const plain = picocolors.createColors(false);

test('configuration problems come in the order of the file, each with its place, a caret and the right name', () => {
  const error = new OrtrainError('config', 'a.yaml has 3 problems', {
    subject: 'a.yaml',
    remedy: 'Correct the places shown.',
    problems: [
      {
        message: 'training.epochs: expected a whole number, found "ten"',
        file: 'a.yaml',
        line: 12,
        column: 11,
        width: 3,
        field: 'training.epochs',
        snippet: '  epochs: ten',
      },
      { message: 'data.train is missing', file: 'a.yaml', field: 'data.train' },
      {
        message: 'unknown key optimzer in training',
        file: 'a.yaml',
        line: 9,
        column: 3,
        width: 8,
        field: 'training.optimzer',
        snippet: '  optimzer: { name: adam }',
        suggestion: 'optimizer',
      },
      { message: 'unknown key sede', file: '--set', column: 1, width: 4, field: 'sede', snippet: 'sede=7', suggestion: 'seed' },
    ],
  });
  expect(renderError(error, plain)).toMatchInlineSnapshot(`
    "error: a.yaml has 3 problems
      a.yaml:9:3  unknown key optimzer in training; did you mean optimizer?
        9 │   optimzer: { name: adam }
          │   ^^^^^^^^
      a.yaml:12:11  training.epochs: expected a whole number, found "ten"
        12 │   epochs: ten
           │           ^^^
      a.yaml  data.train is missing
      --set  unknown key sede; did you mean seed?
        │ sede=7
        │ ^^^^
    what to do: Correct the places shown."
  `);
});

test('data problems name row and column', () => {
  const error = new OrtrainError('data', 'train.csv does not fit the configuration: 2 problems', {
    problems: [
      { message: 'the target is empty', file: 'train.csv', line: 31, row: 29, field: 'target' },
      { message: 'there is no column "txt"', file: 'train.csv', line: 1, field: 'txt', suggestion: 'text' },
    ],
  });
  expect(renderError(error, plain)).toMatchInlineSnapshot(`
    "error: train.csv does not fit the configuration: 2 problems
      train.csv:1  there is no column "txt"; did you mean text?
      train.csv:31 (row 29, column target)  the target is empty"
  `);
});

test('a long line is shown around its place, and the caret stays under it', () => {
  const snippet = `${'x'.repeat(200)}WRONG${'y'.repeat(200)}`;
  const text = renderError(
    new OrtrainError('config', 'bad', { problems: [{ message: 'wrong', file: 'a.yaml', line: 1, column: 201, width: 5, snippet }] }),
    plain,
  );
  const [source = '', carets = ''] = text.split('\n').slice(2);
  expect(source.length).toBeLessThan(120);
  expect(source.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('WRONG');
});

test.each([
  ['😀: no', 4],
  ['日本語: no', 6],
  ['no', 1],
])('wide characters before the place do not shift the caret: %s', (snippet, column) => {
  const text = renderError(
    new OrtrainError('config', 'bad', { problems: [{ message: 'wrong', file: 'a.yaml', line: 1, column, width: 2, snippet }] }),
    plain,
  );
  const [source = '', carets = ''] = text.split('\n').slice(2);
  expect(carets.indexOf('^')).toBe(widthOf(source.slice(0, source.indexOf('no'))));
  expect(carets.trim()).toMatch(/\^\^$/);
  expect(carets).not.toContain('^^^');
});

test('a snippet and its caret fit a narrow terminal, also where the characters are wide', () => {
  for (const snippet of [`${'x'.repeat(200)}WRONG${'y'.repeat(200)}`, `${'語'.repeat(200)}WRONG${'本'.repeat(200)}`]) {
    const text = renderError(
      new OrtrainError('config', 'bad', { problems: [{ message: 'wrong', file: 'a.yaml', line: 1, column: 201, width: 5, snippet }] }),
      { ...plain, columns: 60 },
    );
    const [source = '', carets = ''] = text.split('\n').slice(2);
    expect(widthOf(source)).toBeLessThanOrEqual(60);
    expect(carets.indexOf('^')).toBe(widthOf(source.slice(0, source.indexOf('WRONG'))));
  }
});

test('text from files cannot steer the terminal', () => {
  const text = renderError(
    new OrtrainError('data', 'bad \u001b[2Jvalue', { problems: [{ message: 'a\u001b]0;title\u0007b', file: 'x\ry.csv' }] }),
    plain,
  );
  expect([...text].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
});

test('colours appear only where they are wanted', () => {
  const error = new OrtrainError('usage', 'bad', { remedy: 'do better' });
  expect(renderError(error, plain)).not.toContain('\u001b');
  expect(renderError(error, picocolors.createColors(true))).toContain('\u001b[31m');
});

test('a cause is told where no problem explains more', () => {
  const cause = new Error('EACCES: permission denied');
  expect(renderError(new OrtrainError('environment', 'cannot write', { cause }), plain)).toContain('because: EACCES');
});

test('too many problems are counted instead of shown', () => {
  const problems = Array.from({ length: 1045 }, (_, i) => ({ message: `problem ${i}`, file: 'a.csv', row: i + 1 }));
  const text = renderError(new OrtrainError('data', 'bad', { problems }), plain);
  expect(text.split('\n')).toHaveLength(1 + 40 + 1);
  expect(text).toContain('and 1,005 more problems');
});

test('anything that is not ours is called a defect, with its trace', () => {
  expect(renderError(new TypeError('x is not a function'), plain)).toMatch(
    /TypeError: x is not a function\n\s+at .*\n[\s\S]*This is a bug in ortrain/,
  );
});

test.each([
  ['usage', 2],
  ['config', 2],
  ['data', 2],
  ['environment', 1],
  ['run', 1],
  ['interrupted', 130],
] as const)('%s errors end with exit code %i', (code, exitCode) => {
  expect(exitCodeOf(new OrtrainError(code, 'x'))).toBe(exitCode);
});

test('a defect ends with exit code 1', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(1);
  expect(errorDocument(new TypeError('x'))).toMatchObject({ code: 'defect', message: 'x' });
});

test('the document has every field, whatever the error has', () => {
  expect(errorDocument(new OrtrainError('run', 'x'))).toEqual({ code: 'run', message: 'x', subject: null, remedy: null, problems: [] });
});
