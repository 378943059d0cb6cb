import * as library from '@huggingface/tokenizers';
import { shortened } from '../../../core/text.ts';

/** From and to where a match reaches. */
export type Span = readonly [from: number, to: number];

export type Search = (text: string) => Iterable<Span>;

/**
 * The regular expressions that came with a tokenizer. Some match a text in no time and others not before the end of the world, so whoever
 * encodes with them must be one that can be ended.
 */
export interface PatternList {
  readonly sources: string[];
  /** Hears the number of the expression before it is put to work. */
  onSearch: (number: number) => void;
}

/** Looks for a part's pattern, `{ String }` or `{ Regex }`, from left to right. Throws an Error where that is none. */
export function searching(pattern: unknown, patterns: PatternList): Search {
  const { String: word, Regex: source } = (typeof pattern === 'object' && pattern !== null ? pattern : {}) as {
    readonly String?: unknown;
    readonly Regex?: unknown;
  };
  if (typeof word === 'string' && word !== '') return (text) => occurrences(text, word);
  if (typeof source !== 'string')
    throw new Error(`its pattern ${shortened(JSON.stringify(pattern) ?? 'undefined')} is neither a text nor a regular expression`);
  if (source === EDGES) return spacesAtEdges;
  const character = LINEAR.get(source);
  if (character !== undefined) return (text) => matches(text, character);
  const number = patterns.sources.push(source) - 1;
  const compiled = asJavaScript(source);
  return (text) => {
    patterns.onSearch(number);
    return matches(text, compiled);
  };
}

/** The library translates Oniguruma's expressions, which tokenizers are written in. Its types do not tell of that part. */
function asJavaScript(source: string): RegExp {
  const { SplitPreTokenizer } = library as unknown as { readonly SplitPreTokenizer: new (part: object) => { readonly pattern: RegExp } };
  return new SplitPreTokenizer({ pattern: { Regex: source } }).pattern;
}

/** Common expressions that look at each character once. */
const LINEAR: ReadonlyMap<string, RegExp> = new Map([
  ['\\s+', /\p{White_Space}+/gu],
  ['\\s', /\p{White_Space}/gu],
  [' ', / /g],
  [' +', / +/g],
  [' {2,}', / {2,}/g],
  ['\\s{2,}|[\\n\\r\\t]', /\p{White_Space}{2,}|[\n\r\t]/gu],
]);

/** Of tokenizers that were made of SentencePiece models: JavaScript would look at each run of spaces once for each of them. */
const EDGES = '\\A +| +\\z';

function spacesAtEdges(text: string): readonly Span[] {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === ' ') start++;
  while (end > start && text[end - 1] === ' ') end--;
  return [
    ...(start > 0 ? ([[0, start]] as const) : []),
    ...(end < text.length ? ([[end, text.length]] as const) : []),
  ];
}

function* occurrences(text: string, word: string): Iterable<Span> {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length)) yield [at, at + word.length];
}

function* matches(text: string, pattern: RegExp): Iterable<Span> {
  for (const match of text.matchAll(pattern)) yield [match.index, match.index + match[0].length];
}
