import { quoted } from '../problems.ts';
import type { LabelledExamples } from '../examples.ts';
import { partOf, percent, type Finding } from './finding.ts';

/** Fewer rows of a class, or beside it, prove nothing. */
const FEWEST_ROWS = 20;
/** A word gives a class away where at least this share of its rows has it, and at most the rest of the share of the others. */
const SURE = 0.98;
/** Among so many rows a word that gives a class away is found. */
const SEARCHED_ROWS = 2_000;
/** A word that gives a class away stands in almost all its rows, so also in most of those searched. */
const LIKELY = 0.9;

/** Words that stand in almost all texts of one class and in almost none of the others, such as a label that was left in the text. */
export function inspectGiveaways({ texts, labels, classes }: LabelledExamples): readonly Finding[] {
  const rowsOf = new Int32Array(classes.length);
  for (const label of labels) rowsOf[label]!++;
  return likelyWords(texts, labels, classes.length).flatMap(({ word, label }): Finding[] => {
    let [inside, outside] = [0, 0];
    texts.forEach((text, row) => {
      if (!wordsOf(text).has(word)) return;
      if (labels[row] === label) inside++;
      else outside++;
    });
    const [own, others] = [rowsOf[label]!, texts.length - rowsOf[label]!];
    if (Math.min(own, others) < FEWEST_ROWS || inside < SURE * own || outside > (1 - SURE) * others) return [];
    return [
      {
        severity: 'warning',
        code: 'leaking-text',
        message: `the word ${quoted(word)} gives the class ${quoted(classes[label]!)} away: it stands in ${partOf(inside, own, 'texts')} of that class and in ${percent(outside, others)} of the others`,
        count: inside,
        examples: [],
        remedy: 'Look whether the class, or something that was written after it was known, is part of the text. If the word is a fair sign, there is nothing to do, and no need of a large model.',
      },
    ];
  });
}

/** The most promising word of each class, if there is one. */
function likelyWords(texts: readonly string[], labels: Int32Array, classes: number): readonly { readonly word: string; readonly label: number }[] {
  const every = Math.ceil(texts.length / SEARCHED_ROWS);
  const searched = new Int32Array(classes);
  const rowsWith = new Map<string, Int32Array>();
  for (let row = 0; row < texts.length; row += every) {
    searched[labels[row]!]!++;
    for (const word of wordsOf(texts[row]!)) {
      const counts = rowsWith.get(word) ?? new Int32Array(classes);
      counts[labels[row]!]!++;
      rowsWith.set(word, counts);
    }
  }
  return Array.from({ length: classes }, (_, label) => label).flatMap((label) => {
    let best: { readonly word: string; readonly label: number; readonly lead: number } | undefined;
    for (const [word, counts] of rowsWith) {
      const others = counts.reduce((sum, rows) => sum + rows, 0) - counts[label]!;
      const lead = counts[label]! - others;
      if (counts[label]! >= LIKELY * searched[label]! && lead > (best?.lead ?? 0)) best = { word, label, lead };
    }
    return best === undefined ? [] : [best];
  });
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu));
}
