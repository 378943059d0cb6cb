import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fateOf, ownerName, thisProcess, type Owner } from './owner.ts';

/** A process of which no sign has been seen for so long counts as dead where nothing else tells. */
export const LEASE_MS = 30_000;

/**
 * Whether a process still works: by the system's list where it is in that, otherwise by the files that it touches.
 *
 * @param signs files of which a living process touches one every few seconds
 */
export function isAlive(owner: Owner, signs: readonly string[]): boolean {
  const fate = fateOf(owner);
  return fate === 'unknown' ? signs.some((path) => Math.abs(untouchedFor(path)) <= LEASE_MS) : fate === 'alive';
}

/**
 * Milliseconds since a file was last written, by the clock of its file system: machines that share one need not agree about the time.
 * Infinity where there is none.
 */
export function untouchedFor(path: string): number {
  const touched = touchedAt(path);
  return touched === undefined ? Infinity : clockOf(dirname(dirname(path))) - touched; // Beside the folder of a lock, not in it.
}

/**
 * When a file was last written; undefined where there is none. It is opened, because a network file system may answer from memory
 * otherwise.
 */
export function touchedAt(path: string): number | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // A pipe in its place must not be waited for.
    return fstatSync(file).mtimeMs;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

interface Reading {
  readonly time: number;
  readonly at: number;
}

const readings = new Map<string, Reading>();

/** Two looks within this time ask the file system once. */
const READ_EVERY_MS = 1000;

function clockOf(folder: string): number {
  const now = performance.now();
  let reading = readings.get(folder);
  if (reading === undefined || now - reading.at > READ_EVERY_MS) {
    reading = { time: readClock(folder), at: now };
    readings.set(folder, reading);
  }
  return reading.time + now - reading.at;
}

/** The time at which the file system says that a new file was written; that of this machine where none can be. */
function readClock(folder: string): number {
  const probe = join(folder, `clock~${ownerName(thisProcess())}~${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeFileSync(probe, '.', { flag: 'wx' });
    return touchedAt(probe) ?? Date.now();
  } catch {
    return Date.now();
  } finally {
    rmSync(probe, { force: true });
  }
}
