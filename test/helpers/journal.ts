import { journalEntries, type JournalEntry } from '../../src/tracking/journal.ts';

/** All whole lines of a journal, oldest first. */
export function readJournal(path: string): readonly JournalEntry[] {
  return [...journalEntries(path)];
}
