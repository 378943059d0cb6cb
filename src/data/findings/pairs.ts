import { valueAt } from '../../core/values.ts';
import { plural } from '../../core/text.ts';
import { groupsBy, repeated } from '../examples/index.ts';
import { quoted } from '../problems.ts';
import { isBlank, segmentsOf, textKey, textKeys, type Text } from '../texts/index.ts';
import { examplesOf, partOf, percent, type Finding } from './finding.ts';
import { LEFT_OUT, rowsSeenInTraining } from './seen.ts';

/** What a look at pairs of texts needs. */
export interface InspectedPairs {
  readonly texts: readonly Text[];
  /** The fold of each, `LEFT_OUT` where it is not trained on. */
  readonly folds: Int32Array;
  /** The pairs to predict; null: none. */
  readonly test: readonly Text[] | null;
  /** What the two are called in `data.text`. */
  readonly names: readonly string[];
}

type Pair = readonly [string, string];

/** From this share of the rows on, a text that other folds have too is worth knowing. */
const MANY_SHARED = 0.1;
/** Rows to predict that share less than this part of what validation shares will score lower than it. */
const FEWER = 0.5;

/** Pairs that occur the other way round, that share one of their texts across folds, or that lack one. Nothing of single texts. */
export function pairFindings(inspected: InspectedPairs): readonly Finding[] {
  const { texts, test, names } = inspected;
  if (names.length < 2 || texts.length === 0) return [];
  return [
    ...swappedPairs(inspected),
    ...(test === null ? [] : swappedInTest(texts, test)),
    ...names.flatMap((_, segment) => sharedSegments(inspected, segment)),
    ...names.flatMap((_, segment) => lackingSegments('train', texts, segment, names)),
    ...(test === null ? [] : names.flatMap((_, segment) => lackingSegments('test', test, segment, names))),
  ];
}

function swappedPairs({ texts, folds }: InspectedPairs): Finding[] {
  const keys = textKeys(texts);
  const bothOrders = repeated(groupsBy(texts.map(unorderedKey))).filter((rows) => rows.some((row) => keys[row] !== keys[rows[0]!]));
  if (bothOrders.length === 0) return [];
  const rows = bothOrders.reduce((sum, group) => sum + group.length, 0);
  const seen = rowsSeenInTraining(bothOrders, folds);
  const finding = {
    code: 'swapped-pairs',
    message:
      `${plural(bothOrders.length, 'pair')} of texts ${bothOrders.length === 1 ? 'occurs' : 'occur'} in both orders, in ` +
      plural(rows, 'training row'),
    count: rows,
    examples: examplesOf('train', bothOrders, texts),
  } as const;
  if (seen === 0) return [{ severity: 'info', ...finding }];
  return [
    {
      severity: 'warning',
      ...finding,
      message:
        `${finding.message}; ${plural(seen, 'row')} ${seen === 1 ? 'is' : 'are'} validated by a model that has been trained on the same ` +
        'pair the other way round',
      remedy:
        'If the order of the two says nothing about the target, add a column with the same value for both orders, and name it in ' +
        'split.group_by, which keeps them in one fold.',
    },
  ];
}

function swappedInTest(texts: readonly Text[], test: readonly Text[]): Finding[] {
  const [known, keys] = [new Set(textKeys(texts)), textKeys(test)];
  const rows = Array.from(test.keys()).filter((row) => !known.has(valueAt(keys, row)) && known.has(textKey(swapped(valueAt(test, row)))));
  if (rows.length === 0) return [];
  return [
    {
      severity: 'info',
      code: 'swapped-pairs',
      message:
        `${partOf(rows.length, test.length, 'rows to predict')} ${rows.length === 1 ? 'has' : 'have'} a pair that occurs in training the ` +
        'other way round',
      count: rows.length,
      examples: examplesOf(
        'test',
        rows.map((row) => [row]),
        test,
      ),
    },
  ];
}

/**
 * A text that stands in pairs of several folds is seen in training. Where the rows to predict have texts of their own, validation is then
 * easier than they are.
 */
function sharedSegments({ texts, folds, test, names }: InspectedPairs, segment: number): Finding[] {
  const values = texts.map((text) => segmentsOf(text)[segment] ?? '');
  const alike = repeated(groupsBy(values)).filter((rows) => valueAt(values, rows[0]!).trim() !== '');
  const trained = folds.reduce((sum, fold) => sum + (fold === LEFT_OUT ? 0 : 1), 0);
  const seen = rowsSeenInTraining(alike, folds);
  if (seen < MANY_SHARED * trained) return [];
  const known = new Set(values);
  const ofTest = test === null ? null : test.filter((text) => known.has(segmentsOf(text)[segment] ?? '')).length / test.length;
  const name = quoted(valueAt(names, segment));
  const message =
    `${partOf(seen, trained, 'training rows')} share their text ${name} with rows of other folds` +
    (ofTest === null ? '' : `; of the rows to predict, ${percent(ofTest, 1)} share theirs with training rows`);
  const finding = { code: 'shared-segments', message, count: seen, examples: [] } as const;
  const remedy = `split.group_by: ${JSON.stringify(valueAt(names, segment))} keeps rows with the same text there in one fold`;
  // There, `text` stands for the whole pair.
  const isColumn = !/[{}]|^text$/.test(valueAt(names, segment));
  if (ofTest === null || ofTest >= (FEWER * seen) / trained)
    return [{ severity: 'info', ...finding, ...(isColumn ? { remedy: `${remedy}, as new rows with texts of their own need it.` } : {}) }];
  return [
    {
      severity: 'warning',
      ...finding,
      message: `${message}: validation is easier than they are`,
      ...(isColumn ? { remedy: `${remedy}.` } : {}),
    },
  ];
}

/** Pairs of which one text is empty; those without any are told beside single texts. */
function lackingSegments(table: 'train' | 'test', texts: readonly Text[], segment: number, names: readonly string[]): Finding[] {
  const lacks = (text: Text): boolean => !isBlank(text) && (segmentsOf(text)[segment] ?? '').trim() === '';
  const rows = Array.from(texts.keys()).filter((row) => lacks(valueAt(texts, row)));
  if (rows.length === 0) return [];
  const of = table === 'train' ? 'training rows' : 'rows to predict';
  return [
    {
      severity: 'info',
      code: 'empty-texts',
      message: `in ${partOf(rows.length, texts.length, of)} the text ${quoted(valueAt(names, segment))} is empty`,
      count: rows.length,
      examples: examplesOf(table, [rows], texts),
    },
  ];
}

function swapped(text: Text): Text {
  const [first, second] = text as Pair;
  return [second, first];
}

function unorderedKey(text: Text): string {
  const [first, second] = text as Pair;
  return textKey(first <= second ? text : [second, first]);
}
