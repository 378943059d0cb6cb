import type { FoldRecord } from '../core/measures.ts';
import { byModel, modelName } from '../core/model-name.ts';
import { itemsOf } from './growing.ts';
import type { RunHistory } from './history.ts';
import { attemptCount, attemptsOf, type JobHistory } from './job-history.ts';

/** How the training of a fold has gone so far, with one of its seeds where there are several. */
export interface FoldStory {
  readonly fold: number;
  readonly seed?: number;
  readonly state: 'done' | 'unfinished';
  /** Of the model that is kept; null before the first one. */
  readonly bestEpoch: number | null;
  readonly epochs: FoldRecord['epochs'];
}

/** The folds of the latest start and of those before it, by number and seed. */
export function foldStories({ jobs }: RunHistory): readonly FoldStory[] {
  const folds = new Map<string, FoldStory>();
  for (const job of jobs.values()) {
    const { fold, seed } = job;
    if (fold === undefined || !hasStory(job)) continue;
    const name = modelName({ fold, seed });
    // Of several jobs of one fold the one counts that has trained.
    if ((folds.get(name)?.epochs.length ?? 0) === 0) folds.set(name, { fold, ...(seed === undefined ? {} : { seed }), ...storyOf(job) });
  }
  return [...folds.values()].sort(byModel);
}

/** Where an earlier run trained it, and the journal says no more than that, nothing is known. */
function hasStory({ past, current, record, now }: JobHistory): boolean {
  return attemptCount({ past, current }) > 0 || record !== undefined || now.status !== 'cached';
}

function storyOf({ past, current, from, record, bestEpoch }: JobHistory): Omit<FoldStory, 'fold' | 'seed'> {
  if (record !== undefined) return { state: 'done', ...record };
  const epochs: FoldRecord['epochs'][number][] = [];
  for (const { epoch, lr, metrics } of attemptsOf({ past, current }).slice(from).flatMap((attempt) => itemsOf(attempt.epochs))) {
    // A fold that is continued after an interruption repeats epochs, which are the same ones.
    while ((epochs.at(-1)?.epoch ?? -1) >= epoch) epochs.pop();
    epochs.push({ epoch, lr, metrics });
  }
  return { state: 'unfinished', bestEpoch, epochs };
}
