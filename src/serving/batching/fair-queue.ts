import { valueAt } from '../../core/values.ts';
import type { Text } from '../../data/texts/index.ts';

/** The texts of one request, of which some wait. */
export interface Waiting {
  readonly texts: readonly Text[];
  /** What each is expected to cost, in tokens. */
  readonly tokens: readonly number[];
  /** Places of the texts that wait, the next one last. */
  readonly places: number[];
  /** When it came, in milliseconds of `performance.now()`. */
  readonly since: number;
  /** A batch with texts of others failed: it is tried by itself. */
  isAlone: boolean;
}

/** A text on its way to the model. */
export interface Item<W extends Waiting> {
  readonly request: W;
  readonly place: number;
}

/** Requests that wait for the model. Each batch takes a text of every request in turn, so that a long list holds up nobody. */
export interface FairQueue<W extends Waiting> {
  /** Texts that wait, and what they are expected to cost. */
  size(): { readonly texts: number; readonly tokens: number };
  /** When the request that has waited longest came; undefined where none waits. */
  oldest(): number | undefined;
  /** Puts a request at the end, or, one that has waited already, to the front. */
  add(request: W, where?: 'end' | 'front'): void;
  /** Takes what still waits of a request out. */
  remove(request: W): void;
  /** At least one text, and as many more as cost no more than `budget` tokens together, `most` at most. */
  take(budget: number, most: number): readonly Item<W>[];
}

export function openFairQueue<W extends Waiting>(): FairQueue<W> {
  let requests: W[] = [];
  const waiting = { texts: 0, tokens: 0 };
  const counted = ({ places, tokens }: W, sign: 1 | -1): void => {
    waiting.texts += sign * places.length;
    for (const place of places) waiting.tokens += sign * valueAt(tokens, place);
  };
  return {
    size: () => waiting,
    oldest: () => requests.reduce<number | undefined>((first, { since }) => Math.min(first ?? since, since), undefined),
    add(request, where = 'end') {
      counted(request, 1);
      if (where === 'end') requests.push(request);
      else requests.unshift(request);
    },
    remove(request) {
      if (!requests.includes(request)) return;
      counted(request, -1);
      requests = requests.filter((each) => each !== request);
    },
    take(budget, most) {
      const batch: Item<W>[] = [];
      let left = budget;
      const alone = requests[0]?.isAlone === true ? requests.slice(0, 1) : undefined;
      for (let turn = alone ?? requests.filter(({ isAlone }) => !isAlone); turn.length > 0; ) {
        const next: W[] = [];
        for (const request of turn) {
          const place = valueAt(request.places, request.places.length - 1);
          const cost = valueAt(request.tokens, place);
          if (batch.length > 0 && (cost > left || batch.length >= most)) continue;
          request.places.pop();
          batch.push({ request, place });
          left -= cost;
          waiting.texts--;
          waiting.tokens -= cost;
          if (request.places.length > 0) next.push(request);
        }
        turn = next;
      }
      const served = new Set(batch.map(({ request }) => request));
      // Who has had a turn and is not done waits behind those who have had none.
      requests = [...requests.filter((each) => !served.has(each)), ...served].filter(({ places }) => places.length > 0);
      return batch;
    },
  };
}
