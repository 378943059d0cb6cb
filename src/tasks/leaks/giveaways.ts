import { countUp, valueAt } from '../../core/values.ts';
import { count } from '../../core/text.ts';
import { partOf, percent, type Finding } from '../../data/findings/index.ts';
import { quoted } from '../../data/problems.ts';
import { areSingle, runningText } from '../../data/texts/index.ts';
import { CLASS_LEAKS, type ClassRows } from './rows.ts';

/** Fewer rows of a class, or beside it, prove nothing. */
const FEWEST_ROWS = 20;
/** A word gives a class away where at least this share of its rows has it, and at most the rest of the share of the others. */
const SURE = 0.98;
/** Among so many rows a word that gives a class away is found. */
const SEARCHED_ROWS = 2_000;
/** A word that gives a class away stands in almost all its rows, so also in most of those searched. */
const LIKELY = 0.9;

/** Classes that are told one by one; nobody reads on after so many. */
const SHOWN = 10;

const finding = {
  severity: 'warning',
  code: 'leaking-text',
  examples: [],
  remedy:
    'Look whether the target, or something that was written after it was known, is part of the text. If the word is a fair sign, ' +
      'there is nothing to do, and no need of a large model.',
} as const;

/** Words that stand in almost all texts of one class and in almost none of the others, such as a label that was left in the text. */
export function inspectGiveaways({ texts: all, labels, classes, words = CLASS_LEAKS }: ClassRows): readonly Finding[] {
  const texts = areSingle(all) ? all : all.map(runningText);
  const rowsOf = new Int32Array(classes.length);
  for (const label of labels) rowsOf[label]!++;
  const sure = counted(likelyWords(texts, labels, classes.length), texts, labels).filter(({ label, inside, outside }) => {
    const [own, others] = [valueAt(rowsOf, label), texts.length - valueAt(rowsOf, label)];
    return Math.min(own, others) >= FEWEST_ROWS && inside >= SURE * own && outside <= (1 - SURE) * others;
  });
  const findings = sure.slice(0, SHOWN).map(({ word, label, inside, outside }): Finding => {
    const [own, others] = [valueAt(rowsOf, label), texts.length - valueAt(rowsOf, label)];
    return {
      ...finding,
      message:
        `the word ${quoted(word)} gives ${words.one(valueAt(classes, label))} away: it occurs in ${partOf(inside, own, 'texts')} ` +
        `${words.ofOne(valueAt(classes, label))} and in ${percent(outside, others)} of the others`,
      count: inside,
    };
  });
  const more = sure.length - findings.length;
  if (more === 0) return findings;
  const message = `words of their own give ${more === 1 ? `one more ${words.single}` : `${count(more)} more ${words.many}`} away too`;
  return [...findings, { ...finding, message, count: more }];
}

/** A word and the class that it may give away. */
interface Likely {
  readonly word: string;
  readonly label: number;
}

/** In how many texts of its class, and in how many of the others, each word stands. */
function counted(
  words: readonly Likely[],
  texts: readonly string[],
  labels: Int32Array,
): readonly (Likely & { readonly inside: number; readonly outside: number })[] {
  if (words.length === 0) return [];
  const counts = new Map(words.map(({ word, label }) => [word, { word, label, inside: 0, outside: 0 }]));
  texts.forEach((text, row) => {
    for (const word of wordsOf(text)) {
      const seen = counts.get(word);
      if (seen === undefined) continue;
      if (labels[row] === seen.label) seen.inside++;
      else seen.outside++;
    }
  });
  return [...counts.values()];
}

/**
 * The most promising word of each class, if there is one. A word that stands in more texts of a class than of all others does so for
 * one class only, so that each word is looked at once.
 */
function likelyWords(texts: readonly string[], labels: Int32Array, classes: number): readonly Likely[] {
  const every = Math.ceil(texts.length / SEARCHED_ROWS);
  const searched = new Int32Array(classes);
  const rowsWith = new Map<string, Map<number, number>>();
  for (let row = 0; row < texts.length; row += every) {
    const label = valueAt(labels, row);
    searched[label]!++;
    for (const word of wordsOf(valueAt(texts, row))) {
      const counts = rowsWith.get(word) ?? new Map<number, number>();
      countUp(counts, label);
      rowsWith.set(word, counts);
    }
  }
  const best = new Map<number, Likely & { readonly lead: number }>();
  for (const [word, counts] of rowsWith) {
    let rows = 0;
    for (const inClass of counts.values()) rows += inClass;
    for (const [label, inClass] of counts) {
      const lead = 2 * inClass - rows;
      if (inClass >= LIKELY * valueAt(searched, label) && lead > (best.get(label)?.lead ?? 0)) best.set(label, { word, label, lead });
    }
  }
  return [...best.values()].sort((a, b) => a.label - b.label);
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu));
}
