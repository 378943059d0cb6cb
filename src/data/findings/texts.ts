import { valueAt } from '../../core/values.ts';
import { count, plural } from '../../core/text.ts';
import { groupsBy, repeated } from '../examples/index.ts';
import { isBlank, mapText, textKey, textKeys, type Text } from '../texts/index.ts';
import { normalizedText } from './normalized-text.ts';
import { examplesOf, partOf, type Finding } from './finding.ts';
import { pairFindings } from './pairs.ts';
import { ALWAYS_TRAINED, LEFT_OUT, rowsSeenInTraining } from './seen.ts';

/** What a look at the texts needs. */
export interface InspectedTexts {
  /** Of every row of the training table. */
  readonly texts: readonly Text[];
  /** The rows that are trained on, and the fold that validates each; −1 where none does. */
  readonly kept: { readonly rows: Int32Array };
  readonly foldOf: Int32Array;
  /** The texts to predict; null: none. */
  readonly test: readonly Text[] | null;
  /** What the segments of pairs are called; nothing for single texts. */
  readonly names?: readonly string[];
  /** What a row's target is called: `class`. */
  readonly target: string;
  /** What is to be said of groups of rows with the same text, as far as it concerns more than their texts. */
  readonly ofSameText: (alike: readonly (readonly number[])[]) => readonly Finding[];
}

/** Texts that repeat, were to be predicted, or are empty. Texts are the same where every character of every segment is. */
export function inspectTexts({ texts, kept, foldOf, test, names = [], target, ofSameText }: InspectedTexts): readonly Finding[] {
  const alike = repeated(groupsBy(textKeys(texts)));
  const folds = foldsOfTable(texts.length, kept.rows, foldOf);
  return [
    ...duplicateTexts(texts, alike, rowsSeenInTraining(alike, folds), target),
    ...ofSameText(alike),
    ...(test === null ? [] : testTexts(texts, test)),
    ...similarTexts(texts, alike),
    ...pairFindings({ texts, test, folds, names }),
    ...emptyTexts('train', texts),
    ...(test === null ? [] : emptyTexts('test', test)),
  ];
}

function duplicateTexts(texts: readonly Text[], alike: readonly (readonly number[])[], seen: number, target: string): Finding[] {
  const later = laterRows(alike);
  if (later === 0) return [];
  const message =
    `${plural(later, 'training row')} repeat${later === 1 ? 's' : ''} the text of an earlier one to the character, and ` +
    `${alike.length === 1 ? 'one text occurs' : `${count(alike.length)} texts occur`} more than once`;
  if (seen === 0)
    return [{ severity: 'info', code: 'duplicate-texts', message, count: later, examples: examplesOf('train', alike, texts) }];
  return [
    {
      severity: 'warning',
      code: 'duplicate-texts',
      message:
        `${message}; ${plural(seen, 'row')} ${seen === 1 ? 'is' : 'are'} validated by a model that has been trained on the same text, ` +
        'which makes validation look too good',
      count: later,
      examples: examplesOf('train', alike, texts),
      remedy:
        'split.group_by: text keeps equal texts in one fold. data.duplicates: drop leaves out all but the first ' +
          `row with the same text and ${target}.`,
    },
  ];
}

/** The fold of each row of the table. */
function foldsOfTable(length: number, rows: Int32Array, foldOf: Int32Array): Int32Array {
  const folds = new Int32Array(length).fill(LEFT_OUT);
  rows.forEach((row, i) => (folds[row] = valueAt(foldOf, i) === -1 ? ALWAYS_TRAINED : valueAt(foldOf, i)));
  return folds;
}

function testTexts(texts: readonly Text[], test: readonly Text[]): Finding[] {
  const [known, keys] = [new Set(textKeys(texts)), textKeys(test)];
  const rows = Array.from(keys.keys()).filter((row) => known.has(valueAt(keys, row)));
  if (rows.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'test-texts-in-training',
      message:
        `${partOf(rows.length, test.length, 'rows to predict')} ${rows.length === 1 ? 'has' : 'have'} a text that ` +
        'occurs in training to the character',
      count: rows.length,
      examples: examplesOf(
        'test',
        rows.map((row) => [row]),
        test,
      ),
      remedy:
        'A score on these rows says how well training texts are remembered. To judge a model by new texts, take them out of ' +
          'data.train or leave them out of the score.',
    },
  ];
}

/** Beyond those that are the same to the character. */
function similarTexts(texts: readonly Text[], alike: readonly (readonly number[])[]): Finding[] {
  const keys = textKeys(texts);
  const groups = repeated(groupsBy(texts.map((text) => textKey(mapText(text, normalizedText)))));
  const more = laterRows(groups) - laterRows(alike);
  if (more === 0) return [];
  const different = groups.filter((rows) => rows.some((row) => keys[row] !== keys[valueAt(rows, 0)]));
  return [
    {
      severity: 'info',
      code: 'similar-texts',
      message:
        `${plural(more, 'more training row')} repeat${more === 1 ? 's' : ''} an earlier text once case, spaces and web addresses are ` +
        'set aside; split.group_by: text does not hold these together',
      count: more,
      examples: examplesOf('train', different, texts),
    },
  ];
}

function emptyTexts(table: 'train' | 'test', texts: readonly Text[]): Finding[] {
  const rows = Array.from(texts.keys()).filter((row) => isBlank(valueAt(texts, row)));
  if (rows.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'empty-texts',
      message:
        `${partOf(rows.length, texts.length, table === 'train' ? 'training rows' : 'rows to predict')} ` +
        `${rows.length === 1 ? 'has an empty text' : 'have empty texts'}`,
      count: rows.length,
      examples: examplesOf(table, [rows], texts),
      remedy:
        table === 'train'
          ? 'Take them out of data.train, or check that data.text names the right column.'
          : 'They all get the same prediction.',
    },
  ];
}

function laterRows(groups: readonly (readonly number[])[]): number {
  return groups.reduce((sum, rows) => sum + rows.length - 1, 0);
}
