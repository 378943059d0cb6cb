import { expect, test } from 'vitest';
import { shortened } from '../../src/core/text.ts';

test('a long text is shortened to 60 characters, never in the middle of one', () => {
  expect(shortened('a'.repeat(60))).toBe('a'.repeat(60));
  expect(shortened('a'.repeat(61))).toBe(`${'a'.repeat(60)}…`);
  expect(shortened(`${'a'.repeat(59)}😀b`)).toBe(`${'a'.repeat(59)}…`);
});
