import { expect, it } from 'vitest';
import { aside } from '../../src/core/aside.ts';
import { OrtrainError } from '../../src/core/errors.ts';

const text = new URL('../../src/core/text.ts', import.meta.url);
const shapes = new URL('../../src/core/inputs.ts', import.meta.url);
const busy = new URL('./aside-busy.ts', import.meta.url);

it('answers with what the function answers', async () => {
  expect(await aside(text, 'plural', [2, 'row'])).toBe('2 rows');
});

it('throws what the function throws, with all that belongs to it', async () => {
  const error = await aside(shapes, 'readInput', ['/nowhere', 10]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OrtrainError);
  expect(error).toMatchObject({ code: 'data', message: expect.stringContaining('/nowhere') as string });
});

it('is ended in the middle of a loop that does not end', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 500);
  await expect(aside(busy, 'forEver', [], controller.signal)).rejects.toMatchObject({ code: 'interrupted' });
  await expect(aside(busy, 'forEver', [], controller.signal)).rejects.toMatchObject({ code: 'interrupted' });
});
