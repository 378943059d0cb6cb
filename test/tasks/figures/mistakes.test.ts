import { expect, it } from 'vitest';
import { classification } from '../../../src/tasks/classification/task.ts';
import { textCells } from '../../../src/tasks/figures/mistakes.ts';
import type { Text } from '../../../src/data/texts/index.ts';

const cellsOf = (...texts: readonly Text[]) => {
  const targets = { width: 1, values: new Float64Array(texts.length) };
  return textCells({ examples: { ids: texts.map((_, row) => `#${row}`), texts, targets, task: classification(['a', 'b']) } });
};

it('each segment of a text has a column of its own', () => {
  const pairs = cellsOf(['one | two', 'three'], ['', 'x']);
  expect([pairs.columns, pairs.of('#0'), pairs.of('#1'), pairs.of('gone')]).toEqual([
    ['text_1', 'text_2'],
    ['one | two', 'three'],
    ['', 'x'],
    ['', ''],
  ]);
  const single = cellsOf('one');
  expect([single.columns, single.of('#0')]).toEqual([['text'], ['one']]);
  const none = textCells({ missing: 'gone' });
  expect([none.columns, none.of('#0')]).toEqual([['text'], ['']]);
});
