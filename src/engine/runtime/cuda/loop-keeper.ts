import type { LoopSession } from './loop-session.ts';

/**
 * Loops whose trainers are done, for the trainers to come: the folds of a run have one graph, which takes a GPU seconds to make ready, and
 * steps of one length.
 */
export interface LoopKeeper {
  /** The loop with this key, now the caller's. If there is none, all others are released, because a new loop needs their memory. */
  take(key: string): Promise<LoopSession | undefined>;
  /** Takes over a loop that can still run. */
  keep(key: string, loop: LoopSession): void;
  releaseAll(): Promise<void>;
}

export function openLoopKeeper(): LoopKeeper {
  const kept = new Map<string, LoopSession>();
  const releaseAll = async (): Promise<void> => {
    const loops = [...kept.values()];
    kept.clear();
    for (const loop of loops) await loop.release();
  };
  return {
    async take(key) {
      const loop = kept.get(key);
      kept.delete(key);
      if (loop === undefined) await releaseAll();
      return loop;
    },
    keep: (key, loop) => void kept.set(key, loop),
    releaseAll,
  };
}
