interface Releasable {
  release(): Promise<void>;
}

/** Sessions whose owners are done with them, for the owners to come: making a large graph ready takes a GPU seconds. */
export interface Keeper<T extends Releasable> {
  /** The session with this key, now the caller's. If there is none, all others are released, because a new one needs their memory. */
  take(key: string): Promise<T | undefined>;
  /** Takes over a session that can still run. */
  keep(key: string, session: T): void;
  releaseAll(): Promise<void>;
}

export function openKeeper<T extends Releasable>(): Keeper<T> {
  const kept = new Map<string, T>();
  const releaseAll = async (): Promise<void> => {
    const sessions = [...kept.values()];
    kept.clear();
    for (const session of sessions) await session.release();
  };
  return {
    async take(key) {
      const session = kept.get(key);
      kept.delete(key);
      if (session === undefined) await releaseAll();
      return session;
    },
    keep: (key, session) => void kept.set(key, session),
    releaseAll,
  };
}
