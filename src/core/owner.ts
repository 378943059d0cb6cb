import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from a later one that was given its number. */
export interface Owner {
  readonly pid: number;
  /** When it started, in the system's own count; empty where the system does not tell. */
  readonly started: string;
  readonly host: string;
}

export function thisProcess(): Owner {
  return { pid: process.pid, started: processStat(process.pid)?.started ?? '', host: hostname().replace(/[^\w.-]/g, '_') };
}

/** Part of a file name. */
export function ownerName({ pid, started, host }: Owner): string {
  return `${pid}-${started}-${host}`;
}

/** The owner that `ownerName` was given; undefined for any other text. */
export function parseOwner(name: string): Owner | undefined {
  const [, pid, started, host] = /^(\d+)-(\d*)-([\w.-]+)$/.exec(name) ?? [];
  return pid === undefined || started === undefined || host === undefined ? undefined : { pid: Number(pid), started, host };
}

/** Whether a process still runs. Of other machines nothing is known, so theirs count as running. */
export function isAlive({ pid, started, host }: Owner): boolean {
  if (host !== thisProcess().host) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const stat = processStat(pid);
  return stat === undefined || (!stat.isZombie && (started === '' || stat.started === started));
}

/** proc(5): the state is the third field, the start time in clock ticks since boot the 22nd; the second, the name, may hold anything. */
function processStat(pid: number): { readonly started: string; readonly isZombie: boolean } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { started: fields[22 - 3] ?? '', isZombie: fields[0] === 'Z' };
  } catch {
    return undefined;
  }
}
