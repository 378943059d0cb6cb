import { stripVTControlCharacters } from 'node:util';
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { findingLines } from '../../src/cli/render/findings.ts';
import { left, prose, right, table } from '../../src/cli/render/layout/table.ts';
import { folded, widthOf } from '../../src/cli/render/layout/width.ts';
import type { Colors } from '../../src/cli/terminal.ts';

const on = (columns?: number): Colors => ({ ...picocolors.createColors(false), columns });
const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));

const metrics = ['loss', 'accuracy', 'precision_macro', 'recall_macro', 'f1_macro', 'f1', 'roc_auc'];
const results = (columns?: number): string =>
  table(
    [left('fold'), right('best epoch'), ...metrics.map(right)],
    [0, 1].map((fold) => [String(fold), '5 of 5', ...metrics.map((_, i) => (0.9 + 0.01 * i + 0.001 * fold).toFixed(4))]),
    on(columns),
  );

test('text has the width that string-width gives it, also where that is not asked', () => {
  const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  for (const text of [...ascii, ...'·±×–’…│', 'a · b', '日本', '👩‍👩‍👧', 'e\u0301', '…\ufe0f', '\u001b[31mred\u001b[39m', '\u00ad', ''])
    expect(widthOf(text), JSON.stringify(text)).toBe(stringWidth(text));
});

test('a table that is no terminal’s stays whole, and one that fits is the same', () => {
  expect(results()).toBe(results(120));
  expect(results().split('\n')).toHaveLength(3);
});

test('columns that do not fit stand below, beside the first one again, and none is lost', () => {
  expect(results(60)).toMatchInlineSnapshot(`
    "fold  best epoch    loss  accuracy  precision_macro
    0         5 of 5  0.9000    0.9100           0.9200
    1         5 of 5  0.9010    0.9110           0.9210

    fold  recall_macro  f1_macro      f1  roc_auc
    0           0.9300    0.9400  0.9500   0.9600
    1           0.9310    0.9410  0.9510   0.9610"
  `);
  for (const columns of [80, 60, 40, 30, 24]) {
    const text = results(columns);
    expect(widest(text), String(columns)).toBeLessThanOrEqual(columns - 2);
    for (const name of [...metrics, 'best epoch', '0.9600', '0.9610']) expect(text, String(columns)).toContain(name);
  }
});

test('a row becomes a paragraph where a name leaves no room, or too many tables would be needed', () => {
  const name = 'heads+dense=none+lr=0.0005+dropout=0.25';
  expect(
    table(
      [left('run'), left('status'), right('took'), left('model'), right('oof/f1_macro')],
      [[name, 'done', '48 s', 'configs/quickstart/model', '0.9281']],
      on(44),
    ),
  ).toBe([name, '  status done · took 48 s', '  model configs/quickstart/model', '  oof/f1_macro 0.9281'].join('\n'));
});

test('prose is narrowed first, between words', () => {
  const text = table(
    [left('task'), right('time'), prose('work')],
    [['train[0]', '48 s', '115 steps: 5 epochs of 23 · 720 rows, validated on 180']],
    on(50),
  );
  expect(text).toBe(
    ['task      time  work', 'train[0]  48 s  115 steps: 5 epochs of 23 · 720', '                rows, validated on 180'].join('\n'),
  );
});

test('wide characters and emoji take two columns', () => {
  const text = table([left('run'), right('score')], [['日本語', '1'], ['🔥🔥', '2'], ['abcdef', '3']], on(80));
  expect(text.split('\n').map(widthOf)).toEqual([13, 13, 13, 13]);
});

test('lines are continued between words, below where they began, with their colours', () => {
  const colors = picocolors.createColors(true);
  expect(folded('  one two three four', 12)).toBe('  one two\n    three\n    four');
  expect(folded('short', 12)).toBe('short');
  // A path is no use in two parts.
  expect(folded('see /a/very/long/path/to/a/file here', 20)).toBe('see\n  /a/very/long/path/to/a/file\n  here');
  const coloured = folded(colors.dim('    some words that go on and on'), 20);
  expect(coloured.split('\n').map((line) => /^ */.exec(stripVTControlCharacters(line))?.[0].length)).toEqual([4, 6, 6]);
  expect(widest(coloured)).toBeLessThanOrEqual(20);
});

test('findings stay below their marks', () => {
  const finding = {
    severity: 'warning',
    code: 'x',
    message: 'three rows hold the same text as an earlier one once case is set aside',
    count: 3,
    examples: [{ table: 'train', rows: [1, 2], text: 'a text of several words that is long' }],
    remedy: 'Remove two of them, or keep them together.',
  } as const;
  const lines = findingLines([finding as never], on(40));
  expect(lines[0]).toMatch(/^ {2}warning {2}three rows/);
  expect(lines.slice(1).every((line) => line.startsWith(' '.repeat(11)) && widthOf(line) <= 40)).toBe(true);
  expect(lines.join(' ').replace(/ +/g, ' ')).toContain(finding.message);
});
