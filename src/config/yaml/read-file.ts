import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { isThere } from '../../core/files.ts';
import { likelyWord } from '../schema/suggest.ts';
import { problemAt, type Locate } from './tree.ts';

/** A configuration larger than this is none. */
const MOST_BYTES = 1 << 20;

/** A line that fills a screen explains nothing. */
const LONGEST_SNIPPET = 1000;

/** A file's text, or what keeps us from it, a sentence about the file without its name. */
export type FileText = { readonly text: string } | Refused;

/** `at`: the line. */
export interface Refused {
  readonly refused: string;
  readonly at?: number;
  readonly suggestion?: string;
}

/** Reads UTF-8 text, with or without a byte order mark. */
export function readText(path: string): FileText {
  try {
    const status = statSync(path);
    if (status.isDirectory()) return { refused: 'is a folder' };
    if (!status.isFile()) return { refused: 'is not a file' };
    if (status.size > MOST_BYTES)
      return { refused: `is ${(status.size / MOST_BYTES).toFixed(1)} MB long; a configuration may have at most 1 MB` };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    const nul = text.indexOf('\0');
    return nul === -1 ? { text } : { refused: 'contains a NUL byte, so it is not text', at: text.slice(0, nul).split('\n').length };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      if (isThere(path)) return { refused: 'is a broken link' };
      const near = nearFile(path);
      return { refused: 'does not exist', ...(near === undefined ? {} : { suggestion: shownPath(near) }) };
    }
    if (code === 'ELOOP') return { refused: 'is a broken link' };
    if (code === 'EACCES') return { refused: 'cannot be read: permission denied' };
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { refused: otherBytes(path) };
    throw error;
  }
}

/** What a file that is not UTF-8 begins like. */
function otherBytes(path: string): string {
  const [first, second] = readFileSync(path);
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'is in UTF-16; save it in UTF-8';
  if (first === 0x1f && second === 0x8b) return 'is packed with gzip; unpack it';
  return 'is not UTF-8 text; save it in UTF-8';
}

/** The file of the same folder whose name is nearest to that of a missing one, as a path written in the same way. */
export function nearFile(path: string): string | undefined {
  try {
    const near = likelyWord(basename(path), readdirSync(dirname(path)));
    return near === undefined ? undefined : join(dirname(path), near);
  } catch {
    return undefined;
  }
}

/**
 * What a path that leads nowhere holds because a backslash in double quotes, or on the command line, is an escape: `C:\\new\\train.csv`
 * with a tab in it.
 */
export function whyMisread(path: string): { readonly reason: string; readonly suggestion: string } | undefined {
  const found = /[\p{Cc}\u0085\u00a0\u2028\u2029]/u.exec(path);
  const escape = found === null ? undefined : ESCAPES[found[0]];
  if (escape === undefined) return undefined;
  const suggestion = [...path]
    .map((character) => (ESCAPES[character] === undefined ? character : `/${ESCAPES[character][0]}`))
    .join('')
    .replaceAll('\\', '/');
  return {
    reason: `contains ${escape[1]}, which is what \\${escape[0]} means in double quotes; write / in paths, or use single quotes`,
    suggestion,
  };
}

/** Character to the letter that stands for it after a backslash, and its name. */
const ESCAPES: Readonly<Record<string, readonly [letter: string, name: string]>> = {
  '\t': ['t', 'a tab'],
  '\n': ['n', 'a line break'],
  '\r': ['r', 'a carriage return'],
  '\b': ['b', 'a backspace'],
  '\f': ['f', 'a form feed'],
  '\v': ['v', 'a vertical tab'],
  '\x07': ['a', 'a bell'],
  '\x1b': ['e', 'an escape character'],
  '\x85': ['N', 'a next-line character'],
  '\xa0': ['_', 'a no-break space'],
  '\u2028': ['L', 'a line separator'],
  '\u2029': ['P', 'a paragraph separator'],
};

/** A path as a person would write it: relative to the working directory where it lies inside. */
export function shownPath(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside.startsWith('..') || isAbsolute(inside) || inside === '' ? path : inside;
}

/** Places in a file's text. */
export function locateIn(file: string, text: string): Locate {
  const starts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  return (start, end) => {
    const line = starts.findLastIndex((lineStart) => lineStart <= start);
    const lineStart = starts[line] ?? 0;
    const snippet = text.slice(lineStart, (starts[line + 1] ?? text.length + 1) - 1).replace(/\r$/, '');
    const before = characters(snippet.slice(0, start - lineStart));
    const width = Math.max(1, characters(snippet.slice(0, end - lineStart)) - before);
    return { file, line: line + 1, column: before + 1, width, ...(snippet.length > LONGEST_SNIPPET ? {} : { snippet }) };
  };
}

/** A problem of a file as a whole. */
export function fileProblem(file: string, refusal: Refused): Problem {
  const problem = problemAt(undefined, [], `${file} ${refusal.refused}`, refusal.suggestion);
  return { ...problem, file, ...(refusal.at === undefined ? {} : { line: refusal.at }) };
}

const characters = (text: string): number => [...text].length;
