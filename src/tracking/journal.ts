import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { readInput } from '../core/inputs.ts';
import { journalEntry } from './run-shapes.ts';
import type { RunEvent } from '../core/events.ts';

/** One line of `journal.jsonl`: an event, the version of this format, and the time in milliseconds since 1970. */
export type JournalEntry = RunEvent & { readonly v: 1; readonly t: number };

/** Append-only. A line counts once its line break is written; whatever follows the last line break was torn by a crash. */
export interface Journal {
  /** Never throws: a full disk must not end hours of training. A line that cannot be written whole is taken back. */
  append(event: RunEvent): void;
  /** Brings everything to the disk. */
  close(): void;
}

/** Opens a journal for appending, after cutting off a torn last line. Throws where the file cannot be written at all. */
export function openJournal(path: string): Journal {
  let file: number | undefined = openForAppending(path);
  return {
    append(event) {
      if (file === undefined) return;
      writeLine(file, JSON.stringify({ v: 1, t: Date.now(), ...event }));
      if (isWorthSyncing(event)) tryTo(fsyncSync, file);
    },
    close() {
      if (file === undefined) return;
      tryTo(fsyncSync, file);
      tryTo(closeSync, file);
      file = undefined;
    },
  };
}

/** All whole lines of a journal, oldest first. Throws a data error that names the line which is none. */
export function readJournal(path: string): readonly JournalEntry[] {
  const lines = readInput(path, MOST_BYTES).toString('utf8').split('\n').slice(0, -1);
  return lines.map((text, i) => {
    const found = entryIn(text);
    if (typeof found !== 'string') return found;
    throw new OrtrainError('data', `${path} is damaged`, {
      subject: path,
      problems: [{ message: found, file: path, line: i + 1, snippet: text }],
      remedy: 'Remove the line; the rest of the journal stays usable.',
    });
  });
}

/** What Node can hold as one text. */
const MOST_BYTES = 2 ** 29 - 24;

/** The entry of a line, or why it is none. */
function entryIn(line: string): JournalEntry | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'this line is not JSON';
  }
  const wrong = journalEntry(value, '');
  return wrong === undefined ? (value as JournalEntry) : `this line is no event: ${wrong.startsWith(' ') ? `it${wrong}` : wrong}`;
}

/** Some whole lines of a journal. */
export interface JournalPart {
  /** Undefined where a line is none. */
  readonly entries: readonly (JournalEntry | undefined)[];
  /** The byte after the last of these lines, from which to read on. */
  readonly end: number;
}

/** The whole lines from a byte on: as many as `mostBytes` hold, but one at least, where there is one. */
export function readJournalFrom(path: string, start: number, mostBytes: number): JournalPart {
  const file = openSync(path, 'r');
  try {
    for (let length = mostBytes; ; length *= 2) {
      const bytes = Buffer.alloc(Math.min(length, Math.max(0, fstatSync(file).size - start)));
      const whole = bytes.lastIndexOf(LINE_BREAK, readSync(file, bytes, 0, bytes.byteLength, start) - 1) + 1;
      if (whole === 0 && bytes.byteLength === length) continue;
      const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1);
      return { entries: lines.map(entryOf), end: start + whole };
    }
  } finally {
    closeSync(file);
  }
}

/** The last time that a run was begun; undefined where the journal tells of none. */
export function latestStart(path: string): Extract<JournalEntry, { type: 'run-started' }> | undefined {
  let latest: Extract<JournalEntry, { type: 'run-started' }> | undefined;
  for (let at = 0; ; ) {
    const { entries, end } = readJournalFrom(path, at, 1 << 20);
    for (const entry of entries) if (entry?.type === 'run-started') latest = entry;
    if (end === at) return latest;
    at = end;
  }
}

const LINE_BREAK = 0x0a;

function entryOf(line: string): JournalEntry | undefined {
  const found = entryIn(line);
  return typeof found === 'string' ? undefined : found;
}

function openForAppending(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) cutTornLine(path);
    return openSync(path, 'a');
  } catch (cause) {
    throw new OrtrainError('environment', `cannot write the journal ${path}`, { subject: path, remedy: 'Check the permissions of the folder and the space on the disk.', cause });
  }
}

function cutTornLine(path: string): void {
  const bytes = readFileSync(path);
  const whole = bytes.lastIndexOf(LINE_BREAK) + 1;
  if (whole < bytes.byteLength) truncateSync(path, whole);
}

function writeLine(file: number, line: string): void {
  let before: number | undefined;
  try {
    const bytes = Buffer.from(`${line}\n`, 'utf8');
    before = fstatSync(file).size;
    for (let written = 0; written < bytes.byteLength; ) written += writeSync(file, bytes, written);
  } catch {
    if (before !== undefined) tryTo((open) => ftruncateSync(open, before), file);
  }
}

/** Syncing costs milliseconds, so single steps and looks at the machine are left to the operating system. */
function isWorthSyncing(event: RunEvent): boolean {
  return event.type === 'task-event' ? event.event.type === 'epoch' : event.type !== 'download' && event.type !== 'system';
}

function tryTo(action: (file: number) => void, file: number): void {
  try {
    action(file);
  } catch {
    // What could not be synced or closed now may still reach the disk later, and training goes on either way.
  }
}
