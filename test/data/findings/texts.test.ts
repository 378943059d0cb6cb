import { describe, expect, it } from 'vitest';
import { inspectTexts, type InspectedTexts } from '../../../src/data/findings/texts.ts';
import { codesOf, named } from './support.ts';

/** One row a fold, unless said otherwise. */
const subject = (texts: readonly string[], more: Partial<InspectedTexts> = {}): InspectedTexts => ({
  texts,
  kept: { rows: Int32Array.from(texts.keys()) },
  foldOf: Int32Array.from(texts.keys()),
  test: null,
  target: 'class', ofSameText: () => [],
  ...more,
});

describe('findings about texts', () => {
  it('are none where every text is another one', () => {
    expect(inspectTexts(subject(['a', 'b', 'c'], { test: ['d', 'e', 'e'] }))).toEqual([]);
  });

  it('count rows that repeat an earlier one, and those that are in several folds', () => {
    const texts = ['a', 'b', 'a', 'c', 'a', 'b'];
    expect(inspectTexts(subject(texts))).toEqual([
      {
        severity: 'warning',
        code: 'duplicate-texts',
        message:
          '3 training rows repeat the text of an earlier one to the character, and 2 texts occur more than once; 5 rows are validated by a model that has been trained on the same text, which makes validation look too good',
        count: 3,
        examples: [
          { table: 'train', rows: [1, 3, 5], text: 'a' },
          { table: 'train', rows: [2, 6], text: 'b' },
        ],
        remedy: expect.stringContaining('split.group_by: text') as string,
      },
    ]);
    const grouped = inspectTexts(subject(texts, { foldOf: Int32Array.of(0, 1, 0, 1, 0, 1) }));
    expect(codesOf(grouped)).toEqual(['info duplicate-texts']);
    const dropped = inspectTexts(subject(texts, { kept: { rows: Int32Array.of(0, 1, 3) }, foldOf: Int32Array.of(0, 1, 2) }));
    expect(codesOf(dropped)).toEqual(['info duplicate-texts']);
  });

  it('come with what else is to be said of rows with the same text', () => {
    const asked: (readonly (readonly number[])[])[] = [];
    const ofSameText: InspectedTexts['ofSameText'] = (alike) => {
      asked.push(alike);
      return [{ severity: 'info', code: 'conflicting-classes', message: 'something', count: 1, examples: [] }];
    };
    expect(named(inspectTexts(subject(['a', 'a', 'b', 'c', 'b'], { ofSameText })), 'conflicting-classes').message).toBe('something');
    expect(asked).toEqual([[[0, 1], [2, 4]]]);
  });

  it('count rows to predict whose text occurs in training', () => {
    expect(named(inspectTexts(subject(['a', 'b'], { test: ['c', 'b', 'a', 'b'] })), 'test-texts-in-training')).toMatchObject({
      message: '3 of 4 rows to predict (75.0 %) have a text that occurs in training to the character',
      count: 3,
      examples: [{ table: 'test', rows: [2] }, { rows: [3] }, { rows: [4] }],
    });
  });

  it('tell apart the same text and one that a reader would call the same', () => {
    const findings = inspectTexts(subject(['Fire! https://t.co/a', 'fire!  https://t.co/b', 'Fire! https://t.co/a', 'flood']));
    expect(named(findings, 'duplicate-texts').count).toBe(1);
    expect(named(findings, 'similar-texts')).toMatchObject({ severity: 'info', count: 1, examples: [{ rows: [1, 2, 3] }] });
  });

  it('count empty texts in both tables', () => {
    const findings = inspectTexts(subject(['a', '', ' \n', 'b'], { test: ['', 'x'] }));
    expect(findings.filter(({ code }) => code === 'empty-texts').map(({ message }) => message)).toEqual([
      '2 of 4 training rows (50.0 %) have empty texts',
      '1 of 2 rows to predict (50.0 %) has an empty text',
    ]);
  });

  it('show the beginning of a long text, cut between characters', () => {
    const long = '🔥'.repeat(500);
    expect(named(inspectTexts(subject([long, long])), 'duplicate-texts').examples[0]?.text).toBe(`${'🔥'.repeat(80)}…`);
  });

  it('are the same for many rows', () => {
    const rows = 100_000;
    const texts = Array.from({ length: rows }, (_, row) => `text ${row % 50_000}`);
    const labels = Array.from({ length: rows }, (_, row) => row % 2);
    const findings = inspectTexts(subject(texts, { foldOf: Int32Array.from(labels), test: texts.slice(0, 1000) }));
    expect(named(findings, 'duplicate-texts')).toMatchObject({ severity: 'info', count: 50_000 });
    expect(named(findings, 'test-texts-in-training').count).toBe(1000);
  });
});
