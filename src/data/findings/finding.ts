import { valueAt } from '../../core/values.ts';
import { count, list, object, oneOf, optional, text, word, type TypeOf } from '../../core/shapes.ts';
import { count as counted } from '../../core/text.ts';
import { mapText, shownText, type Text } from '../texts/index.ts';

/** What a finding is about. */
type Code =
  | 'duplicate-texts'
  | 'conflicting-classes'
  | 'conflicting-probabilities'
  | 'test-texts-in-training'
  | 'validation-texts-in-training'
  | 'test-texts-in-validation'
  | 'similar-texts'
  | 'swapped-pairs'
  | 'shared-segments'
  | 'empty-texts'
  | 'cleaned-rows'
  | 'rows-without-target'
  | 'constant-target'
  | 'weightless-rows'
  | 'weightless-class'
  | 'few-weights'
  | 'equal-weights'
  | 'outliers'
  | 'large-offset'
  | 'few-values'
  | 'unlike-columns'
  | 'missing-targets'
  | 'target-distribution'
  | 'conflicting-numbers'
  | 'class-balance'
  | 'similar-classes'
  | 'few-rows-of-class'
  | 'fold-lacks-class'
  | 'conflicting-labels'
  | 'label-balance'
  | 'constant-label'
  | 'missing-labels'
  | 'few-rows-of-label'
  | 'fold-lacks-label'
  | 'identical-labels'
  | 'exclusive-labels'
  | 'similar-labels'
  | 'conflicting-grades'
  | 'grade-balance'
  | 'absent-grades'
  | 'few-rows-of-grade'
  | 'fold-lacks-grade'
  | 'leaking-column'
  | 'leaking-text'
  | 'sorted-by-class'
  | 'cut-texts'
  | 'padding'
  | 'unknown-tokens'
  | 'tokenizer-settings'
  | 'model'
  | 'no-tokenizer'
  | 'untrained-pooler'
  | 'test-targets';

type Example = TypeOf<typeof example>;

const example = object({
  table: word<'train' | 'validation' | 'test'>(),
  /** Data rows, from 1; of many the first. */
  rows: list(count),
  /** The beginning of their text. */
  text,
});

/**
 * Something about the data that a person should know before training. What makes a run impossible or wrong is no finding: it
 * is refused, with its rows, where the tables are read. `findings.json` of a run holds those of its data.
 */
export type Finding = TypeOf<typeof finding>;

export const finding = object({
  /** `warning`: results will look better, or be worse, than they have to. `info`: good to know. */
  severity: oneOf('warning', 'info'),
  code: word<Code>(),
  /** A sentence without a final full stop. */
  message: text,
  /** How many rows, texts, classes or tokens it is about. */
  count,
  /** The first few places. */
  examples: list(example),
  /** What can be done, in full sentences that name the options. */
  remedy: optional(text),
});

const SHOWN_EXAMPLES = 3;
const SHOWN_ROWS = 5;
const SHOWN_CHARACTERS = 80;

/** Examples of groups of rows with the same text; `rows` are positions in the table. */
export function examplesOf(table: Example['table'], groups: readonly (readonly number[])[], texts: readonly Text[]): readonly Example[] {
  return groups
    .slice(0, SHOWN_EXAMPLES)
    .map((rows) => ({
      table,
      rows: rows.slice(0, SHOWN_ROWS).map((row) => row + 1),
      text: shownBeginning(valueAt(texts, valueAt(rows, 0))),
    }));
}

/** `3.2 %` */
export function percent(part: number, whole: number): string {
  const value = whole === 0 ? 0 : (100 * part) / whole;
  return value > 0 && value < 0.1 ? 'under 0.1 %' : `${value.toFixed(1)} %`;
}

/** `1,905 of 7,613 rows (25.0 %)` */
export function partOf(part: number, whole: number, noun: string): string {
  return `${counted(part)} of ${counted(whole)} ${noun} (${percent(part, whole)})`;
}

/** Of each segment. */
function shownBeginning(text: Text): string {
  return shownText(mapText(text, beginning));
}

/** Cut between characters, not between the two halves of one. */
function beginning(text: string): string {
  const characters = Array.from(text.slice(0, 2 * SHOWN_CHARACTERS + 2));
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : text;
}
