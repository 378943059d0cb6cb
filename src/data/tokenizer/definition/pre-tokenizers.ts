import { asBytes, BYTE_LEVEL_PATTERN, byteLevelWords } from './byte-level.ts';
import { NUMERIC, PUNCTUATION, SPACE, WORD } from '../characters/characters.ts';
import type { Part } from './definition.ts';
import { searching, type PatternList, type Span } from './patterns.ts';
import { behaviorOf, runsOf, split } from './splitting.ts';

/** @param isFirst whether the text begins where the whole one does */
export type PreTokenize = (text: string, isFirst: boolean) => readonly string[];

/** How a tokenizer cuts a text into the words that its model takes apart. Throws an Error that names a part which is not known. */
export function preTokenizerOf(part: Part | null, patterns: PatternList): PreTokenize {
  if (part === null) return (text) => [text];
  switch (part.type) {
    case 'Sequence':
      return sequence(((part['pretokenizers'] ?? []) as readonly Part[]).map((step) => preTokenizerOf(step, patterns)));
    case 'BertPreTokenizer':
      return (text) =>
        split(text, runsOf(text, SPACE, false), 'Removed').flatMap((word) => split(word, runsOf(word, PUNCTUATION, false), 'Isolated'));
    case 'WhitespaceSplit':
      return (text) => split(text, runsOf(text, SPACE, false), 'Removed');
    case 'Whitespace':
      return (text) => split(text, wordsAndSigns(text), 'Removed', true);
    case 'Punctuation': {
      const behavior = behaviorOf(part['behavior'] ?? 'Isolated');
      return (text) => split(text, runsOf(text, PUNCTUATION, false), behavior);
    }
    case 'Digits': {
      const behavior = part['individual_digits'] === true ? 'Isolated' : 'Contiguous';
      return (text) => split(text, runsOf(text, NUMERIC, false), behavior);
    }
    case 'CharDelimiterSplit': {
      const search = searching({ String: part['delimiter'] }, patterns);
      return (text) => split(text, search(text), 'Removed');
    }
    case 'ByteLevel':
      return byteLevel(part);
    case 'Metaspace':
      return metaspace(part);
    case 'Split':
      return splitting(part, patterns);
    case 'FixedLength':
      return (text) => ofLength(text, Number(part['length'] ?? 5));
    default:
      throw new Error(`its pre-tokenizer ${part.type} is not known`);
  }
}

/** The first step alone sees where the text begins: where it cuts, its first word begins there too. */
function sequence(steps: readonly PreTokenize[]): PreTokenize {
  return (text, isFirst) =>
    steps.reduce<readonly string[]>((words, step) => words.flatMap((word, i) => step(word, isFirst && i === 0)), [text]);
}

function byteLevel(part: Part): PreTokenize {
  const [prefix, cuts] = [part['add_prefix_space'] === true, part['use_regex'] !== false];
  return (text) => {
    const whole = prefix && !text.startsWith(' ') ? ` ${text}` : text;
    return (cuts ? byteLevelWords(whole) : [whole]).map(asBytes);
  };
}

function metaspace(part: Part): PreTokenize {
  const sign = String(part['replacement'] ?? '▁');
  const scheme = part['prepend_scheme'] ?? (part['add_prefix_space'] === false ? 'never' : 'always');
  return (text, isFirst) => {
    const replaced = text.replaceAll(' ', sign);
    const prefixed = (scheme === 'always' || (scheme === 'first' && isFirst)) && !replaced.startsWith(sign) ? sign + replaced : replaced;
    return part['split'] === false ? [prefixed] : split(prefixed, searching({ String: sign }, NO_PATTERNS)(prefixed), 'MergedWithNext');
  };
}

const NO_PATTERNS: PatternList = { sources: [], onSearch: () => {} };

function splitting(part: Part, patterns: PatternList): PreTokenize {
  const [behavior, invert] = [behaviorOf(part['behavior']), part['invert'] === true];
  const { Regex: source } = (part['pattern'] ?? {}) as { readonly Regex?: unknown };
  // It leaves nothing between its matches.
  if (source === BYTE_LEVEL_PATTERN && behavior === 'Isolated') return byteLevelWords;
  const search = searching(part['pattern'], patterns);
  return (text) => split(text, search(text), behavior, invert);
}

/** Runs of letters, digits and marks, and runs of what is neither that nor a space. */
function* wordsAndSigns(text: string): Iterable<Span> {
  let end = 0;
  for (const [from, to] of runsOf(text, WORD | SPACE, true)) {
    if (end < from) yield [end, from];
    for (const [start, stop] of runsOf(text.slice(from, to), WORD, true)) yield [from + start, from + stop];
    end = to;
  }
  if (end < text.length) yield [end, text.length];
}

function ofLength(text: string, length: number): string[] {
  if (!Number.isSafeInteger(length) || length < 1) throw new Error(`its pre-tokenizer FixedLength has the length ${length}`);
  const characters = [...text];
  return Array.from({ length: Math.ceil(characters.length / length) }, (_, i) => characters.slice(i * length, (i + 1) * length).join(''));
}
