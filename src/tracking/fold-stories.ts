import type { StageEvent } from '../core/events.ts';
import type { JournalEntry } from './journal.ts';
import type { EpochRecord } from './run-metrics.ts';

/** How a fold has gone so far, as the journal tells it. */
export interface FoldStory {
  readonly fold: number;
  readonly state: 'done' | 'unfinished';
  /** Of the model that is kept; null before the first one. */
  readonly bestEpoch: number | null;
  readonly epochs: readonly Omit<EpochRecord, 'seconds'>[];
}

/** The folds of the latest start and of those before it, by number. A fold that goes on after an interruption repeats epochs, which are the same ones. */
export function foldStories(journal: Iterable<JournalEntry>): readonly FoldStory[] {
  const folds = new Map<number, FoldStory>();
  for (const entry of journal) {
    if (!('fold' in entry) || entry.fold === undefined) continue;
    const told = withEntry(folds.get(entry.fold) ?? { fold: entry.fold, state: 'unfinished', bestEpoch: null, epochs: [] }, entry);
    if (told !== undefined) folds.set(entry.fold, told);
  }
  return [...folds.values()].sort((a, b) => a.fold - b.fold);
}

type FoldEntry = Extract<JournalEntry, { readonly task: string }>;

function withEntry(story: FoldStory, entry: FoldEntry): FoldStory | undefined {
  switch (entry.type) {
    case 'task-started':
      // What was finished is done anew.
      return story.state === 'done' ? { ...story, state: 'unfinished', bestEpoch: null, epochs: [] } : story;
    case 'task-event':
      return withEvent(story, entry.event);
    case 'task-cached':
    case 'task-finished':
      return entry.record === undefined ? undefined : { fold: story.fold, state: 'done', ...entry.record };
  }
}

function withEvent(story: FoldStory, event: StageEvent): FoldStory {
  if (event.type === 'decision' && event.kind === 'best-model') return { ...story, bestEpoch: event.epoch };
  if (event.type !== 'epoch') return story;
  const { epoch, lr, metrics } = event;
  return { ...story, epochs: [...story.epochs.filter((before) => before.epoch < epoch), { epoch, lr, metrics }] };
}
