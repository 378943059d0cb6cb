import { describe, expect, it } from 'vitest';
import { pairFindings } from '../../../src/data/findings/pairs.ts';
import { inspectTexts } from '../../../src/data/findings/texts.ts';
import type { Text } from '../../../src/data/texts/index.ts';
import { codesOf, named } from './support.ts';

/** One row a fold, unless said otherwise. */
const findings = (texts: readonly Text[], folds: readonly number[] = [...texts.keys()], test: readonly Text[] | null = null) =>
  pairFindings({ texts, folds: Int32Array.from(folds), test, names: ['anchor', 'text'] });

const own = (count: number, name: string): readonly Text[] => Array.from({ length: count }, (_, i) => [`${name} ${i}`, `other ${name} ${i}`]);

describe('findings about pairs', () => {
  it('are none where every text is another one, and none of single texts', () => {
    expect(findings(own(4, 'a'), undefined, own(3, 'b'))).toEqual([]);
    expect(pairFindings({ texts: ['a', 'a', ''], folds: Int32Array.of(0, 1, 2), test: null, names: ['text'] })).toEqual([]);
  });

  it('are pairs that occur in both orders, by fold', () => {
    const texts: readonly Text[] = [['a', 'b'], ['c', 'd'], ['b', 'a'], ['a', 'b'], ['e', 'e'], ['e', 'e']];
    const swapped = named(findings(texts), 'swapped-pairs');
    expect(swapped).toMatchObject({ severity: 'warning', count: 3, examples: [{ table: 'train', rows: [1, 3, 4], text: 'a | b' }] });
    expect(swapped.message).toBe(
      '1 pair of texts occurs in both orders, in 3 training rows; 3 rows are validated by a model that has been trained on the same ' +
        'pair the other way round',
    );
    expect(named(findings(texts, [0, 1, 0, 0, 1, 1]), 'swapped-pairs').severity).toBe('info');
    expect(codesOf(findings([['a', 'b'], ['a', 'b']], [0, 0]))).toEqual([]);
    const ofTest = named(findings(own(9, 'x').concat([['a', 'b']]), undefined, [['b', 'a'], ['a', 'b'], ['z', 'z']]), 'swapped-pairs');
    expect(ofTest).toMatchObject({ severity: 'info', count: 1, examples: [{ table: 'test', rows: [1], text: 'b | a' }] });
  });

  it('are texts that stand in pairs of several folds, which is worse where the rows to predict have texts of their own', () => {
    const texts: readonly Text[] = Array.from({ length: 12 }, (_, i) => [`anchor ${i % 3}`, `target ${i}`]);
    const test: readonly Text[] = [['anchor 0', 'x'], ['anchor 1', 'y'], ['new', 'z'], ['new too', 'z']];
    expect(named(findings(texts), 'shared-segments')).toMatchObject({
      severity: 'info',
      message: '12 of 12 training rows (100.0 %) share their text "anchor" with rows of other folds',
      remedy: 'split.group_by: "anchor" keeps rows with the same text there in one fold, as new rows with texts of their own need it.',
    });
    expect(named(findings(texts, undefined, test), 'shared-segments').severity).toBe('info');
    const warned = named(findings(texts, undefined, test.slice(1)), 'shared-segments');
    expect([warned.severity, warned.message]).toEqual([
      'warning',
      '12 of 12 training rows (100.0 %) share their text "anchor" with rows of other folds; of the rows to predict, 33.3 % share theirs ' +
        'with training rows: validation is easier than they are',
    ]);
    expect(codesOf(findings(texts, texts.map((_, i) => i % 3)))).toEqual([]);
    // Of the second text `split.group_by: text` would not speak.
    expect(named(findings(texts.map(([anchor = '', target = '']) => [target, anchor])), 'shared-segments').remedy).toBeUndefined();
  });

  it('are pairs that lack one text; those that lack both are empty texts', () => {
    const all = inspectTexts({
      texts: [['a', ''], ['b', ' '], ['', 'c'], ['', '']],
      kept: { rows: Int32Array.of(0, 1, 2, 3) },
      foldOf: Int32Array.of(0, 0, 0, 0),
      test: [['', 'x'], ['y', 'z']],
      names: ['anchor', '{b}: {c}'],
      target: 'class', ofSameText: () => [],
    });
    expect(all.map(({ severity, code, message }) => [severity, code, message])).toEqual([
      ['info', 'empty-texts', 'in 1 of 4 training rows (25.0 %) the text "anchor" is empty'],
      ['info', 'empty-texts', 'in 2 of 4 training rows (50.0 %) the text "{b}: {c}" is empty'],
      ['info', 'empty-texts', 'in 1 of 2 rows to predict (50.0 %) the text "anchor" is empty'],
      ['warning', 'empty-texts', '1 of 4 training rows (25.0 %) has an empty text'],
    ]);
  });

  it('find equal and similar pairs, not pairs with one text in common', () => {
    const texts: readonly Text[] = [['a', 'b'], ['a', 'c'], ['A', ' b'], ['a', 'b']];
    const all = inspectTexts({ texts, kept: { rows: Int32Array.of(0, 1, 2, 3) }, foldOf: Int32Array.of(0, 0, 0, 0), test: [['a', 'c'], ['c', 'a']],
      names: ['p', 'q'], target: 'class', ofSameText: () => [] });
    expect(all.map(({ code, count }) => [code, count])).toEqual([
      ['duplicate-texts', 1],
      ['test-texts-in-training', 1],
      ['similar-texts', 1],
      ['swapped-pairs', 1],
    ]);
  });
});
