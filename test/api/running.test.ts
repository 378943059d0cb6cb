import { describe, expect, it } from 'vitest';
import { running } from '../../src/api/running.ts';

/** Emits the numbers from 1 on, one a turn. */
function counting(to: number, failure?: Error, onEvent?: (n: number) => void) {
  return running<string, number>(async (emit) => {
    for (let n = 1; n <= to; n++) {
      emit(n);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (failure !== undefined) throw failure;
    return 'done';
  }, onEvent);
}

async function seen(events: AsyncIterable<number>): Promise<readonly number[]> {
  const all: number[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('work that is under way', () => {
  it('is a promise of its result and a loop over its events, of which each listener has all', async () => {
    const heard: number[] = [];
    const work = counting(3, undefined, (n) => heard.push(n));
    const [one, other] = await Promise.all([seen(work), seen(work)]);
    expect(await work).toBe('done');
    expect({ heard, one, other }).toEqual({ heard: [1, 2, 3], one: [1, 2, 3], other: [1, 2, 3] });
  });

  it('shows a late listener what is still to come, and a slow one everything', async () => {
    const work = counting(4);
    const slow: number[] = [];
    for await (const event of work) {
      slow.push(event);
      if (event === 1) await work;
    }
    expect(slow).toEqual([1, 2, 3, 4]);
    expect(await seen(work)).toEqual([]);
  });

  it('throws out of the loop what it fails with, once, after the events before', async () => {
    const work = counting(2, new Error('it broke'));
    const events: number[] = [];
    await expect(
      (async () => {
        for await (const event of work) events.push(event);
      })(),
    ).rejects.toThrow('it broke');
    expect(events).toEqual([1, 2]);
    await expect(work).rejects.toThrow('it broke');
  });

  it('goes on where a loop is left, and ends with what a callback throws', async () => {
    const work = counting(3);
    for await (const event of work) if (event === 1) break;
    expect(await work).toBe('done');
    await expect(
      counting(3, undefined, (n) => {
        if (n === 2) throw new Error('not 2');
      }),
    ).rejects.toThrow('not 2');
  });

  it('fails as any promise does where nobody waits for it', async () => {
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
      void counting(1, new Error('nobody waits'));
      expect(String(await unhandled)).toContain('nobody waits');
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });

  it('answers several waiting reads in their order', async () => {
    const events = counting(2)[Symbol.asyncIterator]();
    const answers = await Promise.all([events.next(), events.next(), events.next(), events.next()]);
    expect(answers.map(({ done, value }) => (done === true ? 'done' : value))).toEqual([1, 2, 'done', 'done']);
  });
});
