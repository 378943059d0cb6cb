import { join, resolve } from 'node:path';
import { signOf } from '../core/lease.ts';
import type { Owner } from '../core/owner.ts';
import { isAlive } from '../core/signs.ts';

/** Whether a process that has started the run in a folder still works on it. It writes to the journal, and touches its sign of life. */
export function isAtWork(folder: string, owner: Owner): boolean {
  return isAlive(owner, [join(folder, 'journal.jsonl'), signOf(resolve(folder, '..', '..'), owner)]);
}
