import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { OrtrainError } from '../../src/core/errors.ts';
import { openLane, type LaneClassifier } from '../../src/serving/lanes/classifier-lane.ts';
import type { Answer } from '../../src/serving/lanes/lane.ts';

/** A classifier whose process breaks down at a word, and does not come to an end at another. */
function fragile(opened: string[], sha256 = 'same'): LaneClassifier {
  let end: ((error: Error) => void) | undefined;
  let isClosed = false;
  return {
    async classify(texts) {
      if (isClosed) throw new OrtrainError('interrupted', 'the classifier was closed');
      if (texts.includes('crash')) throw new OrtrainError('run', 'the process was killed');
      if (texts.includes('unknown')) throw new OrtrainError('data', 'there is no embedding for it');
      if (texts.includes('stuck')) await new Promise<never>((_, reject) => (end = reject));
      return texts.map((text) => ({ prediction: text }) as Answer);
    },
    describe: () => ({ name: 'tiny', pairs: false, sha256 }) as ReturnType<LaneClassifier['describe']>,
    async close() {
      isClosed = true;
      opened.push('closed');
      end?.(new OrtrainError('interrupted', 'the classifier was closed'));
    },
  };
}

async function lane(again: () => LaneClassifier, opened: string[], stuckAfterMs = 10_000) {
  const troubles: unknown[] = [];
  const open = async (): Promise<LaneClassifier> => {
    await sleep(30);
    opened.push('opened');
    return again();
  };
  return { troubles, lane: await openLane(fragile(opened), { open, stuckAfterMs, onTrouble: (error) => troubles.push(error) }) };
}

describe('a lane', () => {
  it('opens a classifier again that broke down, and is not ready until it has classified a text', async () => {
    const opened: string[] = [];
    const { lane: tested, troubles } = await lane(() => fragile(opened), opened);
    await expect(tested.classify(['crash'])).rejects.toThrow('the process was killed');
    expect(tested.isReady()).toBe(false);
    await expect(tested.classify(['a'])).rejects.toThrow('is being opened again');
    await vi.waitFor(() => expect(tested.isReady()).toBe(true));
    expect(opened).toEqual(['closed', 'opened']);
    expect(troubles).toHaveLength(1);
    expect(await tested.classify(['a'])).toEqual([{ prediction: 'a' }]);
    await tested.close();
  });

  it('keeps a classifier that refuses a text', async () => {
    const opened: string[] = [];
    const { lane: tested, troubles } = await lane(() => fragile(opened), opened);
    await expect(tested.classify(['unknown'])).rejects.toThrow('there is no embedding');
    expect([tested.isReady(), opened, troubles]).toEqual([true, [], []]);
  });

  it('gives up a batch that does not come to an end', async () => {
    const opened: string[] = [];
    const { lane: tested, troubles } = await lane(() => fragile(opened), opened, 30);
    await expect(tested.classify(['stuck'])).rejects.toThrow('not classified within 0.03 s');
    expect(troubles).toHaveLength(1);
    await vi.waitFor(() => expect(tested.isReady()).toBe(true));
    expect(await tested.classify(['a'])).toHaveLength(1);
  });

  it('does not take what was put into the place of its model', async () => {
    const opened: string[] = [];
    const { lane: tested, troubles } = await lane(() => fragile(opened, 'another'), opened);
    await expect(tested.classify(['crash'])).rejects.toThrow();
    await vi.waitFor(() => expect(troubles).toHaveLength(2));
    expect(String(troubles[1])).toContain('holds other models than before');
    expect(tested.isReady()).toBe(false);
    await tested.close();
    const after = opened.length;
    await sleep(20);
    expect(opened).toHaveLength(after);
  });

  it('is closed at once, also in the middle of a batch', async () => {
    const opened: string[] = [];
    const { lane: tested, troubles } = await lane(() => fragile(opened), opened);
    const stuck = tested.classify(['stuck']);
    const failed = expect(stuck).rejects.toThrow('was closed');
    await tested.close();
    await failed;
    expect([opened.includes('opened'), troubles]).toEqual([false, []]);
  });
});
