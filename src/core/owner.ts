import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { count, object, optional, text, type TypeOf } from './shapes.ts';

/** A process, told apart from a later one that was given its number, and from those of other machines and containers. */
export type Owner = TypeOf<typeof owner>;

export const owner = object({
  pid: count,
  /** When it started, in the system's own count; empty where the system does not tell. */
  started: text,
  host: text,
  /**
   * The system's start that it belongs to, and the space in which its number counts; empty where the system does not tell, absent in older
   * names.
   */
  boot: optional(text),
  namespace: optional(text),
});

/** What is known of a process without a sign of it: `unknown` for one of another machine or container, and one that is suspended. */
export type Fate = 'alive' | 'dead' | 'unknown';

let own: Owner | undefined;

export function thisProcess(): Owner {
  own ??= {
    pid: process.pid,
    started: processStat('self')?.started ?? '',
    host: hostname().replace(/[^\w.-]/g, '_'),
    boot: readOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).replace(/[^0-9a-f]/g, '').slice(0, BOOT_LENGTH),
    namespace: readOr('', () => readlinkSync('/proc/self/ns/pid')).replace(/\D/g, ''),
  };
  return own;
}

/** Part of a file name. */
export function ownerName({ pid, started, host, boot, namespace }: Owner): string {
  return boot === undefined || namespace === undefined ? `${pid}-${started}-${host}` : `${pid}-${started}@${boot}.${namespace}@${host}`;
}

/** The owner that `ownerName` was given, in this version or an earlier one; undefined for any other text. */
export function parseOwner(name: string): Owner | undefined {
  const [, pid, started, boot, namespace, host, older] = /^(\d{1,15})-(\d*)(?:@([0-9a-f]*)\.(\d*)@([\w.-]+)|-([\w.-]+))$/.exec(name) ?? [];
  if (pid === undefined || started === undefined) return undefined;
  const process = { pid: Number(pid), started };
  return older === undefined ? { ...process, host: host ?? '', boot: boot ?? '', namespace: namespace ?? '' } : { ...process, host: older };
}

/** Of a process in this machine's list it is known whether it runs; of one that is suspended not whether it ever will again. */
export function fateOf({ pid, started, host, boot, namespace }: Owner): Fate {
  const here = thisProcess();
  const isOlder = boot === undefined || namespace === undefined;
  if (host !== here.host || !(isOlder || (boot === here.boot && namespace === here.namespace))) return 'unknown';
  const gone: Fate = isOlder ? 'unknown' : 'dead'; // It may have been of another container.
  if (!isRunning(pid)) return gone;
  const stat = processStat(pid);
  if (stat === undefined || started === '') return 'unknown';
  if (stat.state === 'Z' || stat.started !== started) return gone;
  return /^[Tt]$/.test(stat.state) ? 'unknown' : 'alive';
}

/** Of the 32 hexadecimal digits that tell one start of a system from all others. */
const BOOT_LENGTH = 12;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined where the system does not tell, or /proc is that of another container than this one. */
function processStat(pid: number | 'self'): { readonly started: string; readonly state: string } | undefined {
  if (pid !== 'self' && readOr('', () => readlinkSync('/proc/self')) !== String(process.pid)) return undefined;
  // proc(5): the state is the third field, the start time in clock ticks since boot the 22nd; the second, the name, may hold anything.
  const text = readOr('', () => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' ? undefined : { started: fields[22 - 3] ?? '', state: fields[0] ?? '' };
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
