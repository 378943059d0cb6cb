import { describe, expect, it } from 'vitest';
import { inspectGiveaways } from '../../../src/data/findings/giveaways.ts';
import { labelled } from './support.ts';

const rows = Array.from({ length: 200 }, (_, row) => row);
const inspected = (textOf: (row: number, label: number) => string, labelOf = (row: number): number => row % 2) => inspectGiveaways(labelled(rows.map((row) => textOf(row, labelOf(row))), rows.map(labelOf)));

describe('texts', () => {
  it('give the class away where one word stands in all of its texts and in no other', () => {
    const [finding, ...others] = inspected((row, label) => `message ${row} ${label === 1 ? 'Label: POSITIVE' : 'label: none'}`).filter(({ message }) => message.includes('positive'));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning', code: 'leaking-text', count: 100, message: 'the word "positive" gives the class "class 1" away: it stands in 100 of 100 texts (100.0 %) of that class and in 0.0 % of the others' });
  });

  it('do not where the word is missing in some, or stands in others', () => {
    expect(inspected((row, label) => `message ${row} ${label === 1 && row % 9 !== 0 ? 'fire' : 'calm'} ${row % 4 === 0 ? 'fire' : ''} ${row % 3 === 0 ? 'calm' : ''}`)).toEqual([]);
    expect(inspected((row) => `the same words everywhere ${row}`)).toEqual([]);
  });

  it('prove nothing with a handful of texts of a class, or without words', () => {
    expect(inspected((row, label) => (label === 1 ? `rare ${row}` : `common ${row}`), (row) => (row < 10 ? 1 : 0))).toEqual([]);
    expect(inspected(() => '')).toEqual([]);
  });
});
