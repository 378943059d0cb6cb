import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { left, right, table } from '../../src/cli/render/layout/table.ts';

const of = (columns: number): Parameters<typeof table>[2] => ({ ...picocolors.createColors(false), columns });

test('a table too wide for the terminal repeats below as many columns as tell its rows apart', () => {
  const rows = [
    ['[]', '0.0005', '25 s', 'heads+dense=none+lr=0.0005'],
    ['[]', '0.001', '31 s', 'heads+dense=none+lr=0.001'],
  ];
  expect(table([left('dense'), left('lr'), right('took'), left('run')], rows, of(44))).toMatchInlineSnapshot(`
    "dense  lr      took
    []     0.0005  25 s
    []     0.001   31 s

    dense  lr      run
    []     0.0005  heads+dense=none+lr=0.0005
    []     0.001   heads+dense=none+lr=0.001"
  `);
});

test('where those leave no room, each row becomes a paragraph', () => {
  const rows = [
    ['train', 'a-key-of-twenty-characters', 'a-run-of-twenty-characters'],
    ['train', 'b-key-of-twenty-characters', 'a-run-of-twenty-characters'],
  ];
  expect(table([left('what'), left('key'), left('used by')], rows, of(40))).toMatchInlineSnapshot(`
    "train
      key a-key-of-twenty-characters
      used by a-run-of-twenty-characters
    train
      key b-key-of-twenty-characters
      used by a-run-of-twenty-characters"
  `);
});

test('rows that only the last column tells apart lose nothing', () => {
  const rows = [
    ['train', 'the same in both of the rows', '1'],
    ['train', 'the same in both of the rows', '2'],
  ];
  expect(table([left('what'), left('key'), right('fold')], rows, of(40))).toMatchInlineSnapshot(`
    "train
      key the same in both of the rows
      fold 1
    train
      key the same in both of the rows
      fold 2"
  `);
});
