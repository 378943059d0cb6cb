import { execFileSync } from 'node:child_process';
import { appendFileSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { openJournal, readJournalFrom } from '../../src/tracking/journal.ts';
import { readJournal } from '../helpers/journal.ts';
import { because } from '../helpers/skips.ts';

const started: RunEvent = { type: 'task-started', run: 'a', task: 'split', stage: 'split' };
const finished: RunEvent = { type: 'task-finished', run: 'a', task: 'split', stage: 'split', seconds: 0.5 };

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'runs', 'a', 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...events: readonly RunEvent[]): void {
  const journal = openJournal(path);
  for (const event of events) journal.append(event);
  journal.close();
}

test('reads back what was appended, in order, with version and integer time', () => {
  const before = Date.now();
  write(started, finished);
  const entries = readJournal(path);
  expect(entries.map(({ v, t, ...event }) => event)).toEqual([started, finished]);
  for (const { v, t } of entries) {
    expect(v).toBe(1);
    expect(Number.isInteger(t)).toBe(true);
    expect(t).toBeGreaterThanOrEqual(before);
  }
});

test('is one JSON object a line, and goes on where an earlier process stopped', () => {
  write(started);
  write(finished);
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => (JSON.parse(line) as RunEvent).type)).toEqual(['task-started', 'task-finished']);
});

test('a torn last line is not read, and is cut off before the next one', () => {
  write(started);
  const whole = readFileSync(path, 'utf8');
  appendFileSync(path, '{"v":1,"t":17,"type":"task-fin');
  expect(readJournal(path)).toHaveLength(1);
  write(finished);
  expect(readFileSync(path, 'utf8').startsWith(`${whole}{`)).toBe(true);
  expect(readJournal(path).map(({ type }) => type)).toEqual(['task-started', 'task-finished']);
});

test('a file without a single line break is one torn line', () => {
  mkdirSync(join(folder, 'runs', 'a'), { recursive: true });
  writeFileSync(path, '{"v":1');
  expect(readJournal(path)).toEqual([]);
  write(finished);
  expect(readJournal(path)).toHaveLength(1);
});

test('a damaged line in the middle is named', () => {
  write(started, started);
  writeFileSync(path, readFileSync(path, 'utf8').replace('{', '#'));
  expect(() => readJournal(path)).toThrow(
    expect.objectContaining({ code: 'data', problems: [expect.objectContaining({ file: path, line: 1 })] }),
  );
});

test('appending after closing does nothing', () => {
  const journal = openJournal(path);
  journal.append(started);
  journal.close();
  journal.close();
  expect(() => journal.append(finished)).not.toThrow();
  expect(readJournal(path)).toHaveLength(1);
});

test('a file of which no line can be told is read to its end all the same, and long lines, too', () => {
  write({ ...started, task: 'x'.repeat(3_000_000) }, finished);
  expect(readJournal(path).map(({ type }) => type)).toEqual(['task-started', 'task-finished']);
  appendFileSync(path, 'y'.repeat(3_000_000));
  write(started);
  expect(readJournal(path).map(({ type }) => type)).toEqual(['task-started', 'task-finished', 'task-started']);
});

test.skipIf(because('links', process.platform === 'win32'))('what is no file, and what lies elsewhere, is neither read nor written', () => {
  mkdirSync(join(folder, 'runs', 'a'), { recursive: true });
  const outside = join(folder, 'profile');
  writeFileSync(outside, 'no line break');
  symlinkSync(outside, path);
  for (const use of [() => openJournal(path), () => readJournal(path), () => readJournalFrom(path, 0, 100)]) {
    expect(use).toThrow(expect.objectContaining({ code: 'data', message: expect.stringContaining(`${path} is a link`) as string }));
  }
  rmSync(path);
  execFileSync('mkfifo', [path]);
  for (const use of [() => openJournal(path), () => readJournal(path)]) expect(use).toThrow('a named pipe');
  rmSync(path);
  mkdirSync(path);
  for (const use of [() => openJournal(path), () => readJournal(path)]) expect(use).toThrow('a directory');
  rmSync(path, { recursive: true });
  linkSync(outside, path);
  write(started);
  expect(readFileSync(outside, 'utf8')).toBe('no line break');
  expect(readJournal(path)).toHaveLength(1);
});

test('a place that cannot be written is an error when it is opened', () => {
  writeFileSync(join(folder, 'runs'), 'a file where a folder is needed');
  expect(() => openJournal(path)).toThrow(expect.objectContaining({ code: 'environment' }));
});
