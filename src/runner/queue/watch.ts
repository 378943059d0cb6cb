import type { Clock } from './clock.ts';
import { fateOfClient } from './log.ts';
import type { QueueState } from './state.ts';

/** What a client touches every few seconds as long as it lives, as it is now; undefined where there is none. */
export type SignOfLife = (client: string) => Promise<string | number | undefined>;

/** A client whose sign has stayed the same for so long, as this process has counted, is given up. */
export const SILENCE_MS = 30_000;

/** So often one looks. */
export const WATCH_EVERY_MS = 3000;

/** Who looks too seldom has not seen it being silent: it slept itself. */
const LONGEST_GAP_MS = 4 * WATCH_EVERY_MS;

/** Watches clients by their signs; no clock of another machine, and none of a file system, is asked. */
export function openWatch(clock: Clock, signOfLife: SignOfLife): (clients: Iterable<string>) => Promise<readonly string[]> {
  const watched = new Map<string, { readonly sign: string | number | undefined; readonly since: number; lookedAt: number }>();
  return async (clients) => {
    const lost: string[] = [];
    const named = new Set(clients);
    for (const client of named) {
      if (fateOfClient(client) === 'dead') {
        lost.push(client);
        continue;
      }
      const sign = await signOfLife(client);
      const now = clock.now();
      const before = watched.get(client);
      if (before === undefined || before.sign !== sign || now - before.lookedAt > LONGEST_GAP_MS)
        watched.set(client, { sign, since: now, lookedAt: now });
      else if (now - before.since > SILENCE_MS) lost.push(client);
      else before.lookedAt = now;
    }
    for (const client of watched.keys()) if (!named.has(client)) watched.delete(client);
    return lost;
  };
}

/**
 * Whom a worker without a job watches: all idle ones together watch everybody, and none of them asks for the signs of hundreds where
 * there are others who can.
 */
export function shareOf(me: string, state: QueueState): readonly string[] {
  const busy = new Set([...state.jobs.values()].flatMap(({ worker }) => worker ?? []));
  const idle = [...state.clients].filter(([id, { role }]) => role === 'worker' && !busy.has(id)).map(([id]) => id);
  const others = [...state.clients].filter(([id, { role }]) => id !== me && (role === 'coordinator' || busy.has(id))).map(([id]) => id);
  const each = Math.ceil(others.length / Math.max(1, idle.length)) + SPARE;
  if (each >= others.length) return others;
  const from = Math.max(0, idle.indexOf(me)) * (each - SPARE);
  return Array.from({ length: each }, (_, i) => others[(from + i) % others.length] as string);
}

/** Watched by two: one of them may be lost itself. */
const SPARE = 4;
