import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, Reply } from './answers.ts';

/** How long to keep trying. */
export interface Patience {
  /** Ends requests under way. */
  readonly signal: AbortSignal;
  /** Of one request; half a minute where it is left out. */
  readonly answerMs?: number;
  /** Waits before the next try; false where there shall be none. `tries` counts those made. */
  again(failure: Failure, tries: number): Promise<boolean>;
  /** The server has answered. */
  reached(): void;
}

/** What one try may take. */
export type RequestLimits = Pick<Patience, 'signal' | 'answerMs'>;

export const ANSWER_WITHIN_MS = 30_000;

/**
 * Repeats a request while nobody answers and the patience lasts, and a few times where the server saw a conflict. `isHopeless`
 * says which failures to take for a refusal all the same.
 */
export async function persist<T>(
  attempt: (limits: RequestLimits) => Promise<Reply<T>>,
  patience: Patience,
  isHopeless: (failure: Failure, tries: number) => boolean = ({ kind }, tries) => kind === 'transient' && tries >= MOST_TRIES,
): Promise<Reply<T>> {
  for (let tries = 1; ; tries += 1) {
    const reply = await attempt(patience);
    if (reply.ok || (reply.failure.kind !== 'away' && reply.failure.kind !== 'transient')) {
      patience.reached();
      return reply;
    }
    if (isHopeless(reply.failure, tries)) return { ok: false, failure: { ...reply.failure, kind: 'refused' } };
    if (!(await patience.again(reply.failure, tries))) return reply;
  }
}

/** Tries of a request that the server understands but cannot perform. */
export const MOST_TRIES = 5;

/** 1, 2, 4 … 30 times `firstMs`, each a quarter more or less so that many clients do not knock at once; or as the server wishes. */
export function backoff({ retryAfter }: Failure, tries: number, firstMs = 1000): number {
  const doubled = firstMs * Math.min(LONGEST, 2 ** (tries - 1));
  return Math.max(Math.min(retryAfter ?? 0, LONGEST_WISH_MS), doubled * (0.75 + 0.5 * Math.random()));
}

const LONGEST = 30;
const LONGEST_WISH_MS = 300_000;

/** Nobody watches a command that long; the failure says when to come back. */
const LONGEST_SHORT_WAIT_MS = 60_000;

/** Gives up after some tries of one request, half a minute in all. */
export function shortPatience(
  signal: AbortSignal,
  { firstMs, answerMs = ANSWER_WITHIN_MS }: { readonly firstMs?: number | undefined; readonly answerMs?: number | undefined } = {},
): Patience {
  return {
    signal,
    answerMs,
    async again(failure, tries) {
      if (signal.aborted || tries > MOST_TRIES || (failure.retryAfter ?? 0) > LONGEST_SHORT_WAIT_MS) return false;
      await sleep(backoff(failure, tries, firstMs), undefined, { signal }).catch(() => {});
      return !signal.aborted;
    },
    reached: () => {},
  };
}
