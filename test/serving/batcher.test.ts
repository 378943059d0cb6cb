import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OrtrainError } from '../../src/core/errors.ts';
import type { Text } from '../../src/data/texts/index.ts';
import { openBatcher, type BatchingOptions, type BatchReport } from '../../src/serving/batching/batcher.ts';
import type { Answer, Lane } from '../../src/serving/lanes/lane.ts';

const OPTIONS: BatchingOptions = { maxBatchTokens: 100, maxBatchTexts: 50, maxWaitMs: 5, maxQueuedTexts: 20, maxTokens: 50 };
/** A request that is not given up. */
const waits = (): AbortSignal => new AbortController().signal;

/** Answers each text with itself, after a while. */
function echo(batches: Text[][], milliseconds = 1, fails: (texts: readonly Text[]) => Error | undefined = () => undefined): Lane {
  return {
    async classify(texts) {
      batches.push([...texts]);
      await sleep(milliseconds);
      const error = fails(texts);
      if (error !== undefined) throw error;
      return texts.map((text) => ({ prediction: String(text) }) as unknown as Answer);
    },
    isReady: () => true,
    close: async () => {},
  };
}

function opened(options: Partial<BatchingOptions> = {}, milliseconds = 1, fails?: Parameters<typeof echo>[2]) {
  const [batches, reports]: [Text[][], BatchReport[]] = [[], []];
  const batcher = openBatcher([echo(batches, milliseconds, fails)], { ...OPTIONS, ...options }, (report) => reports.push(report));
  return { batcher, batches, reports };
}

describe('a batcher', () => {
  it('joins the texts of many requests, and answers each with its own in their order', async () => {
    const { batcher, batches, reports } = opened();
    const asked = ['a', 'b', 'c', 'd'].map((name) => batcher.submit([`${name} long enough`, name], waits()));
    const answers = await Promise.all(asked);
    expect(answers).toEqual(['a', 'b', 'c', 'd'].map((name) => [{ prediction: `${name} long enough` }, { prediction: name }]));
    expect(batches.map(({ length }) => length)).toEqual([2, 6]);
    expect(reports.map(({ texts, requests }) => [texts, requests])).toEqual([[2, 1], [6, 3]]);
  });

  it('waits for others only after a batch of several requests', async () => {
    const { batcher, batches } = opened({ maxWaitMs: 60 });
    const timed = async (text: string): Promise<number> => {
      const start = performance.now();
      await batcher.submit([text], waits());
      return performance.now() - start;
    };
    expect(await timed('alone')).toBeLessThan(40);
    await Promise.all(['x', 'a', 'b'].map(timed));
    expect(batches.map(({ length }) => length)).toEqual([1, 1, 2]);
    expect(await timed('after others')).toBeGreaterThan(50);
    expect(await timed('alone again')).toBeLessThan(40);
  });

  it('does not wait once a batch is full', async () => {
    const { batcher, batches } = opened({ maxWaitMs: 10_000, maxBatchTokens: 12 }, 5);
    const long = 'sixteen letters!'; // 4 tokens, and one at each end
    await Promise.all(Array.from({ length: 9 }, () => batcher.submit([long], waits())));
    expect(batches.map(({ length }) => length)).toEqual([1, 2, 2, 2, 2]);
  });

  it('refuses what does not fit into the queue, and says when to come back', async () => {
    const { batcher } = opened({}, 20);
    const first = batcher.submit(['x'], waits());
    const queued = Array.from({ length: 20 }, (_, i) => batcher.submit([String(i)], waits()));
    expect(await batcher.submit(['one more'], waits())).toEqual({ refused: 'overloaded', retryAfterSeconds: 1 });
    expect(batcher.waitingTexts()).toBe(20);
    expect(await Promise.all([first, ...queued])).toHaveLength(21);
    expect(await batcher.submit(['there is room again'], waits())).toHaveLength(1);
  });

  it('takes the texts of a request that nobody waits for out of the queue', async () => {
    const { batcher, batches } = opened({}, 10);
    const gone = new AbortController();
    const first = batcher.submit(['first'], waits());
    const given = batcher.submit(['given up'], gone.signal);
    gone.abort();
    expect(await given).toEqual({ refused: 'aborted' });
    await first;
    await batcher.drain();
    expect(batches).toEqual([['first']]);
  });

  it('blames the request whose text cannot be classified, and answers those beside it', async () => {
    const { batcher, batches } = opened({}, 1, (texts) => (texts.includes('bad') ? new OrtrainError('data', 'a bad text') : undefined));
    const first = batcher.submit(['first'], waits());
    const asked = [['a'], ['bad', 'b'], ['c']].map((texts) => batcher.submit(texts, waits()));
    await first;
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { message: 'a bad text' } });
    expect(batches.map(({ length }) => length)).toEqual([1, 4, 1, 2, 1]);
  });

  it('tries a request once more after a breakdown, which need not be its fault', async () => {
    let breakdowns = 1;
    const { batcher, reports } = opened({}, 1, () => (breakdowns-- > 0 ? new OrtrainError('run', 'the process was killed') : undefined));
    expect(await batcher.submit(['a', 'b'], waits())).toHaveLength(2);
    expect(reports.map(({ failed }) => failed)).toEqual([true, false]);
    breakdowns = 2;
    await expect(batcher.submit(['poison'], waits())).rejects.toThrow('the process was killed');
  });

  it('drains: everybody is answered before it ends', async () => {
    const { batcher } = opened({ maxBatchTokens: 10 }, 5);
    const asked = Array.from({ length: 12 }, (_, i) => batcher.submit([String(i)], waits()));
    let drained = false;
    const done = batcher.drain().then(() => (drained = true));
    await asked[11];
    expect(drained).toBe(false);
    await done;
    expect(await Promise.all(asked)).toHaveLength(12);
  });
});
