import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The processes that a process has started and that still run; Linux tells of them in /proc. esbuild's service is left out: it stays
 * where a source has had to be compiled.
 */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(name)[1] === String(pid) && !isCompiler(name)).map(Number);
}

function isCompiler(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('\0--service=');
  } catch {
    return false;
  }
}

/** Waits until none of the processes runs any more; answers with those that do after `mostMs`. */
export async function survivors(pids: readonly number[], mostMs: number): Promise<readonly number[]> {
  const runs = (pid: number): boolean => !['', 'Z'].includes(statOf(String(pid))[0] ?? '');
  for (const end = performance.now() + mostMs; performance.now() < end && pids.some(runs); ) await sleep(20);
  return pids.filter(runs);
}

/** proc(5): state and parent follow the name, which may hold anything; nothing for a process that is gone. */
function statOf(pid: string): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
