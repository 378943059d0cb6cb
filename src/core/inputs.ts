import { readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import { bytes } from './text.ts';
import { OrtrainError } from './errors.ts';
import { notFetched } from './foreign.ts';
import { isObject, type ShapeOf } from './shapes.ts';

/** Files that others may have made. Each is looked at before it is opened: a named pipe may never answer, and a device never ends. */

/** What a path leads to; undefined where it leads nowhere, whatever the reason: who reads there is told it. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Why a path that exists cannot be read to its end; undefined for a file. */
export function notAFile(path: string): string | undefined {
  const stats = statSync(path);
  const kind = kindOf(stats);
  if (kind !== undefined) return kind;
  // Files there have no length, and reading some of them waits for events.
  return stats.size === 0 && /^\/(proc|sys)\//.test(realpathSync(path)) ? 'not a file on a disk, but an answer of the system' : undefined;
}

/** What stands in place of a file; undefined for a file. Of `lstat`, a link counts as none. */
export function kindOf(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isSymbolicLink()) return 'a link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** The bytes of a file. Throws OrtrainError `data` that names it where there is none or it is larger than `most`. */
export function readInput(path: string, most: number): Buffer {
  return saying(path, () => {
    const kind = notAFile(path);
    if (kind !== undefined) throw unreadable(path, `it is ${kind}`);
    const { size } = statSync(path);
    if (size > most) throw unreadable(path, `it has ${bytes(size)}, and no such file needs more than ${bytes(most)}`);
    return readFileSync(path);
  });
}

/** A JSON value of a shape, of a file that this program writes. Throws OrtrainError `data` that names the file and the place in it. */
export function readJsonInput<T>(path: string, shape: ShapeOf<T>, most: number = MOST_JSON_BYTES): T {
  const value = parsed(path, readInput(path, most));
  const wrong = shape(value, '');
  if (wrong !== undefined) throw unreadable(path, wrong.startsWith(' ') ? `it${wrong}` : wrong);
  return value as T; // the shape says so
}

/** A JSON object, of a file that another program wrote. */
export function readJsonObject(path: string): Readonly<Record<string, unknown>> {
  const value = parsed(path, readInput(path, MOST_JSON_BYTES));
  if (isObject(value)) return value;
  throw unreadable(path, 'it is not a JSON object');
}

/** Runs what reads a file; the system's refusal becomes an OrtrainError `data` that names it. */
export function saying<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = REASONS[code];
    if (error instanceof OrtrainError || reason === undefined) throw error;
    throw unreadable(path, reason, error);
  }
}

export function unreadable(path: string, reason: string, cause?: unknown, remedy?: string): OrtrainError {
  const options = { subject: path, cause, ...(remedy === undefined ? {} : { remedy }) };
  return new OrtrainError('data', `${path} cannot be read: ${reason}`, options);
}

/** The results of the largest run are far from it, and so is the tokenizer.json of any vocabulary. */
export const MOST_JSON_BYTES = 2 ** 28;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  ELOOP: 'its links go in a circle',
  ENAMETOOLONG: 'its name is too long',
  EACCES: 'reading it is not permitted',
  EISDIR: 'it is a directory',
};

function parsed(path: string, json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch (error) {
    const { what = 'it is not JSON', remedy } = notFetched(json, 'JSON') ?? {};
    throw unreadable(path, what, error, remedy);
  }
}
