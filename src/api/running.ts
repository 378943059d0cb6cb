import type { Listener } from '../core/events.ts';

/**
 * Work that is under way: a promise of its result, and the events on the way there. A loop over it sees what happens from the moment it
 * begins, so all of it if it follows at once; it ends with the work, and throws what that fails with. Leaving the loop does not stop the
 * work: an AbortSignal does.
 */
export interface Running<Result, Event> extends Promise<Result>, AsyncIterable<Event> {}

/** Starts a piece of work once whoever called has had a chance to listen. */
export function running<Result, Event>(
  work: (emit: Listener<Event>) => Promise<Result>,
  onEvent: Listener<Event> = () => {},
): Running<Result, Event> {
  const queues = new Set<Queue<Event>>();
  const emit = (event: Event): void => {
    onEvent(event);
    for (const queue of queues) queue.push(event);
  };
  const result = Promise.resolve().then(() => work(emit));
  const events = (): AsyncIterator<Event> => {
    const queue = openQueue<Event>();
    queues.add(queue);
    // Only a loop takes a failure up: where nobody waits for the work, Node reports it as of any promise.
    result.then(
      () => queue.end(undefined),
      (error: unknown) => queue.end({ error }),
    );
    return {
      next: () => queue.next(),
      async return() {
        queues.delete(queue);
        return { done: true, value: undefined };
      },
    };
  };
  return Object.assign(result, { [Symbol.asyncIterator]: events });
}

interface Queue<Event> {
  push(event: Event): void;
  end(failure: { readonly error: unknown } | undefined): void;
  next(): Promise<IteratorResult<Event>>;
}

function openQueue<Event>(): Queue<Event> {
  const events: Event[] = [];
  const waiting: Waiting<Event>[] = [];
  let over: (() => Promise<IteratorResult<Event>>) | undefined;
  const done = async (): Promise<IteratorResult<Event>> => ({ done: true, value: undefined });
  /** What the work fails with is thrown once. */
  const next = (): Promise<IteratorResult<Event>> => {
    const end = over ?? done;
    over = done;
    return end();
  };
  return {
    push(event) {
      const first = waiting.shift();
      if (first === undefined) events.push(event);
      else first.resolve({ done: false, value: event });
    },
    end(failure) {
      over = failure === undefined ? done : () => Promise.reject(failure.error as Error);
      for (const each of waiting.splice(0)) next().then(each.resolve, each.reject);
    },
    next() {
      if (events.length > 0) return Promise.resolve({ done: false, value: events.shift() as Event });
      return over === undefined ? new Promise((resolve, reject) => waiting.push({ resolve, reject })) : next();
    },
  };
}

interface Waiting<Event> {
  resolve(result: IteratorResult<Event>): void;
  reject(error: unknown): void;
}
