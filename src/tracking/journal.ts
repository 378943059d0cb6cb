import { closeSync, constants, copyFileSync, fstatSync, fsyncSync, ftruncateSync, readSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { runEvent, type RunEvent } from '../core/events.ts';
import { makeFolder, temporaryBeside } from '../core/files.ts';
import { saying } from '../core/inputs.ts';
import { openFile } from '../core/inside.ts';
import { both, object, primitive, type Shape } from '../core/shapes.ts';
import { shortened } from '../core/text.ts';
import { lookup } from '../core/values.ts';

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

/**
 * The whole lines of a journal, oldest first, read piece by piece: a journal may be larger than the memory. Throws a data error that names
 * the first line which is no event.
 */
export function* journalEntries(path: string): Generator<JournalEntry, void, undefined> {
  let line = 0;
  for (const { entries, problems } of journalParts(path, 0, PIECE_BYTES)) {
    for (const [i, entry] of entries.entries()) {
      if (entry === undefined) throw damaged(path, line + i + 1, lookup(problems, i));
      yield entry;
    }
    line += entries.length;
  }
}

/** The events of a journal that may be damaged: lines that are none are left out. */
export function* soundEntries(path: string): Generator<JournalEntry, void, undefined> {
  for (const { entries } of journalParts(path, 0, PIECE_BYTES)) for (const entry of entries) if (entry !== undefined) yield entry;
}

function damaged(path: string, line: number, problem: string): OrtrainError {
  return new OrtrainError('data', `${path} is damaged in line ${line}`, {
    subject: path,
    problems: [{ message: problem, file: path, line }],
    remedy: 'Remove the line; the rest of the journal stays usable.',
  });
}

const PIECE_BYTES = 1 << 20;

/** A line that is longer than this is none of ours. */
const MOST_LINE_BYTES = 1 << 26;

/** The last moment that JavaScript knows: 100 million days after 1970. */
const LAST_TIME = 8.64e15;
const time = primitive<number>(
  'a time in milliseconds since 1970',
  (value) => Number.isFinite(value) && Math.abs(Number(value)) <= LAST_TIME,
);

/** A line of the journal. Events that a later version may add are let through. */
const journalEntry: Shape = both(object({ v: primitive<1>('1', (value) => value === 1), t: time }), runEvent);

/** The entry of a line, or why it is none. */
function entryIn(line: string): JournalEntry | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `this line is not JSON: ${JSON.stringify(shortened(line))}`;
  }
  const wrong = journalEntry(value, '');
  return wrong === undefined ? (value as JournalEntry) : `this line is no event: ${wrong.startsWith(' ') ? `it${wrong}` : wrong}`;
}

/** Some whole lines of a journal. */
export interface JournalPart {
  /** Undefined where a line is none. */
  readonly entries: readonly (JournalEntry | undefined)[];
  /** Position in `entries` of each line that is none, to the reason, a sentence without a final full stop. */
  readonly problems: ReadonlyMap<number, string>;
  /** The byte after the last of these lines, from which to read on. */
  readonly end: number;
}

/** The whole lines from a byte on: as many as `mostBytes` hold, but one at least, where there is one. */
export function readJournalFrom(path: string, start: number, mostBytes: number): JournalPart {
  for (const part of journalParts(path, start, mostBytes)) return part;
  return { entries: [], problems: new Map(), end: start };
}

function* journalParts(path: string, start: number, mostBytes: number): Generator<JournalPart, void, undefined> {
  const file = saying(path, () => openFile(path, constants.O_RDONLY));
  try {
    let [at, length] = [start, mostBytes];
    for (;;) {
      const bytes = Buffer.allocUnsafe(Math.min(length, Math.max(0, fstatSync(file).size - at)));
      const read = readSync(file, bytes, 0, bytes.byteLength, at);
      const whole = read === 0 ? 0 : bytes.lastIndexOf(LINE_BREAK, read - 1) + 1;
      if (whole === 0 && read < length) return;
      if (whole === 0) {
        length *= 2;
        if (length > MOST_LINE_BYTES)
          return yield { entries: [undefined], problems: new Map([[0, 'this line is too long to be an event']]), end: at };
        continue;
      }
      yield partOf(bytes.toString('utf8', 0, whole), at + whole);
      [at, length] = [at + whole, mostBytes];
    }
  } finally {
    closeSync(file);
  }
}

function partOf(text: string, end: number): JournalPart {
  const problems = new Map<number, string>();
  const entries = text.split('\n').slice(0, -1).map((line, i) => {
    const found = entryIn(line);
    if (typeof found !== 'string') return found;
    problems.set(i, found);
    return undefined;
  });
  return { entries, problems, end };
}

const LINE_BREAK = 0x0a;

/** A file that has another name, too, may be somebody's own: what is appended goes to a copy of it. */
function openForAppending(path: string): number {
  try {
    makeFolder(dirname(path));
    let file = openFile(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
    if (fstatSync(file).nlink > 1) {
      closeSync(file);
      const copy = temporaryBeside(path);
      copyFileSync(path, copy);
      renameSync(copy, path);
      file = openFile(path, constants.O_RDWR | constants.O_APPEND);
    }
    cutTornLine(file);
    return file;
  } catch (cause) {
    if (cause instanceof OrtrainError) throw cause;
    throw new OrtrainError('environment', `cannot write the journal ${path}`, {
      subject: path,
      remedy: 'Check the permissions of the folder and the space on the disk.',
      cause,
    });
  }
}

/** Looks for the last line break from the end on. */
function cutTornLine(file: number): void {
  const { size } = fstatSync(file);
  const bytes = Buffer.allocUnsafe(PIECE_BYTES);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - PIECE_BYTES);
    const read = readSync(file, bytes, 0, end - start, start);
    const whole = read === 0 ? 0 : bytes.lastIndexOf(LINE_BREAK, read - 1) + 1;
    if (whole > 0 || start === 0) {
      if (start + whole < size) ftruncateSync(file, start + whole);
      return;
    }
    end = start;
  }
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
