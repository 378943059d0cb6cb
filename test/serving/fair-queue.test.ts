import { describe, expect, it } from 'vitest';
import { openFairQueue, type Waiting } from '../../src/serving/batching/fair-queue.ts';

function request(name: string, tokens: readonly number[], isAlone = false): Waiting & { readonly name: string } {
  const places = tokens.map((_, i) => i).reverse();
  return { name, texts: tokens.map(() => name), tokens, places, since: 0, isAlone };
}

const taken = (batch: readonly { readonly request: { readonly name: string }; readonly place: number }[]): string =>
  batch.map(({ request: { name }, place }) => `${name}${place}`).join(' ');

describe('a fair queue', () => {
  it('takes a text of each request in turn, so that a long list does not hold up the others', () => {
    const queue = openFairQueue<ReturnType<typeof request>>();
    queue.add(request('a', [10, 10, 10, 10]));
    queue.add(request('b', [10]));
    queue.add(request('c', [10, 10]));
    expect(queue.size()).toEqual({ texts: 7, tokens: 70 });
    expect(taken(queue.take(40, 100))).toBe('a0 b0 c0 a1');
    queue.add(request('d', [10]));
    expect(taken(queue.take(30, 100))).toBe('a2 c1 d0');
    expect(taken(queue.take(30, 100))).toBe('a3');
    expect(queue.size()).toEqual({ texts: 0, tokens: 0 });
    expect(queue.take(30, 100)).toEqual([]);
  });

  it('keeps a batch within its tokens and texts, but for a text that alone has more', () => {
    const queue = openFairQueue<ReturnType<typeof request>>();
    queue.add(request('long', [500]));
    for (const name of ['a', 'b', 'c']) queue.add(request(name, [40]));
    expect(taken(queue.take(100, 10))).toBe('long0');
    expect(taken(queue.take(100, 10))).toBe('a0 b0');
    queue.add(request('d', [1]));
    expect(taken(queue.take(100, 1))).toBe('c0');
  });

  it('takes a request that is to be tried by itself without others', () => {
    const queue = openFairQueue<ReturnType<typeof request>>();
    queue.add(request('a', [1]));
    queue.add(request('alone', [1, 1], true), 'front');
    expect(taken(queue.take(100, 10))).toBe('alone0 alone1');
    queue.add(request('later', [1], true));
    expect(taken(queue.take(100, 10))).toBe('a0');
    expect(taken(queue.take(100, 10))).toBe('later0');
  });

  it('forgets what is removed', () => {
    const queue = openFairQueue<ReturnType<typeof request>>();
    const a = request('a', [3, 4]);
    queue.add(a);
    queue.add(request('b', [5]));
    queue.remove(a);
    queue.remove(a);
    expect(queue.size()).toEqual({ texts: 1, tokens: 5 });
    expect(taken(queue.take(100, 10))).toBe('b0');
  });
});
