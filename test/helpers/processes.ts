import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The processes that a process has started and that still run, not those that have ended and wait to be asked how; Linux tells of them in
 * /proc.
 */
export function childrenOf(pid: number): readonly number[] {
  const isChild = ([state, parent]: readonly string[]): boolean => parent === String(pid) && state !== 'Z';
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isChild(statOf(name))).map(Number);
}

/** Waits until none of the processes runs any more; answers with those that do after `mostMs`. */
export async function survivors(pids: readonly number[], mostMs: number): Promise<readonly number[]> {
  const runs = (pid: number): boolean => !['', 'Z'].includes(statOf(String(pid))[0] ?? '');
  for (const end = performance.now() + mostMs; performance.now() < end && pids.some(runs); ) await sleep(20);
  return pids.filter(runs);
}

/** proc(5): state and parent follow the name, which may hold anything; nothing for a process that is gone. */
export function statOf(pid: number | string): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
