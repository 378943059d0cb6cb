import { OrtrainError } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import type { Text } from '../../data/texts/index.ts';
import type { Answer, Lane } from '../lanes/lane.ts';
import { openFairQueue, type Item, type Waiting } from './fair-queue.ts';
import { tokensOf } from './token-estimate.ts';

export interface BatchingOptions {
  /** Tokens of a batch. One text alone may have more. */
  readonly maxBatchTokens: number;
  /** Texts of a batch. */
  readonly maxBatchTexts: number;
  /**
   * How long a text waits for others while a lane has nothing to do, in milliseconds. It does not wait where the batch before held one
   * request only: then there are no others to wait for.
   */
  readonly maxWaitMs: number;
  /** Texts that may wait. */
  readonly maxQueuedTexts: number;
  /** Tokens at which the model cuts a text. */
  readonly maxTokens: number;
}

/** Why a request got no answers. */
export type Refusal =
  /** Too many texts wait, or no lane is left. */
  | { readonly refused: 'overloaded'; readonly retryAfterSeconds: number }
  /** Its signal was aborted first. */
  | { readonly refused: 'aborted' };

/** What is known of a batch once it is done. */
export interface BatchReport {
  readonly texts: number;
  readonly requests: number;
  /** As they are estimated. */
  readonly tokens: number;
  readonly seconds: number;
  /** Of the text that waited longest. */
  readonly waitedSeconds: number;
  readonly failed: boolean;
}

/** Makes batches of the texts of many requests, for lanes that work side by side. */
export interface Batcher {
  /**
   * Answers in the order of the texts. Throws what the model throws at these texts: a `data` error where it cannot take one of them.
   * Errors that may be the fault of other texts in the batch are not thrown before the request has failed by itself.
   */
  submit(texts: readonly Text[], signal: AbortSignal): Promise<readonly Answer[] | Refusal>;
  waitingTexts(): number;
  isReady(): boolean;
  /** Resolves when all requests have their answers and the lanes are closed. Nothing may be submitted afterwards. */
  drain(): Promise<void>;
}

interface Request extends Waiting {
  readonly answers: Answer[];
  /** Texts without an answer. */
  open: number;
  settle(outcome: readonly Answer[] | Refusal): void;
  fail(error: unknown): void;
  isSettled: boolean;
}

export function openBatcher(lanes: readonly Lane[], options: BatchingOptions, onBatch: (report: BatchReport) => void): Batcher {
  const queue = openFairQueue<Request>();
  const idle = new Set(lanes);
  const pace = openPace();
  const open = new Set<Request>();
  let isBusy = false;
  let timer: NodeJS.Timeout | undefined;
  let onEmpty: (() => void) | undefined;

  return {
    async submit(texts, signal) {
      const { texts: waiting, tokens: before } = queue.size();
      const isReady = lanes.some((lane) => lane.isReady());
      if (waiting + texts.length > options.maxQueuedTexts || !isReady)
        return { refused: 'overloaded', retryAfterSeconds: isReady ? pace.secondsFor(before) : REOPENING_SECONDS };
      if (signal.aborted) return { refused: 'aborted' };
      return new Promise((resolve, reject) => {
        const request = requestOf(texts, texts.map((text) => tokensOf(text, options.maxTokens)), settled(resolve), settled(reject));
        const onAbort = (): void => {
          queue.remove(request);
          request.settle({ refused: 'aborted' });
        };
        function settled<V>(end: (value: V) => void): (value: V) => void {
          return (value) => {
            if (request.isSettled) return;
            request.isSettled = true;
            signal.removeEventListener('abort', onAbort);
            open.delete(request);
            end(value);
            if (open.size === 0) onEmpty?.();
          };
        }
        signal.addEventListener('abort', onAbort);
        open.add(request);
        queue.add(request);
        flush();
      });
    },
    waitingTexts: () => queue.size().texts,
    isReady: () => lanes.some((lane) => lane.isReady()),
    async drain() {
      if (open.size > 0) await new Promise<void>((resolve) => (onEmpty = resolve));
      clearTimeout(timer);
      // A batch whose requests have all given up may still be at work.
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };

  /** Gives the lanes that have nothing to do a batch each, once it is full or its first text has waited long enough. */
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const lane of [...idle].filter((each) => each.isReady())) {
      const since = queue.oldest();
      if (since === undefined) return;
      const isFull = queue.size().tokens >= options.maxBatchTokens || queue.size().texts >= options.maxBatchTexts;
      const left = isBusy ? since + options.maxWaitMs - performance.now() : 0;
      if (!isFull && left > 0) {
        timer = setTimeout(flush, left);
        return;
      }
      void work(lane, queue.take(options.maxBatchTokens, options.maxBatchTexts));
    }
    if (queue.size().texts > 0 && [...idle].some((lane) => !lane.isReady())) timer = setTimeout(flush, LOOK_AGAIN_MS);
  }

  async function work(lane: Lane, items: readonly Item<Request>[]): Promise<void> {
    idle.delete(lane);
    const texts = items.map(({ request, place }) => valueAt(request.texts, place));
    const tokens = items.reduce((sum, { request, place }) => sum + valueAt(request.tokens, place), 0);
    const start = performance.now();
    const waitedSeconds = items.reduce((most, { request }) => Math.max(most, start - request.since), 0) / 1000;
    const requests = new Set(items.map(({ request }) => request));
    isBusy = requests.size > 1;
    let answers: readonly Answer[] | undefined;
    try {
      answers = await lane.classify(texts);
    } catch (error) {
      failed(requests, items, error);
    }
    const seconds = (performance.now() - start) / 1000;
    idle.add(lane);
    items.forEach((item, i) => answers !== undefined && answerOne(item, valueAt(answers, i)));
    if (answers !== undefined) pace.learn(tokens, seconds, lanes.length);
    onBatch({ texts: texts.length, requests: requests.size, tokens, seconds, waitedSeconds, failed: answers === undefined });
    flush();
  }

  function answerOne({ request, place }: Item<Request>, answer: Answer): void {
    request.answers[place] = answer;
    request.open--;
    if (request.open === 0) request.settle(request.answers);
  }

  /** A request that was alone in its batch is to blame; all others are tried by themselves. */
  function failed(requests: ReadonlySet<Request>, items: readonly Item<Request>[], error: unknown): void {
    const isTheirs = error instanceof OrtrainError && error.code === 'data';
    for (const request of [...requests].reverse()) {
      if (request.isSettled) continue;
      const wasAlone = requests.size === 1 && (request.isAlone || isTheirs);
      queue.remove(request);
      if (wasAlone) {
        request.fail(error);
        continue;
      }
      request.isAlone = true;
      request.places.push(...items.filter((item) => item.request === request).map(({ place }) => place));
      queue.add(request, 'front');
    }
  }
}

/** How soon a model that broke down may be there again. */
const REOPENING_SECONDS = 5;
/** Between two looks for a lane that was opened again. */
const LOOK_AGAIN_MS = 100;

function requestOf(
  texts: readonly Text[],
  tokens: readonly number[],
  settle: Request['settle'],
  fail: Request['fail'],
): Request {
  // Texts of a batch are best of one length: those of a list are taken in the order of theirs.
  const places = Array.from(texts.keys()).sort((a, b) => valueAt(tokens, a) - valueAt(tokens, b));
  return {
    texts, tokens, places, since: performance.now(), isAlone: false, answers: [], open: texts.length, settle, fail, isSettled: false,
  };
}

/** How long the waiting texts will take, by the speed of the last batches. */
function openPace(): { learn(tokens: number, seconds: number, lanes: number): void; secondsFor(tokens: number): number } {
  let perSecond: number | undefined;
  return {
    learn(tokens, seconds, lanes) {
      if (seconds <= 0) return;
      const now = (lanes * tokens) / seconds;
      perSecond = perSecond === undefined ? now : 0.9 * perSecond + 0.1 * now;
    },
    secondsFor: (tokens) => Math.min(MOST_RETRY_SECONDS, Math.max(1, Math.ceil(perSecond === undefined ? 1 : tokens / perSecond))),
  };
}

const MOST_RETRY_SECONDS = 60;
