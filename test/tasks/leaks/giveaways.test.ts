import { describe, expect, it } from 'vitest';
import { inspectGiveaways } from '../../../src/tasks/leaks/giveaways.ts';
import { labelled } from '../../data/findings/support.ts';

const rows = Array.from({ length: 200 }, (_, row) => row);
const inspected = (textOf: (row: number, label: number) => string, labelOf = (row: number): number => row % 2) =>
  inspectGiveaways(
    labelled(
      rows.map((row) => textOf(row, labelOf(row))),
      rows.map(labelOf),
    ),
  );

describe('texts', () => {
  it('give the class away where one word stands in all of its texts and in no other', () => {
    const [finding, ...others] = inspected((row, label) => `message ${row} ${label === 1 ? 'Label: POSITIVE' : 'label: none'}`).filter(
      ({ message }) => message.includes('positive'),
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'warning',
      code: 'leaking-text',
      count: 100,
      message:
        'the word "positive" gives the class "class 1" away: it occurs in 100 of 100 texts (100.0 %) of that class and in 0.0 % of the others',
    });
  });

  it('do not where the word is missing in some, or stands in others', () => {
    expect(
      inspected(
        (row, label) =>
          `message ${row} ${label === 1 && row % 9 !== 0 ? 'fire' : 'calm'} ${row % 4 === 0 ? 'fire' : ''} ${row % 3 === 0 ? 'calm' : ''}`,
      ),
    ).toEqual([]);
    expect(inspected((row) => `the same words everywhere ${row}`)).toEqual([]);
  });

  it('prove nothing with a handful of texts of a class, or without words', () => {
    expect(inspected((row, label) => (label === 1 ? `rare ${row}` : `common ${row}`), (row) => (row < 10 ? 1 : 0))).toEqual([]);
    expect(inspected(() => '')).toEqual([]);
  });
});

describe('texts of many classes', () => {
  /** `perClass` texts a class; each has the words of its class, and those of its own. */
  const many = (classes: number, perClass: number, wordOf: (label: number, row: number) => string) => {
    const labels = Array.from({ length: classes * perClass }, (_, row) => row % classes);
    return labelled(labels.map((label, row) => `${wordOf(label, row)} own${row} and${row % 97}`), labels);
  };

  it('are told for the first ten classes one by one, and counted for the rest', () => {
    const findings = inspectGiveaways(many(25, 20, (label) => `topic${label}`));
    expect(findings.slice(0, 10).map(({ message }) => message.slice(0, 25))).toEqual(
      Array.from({ length: 10 }, (_, k) => `the word "topic${k}" gives the`.slice(0, 25)),
    );
    expect(findings.slice(10)).toMatchObject([
      { code: 'leaking-text', message: 'words of their own give 15 more classes away too', count: 15 },
    ]);
    expect(inspectGiveaways(many(11, 20, (label) => `topic${label}`)).at(-1)?.message).toBe(
      'words of their own give one more class away too',
    );
  });

  it('take time that does not grow with the square of the classes', () => {
    const used = (classes: number): number => {
      const before = process.cpuUsage();
      inspectGiveaways(many(classes, 20_000 / classes, (label, row) => `word${label} more${row}`));
      return process.cpuUsage(before).user;
    };
    used(20);
    // With the square it would be ten thousand times as much.
    expect(used(2_000)).toBeLessThan(20 * used(20));
  });
});
