import { setTimeout as sleep } from 'node:timers/promises';
import { OrtrainError } from '../../core/errors.ts';
import type { Text } from '../../data/texts/index.ts';
import type { ClassifierDescription } from '../../runner/classifier/index.ts';
import type { Answer, Lane } from './lane.ts';

/** What a lane needs of a classifier. */
export interface LaneClassifier {
  classify(texts: readonly Text[]): Promise<readonly Answer[]>;
  describe(): ClassifierDescription;
  close(): Promise<void>;
}

export interface LaneOptions {
  /** Opens the classifier again, after it has broken down. */
  readonly open: () => Promise<LaneClassifier>;
  /** A batch that takes longer than this is given up, and the classifier with it. */
  readonly stuckAfterMs: number;
  /** Hears why the classifier is gone, and why it cannot be opened again. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * A lane of a classifier that has the models already. One that breaks down, or does not come to an end, is opened again, at growing
 * intervals; it is ready when it has classified a text, so that a request that follows is not blamed for what is wrong with the model.
 * Throws what stands against classifying that first text.
 */
export async function openLane(first: LaneClassifier, { open, stuckAfterMs, onTrouble }: LaneOptions): Promise<Lane> {
  let classifier: LaneClassifier | undefined = first;
  const stop = new AbortController();
  let reopening: Promise<void> | undefined;
  let working: Promise<unknown> = Promise.resolve();
  await tried(first);

  return {
    classify(texts) {
      const batch = classified(texts);
      working = batch.catch(() => {});
      return batch;
    },
    isReady: () => classifier !== undefined,
    async close() {
      stop.abort();
      await classifier?.close(); // nobody waits for a batch that is still at work
      await working;
      await reopening;
      await classifier?.close();
    },
  };

  async function classified(texts: readonly Text[]): Promise<readonly Answer[]> {
    if (classifier === undefined) throw new OrtrainError('run', 'the model is being opened again');
    const current = classifier;
    let isStuck = false;
    const timer = setTimeout(() => {
      isStuck = true;
      void current.close();
    }, stuckAfterMs);
    try {
      return await current.classify(texts);
    } catch (cause) {
      const error = isStuck && !stop.signal.aborted ? tookTooLong(stuckAfterMs, cause) : cause;
      if (stop.signal.aborted || (error instanceof OrtrainError && (error.code === 'data' || error.code === 'usage'))) throw error;
      onTrouble(error);
      classifier = undefined;
      reopening = reopened(current).finally(() => (reopening = undefined));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function reopened(broken: LaneClassifier): Promise<void> {
    await broken.close();
    for (let wait = FIRST_WAIT_MS; !stop.signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      let opened: LaneClassifier | undefined;
      try {
        opened = await open();
        throwIfAnother(opened, broken);
        await tried(opened);
        classifier = opened;
        return;
      } catch (error) {
        await opened?.close();
        onTrouble(error);
      }
      await sleep(wait, undefined, { signal: stop.signal }).catch(() => {});
    }
  }
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

function tookTooLong(milliseconds: number, cause: unknown): OrtrainError {
  return new OrtrainError('run', `a batch was not classified within ${milliseconds / 1000} s and was given up`, {
    remedy: 'If this repeats, lower --max-batch, or raise --timeout.',
    cause,
  });
}

/** The first batch is slower than those that follow, and shows whether there will be any. */
async function tried(classifier: LaneClassifier): Promise<void> {
  await classifier.classify([classifier.describe().pairs === true ? ['a', 'b'] : 'a']);
}

/** What was put into the model's place answers only once a reload was asked for. */
function throwIfAnother(opened: LaneClassifier, before: LaneClassifier): void {
  const { name, sha256 } = opened.describe();
  if (sha256 === before.describe().sha256) return;
  throw new OrtrainError('run', `${name} holds other models than before`, {
    subject: name,
    remedy: 'Let the server take them: send it SIGHUP, or start it again.',
  });
}
