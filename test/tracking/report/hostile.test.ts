import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openJournal } from '../../../src/tracking/journal.ts';
import { readEvaluatedRun } from '../../../src/tracking/evaluated-run.ts';
import { compareRuns } from '../../../src/tracking/comparison/compare.ts';
import { writeComparisonReport } from '../../../src/tracking/report/comparison/report.ts';
import { writeRunReport } from '../../../src/tracking/report/run/report.ts';
import { writeEvaluatedRun, type ScriptedRow } from '../../helpers/evaluated-run.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

/** What closes elements, attributes, styles and comments, what is live by itself, and what moves a cursor or turns a line round. */
const POISON = [
  '<script>alert(1)</script>',
  '"onload="alert(2)',
  "'onclick='alert(3)",
  '</style></svg></title><img src=x onerror=alert(4)>',
  '--><iframe src=javascript:alert(5)>',
  '\u202eevil\u2066',
  '\x1b[2J\x07\0',
  '&lt;b&gt;',
  '<![CDATA[',
  '{{7*7}}',
];

const CLASSES = ['calm', POISON[0]! + POISON[1]!, POISON[3]! + POISON[5]! + '\x1b[2J'];

const rows: readonly ScriptedRow[] = Array.from({ length: 90 }, (_, row) => {
  const target = row % 3;
  const predicted = row % 4 === 0 ? (target + 1) % 3 : target;
  const text = POISON[row % POISON.length]!.replace('\0', '');
  return {
    text: `${row} ${text}`,
    target: CLASSES[target]!,
    fold: row % 2,
    probabilities: [0, 1, 2].map((k) => (k === predicted ? 0.7 : 0.15)),
    prediction: CLASSES[predicted]!,
  };
});

/** Of markup: names of its elements, and the attributes of all of them, with what those hold. */
function anatomy(markup: string): {
  readonly elements: ReadonlySet<string>;
  readonly attributes: readonly (readonly [name: string, value: string])[];
} {
  const tags = [...markup.matchAll(/<([a-zA-Z!?][^\s>/]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>/g)];
  const attributes = tags.flatMap(([, , rest = '']) =>
    [...rest.matchAll(/([^\s=/"']+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/g)].map(
      ([, name = '', value = '']) => [name.toLowerCase(), value] as const,
    ),
  );
  return { elements: new Set(tags.map(([, name = '']) => name.toLowerCase())), attributes };
}

const LIVE = /^(script|iframe|img|object|embed|base|form|foreignobject|audio|video|animate|set|use|!\[cdata\[)$/;

function expectDead(markup: string): void {
  const { elements, attributes } = anatomy(markup);
  expect([...elements].filter((name) => LIVE.test(name))).toEqual([]);
  expect(
    attributes.filter(
      ([name, value]) =>
        name.startsWith('on') ||
        name === 'xlink:href' ||
        (/^(href|src)$/.test(name) && !/^"(#|data:,|(?!\/)[^:"]*\/report\.html"$)/.test(value)),
    ),
  ).toEqual([]);
  expect(/[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u.exec(markup)).toBeNull();
}

describe('a report of poisoned texts, classes, files and notices', () => {
  const root = temporaryFolder();
  let run: string;
  beforeAll(async () => {
    const poisoned = {
      classes: CLASSES,
      rows,
      scores: [
        [0.6, 0.8],
        [0.7, 0.75],
      ],
    };
    const change = (experiment: Parameters<NonNullable<Parameters<typeof writeEvaluatedRun>[1]['change']>>[0]) => ({
      ...experiment,
      model: { ...experiment.model, base: POISON.filter((text) => !text.includes('\0')).join(' ') },
    });
    run = writeEvaluatedRun(root, { name: 'poisoned', ...poisoned, change });
    writeEvaluatedRun(root, { name: 'other', ...poisoned });
    const journal = openJournal(join(run, 'journal.jsonl'));
    const who = { run: 'poisoned', task: 'train[0]', stage: 'train', fold: 0 } as const;
    journal.append({ type: 'task-event', ...who, event: { type: 'notice', level: 'warning', message: POISON.join(' ') } });
    journal.append({ type: 'task-event', ...who, event: { type: 'decision', epoch: 1, kind: 'stopped', message: POISON.join(' ') } });
    journal.close();
    await writeRunReport(run);
  });

  it('has nothing live in it, and shows what there was', () => {
    const page = readFileSync(join(run, 'report.html'), 'utf8');
    expectDead(page);
    for (const text of [
      '&lt;script&gt;alert(1)&lt;/script&gt;',
      '&quot;onload=&quot;alert(2)',
      '&#39;onclick=&#39;alert(3)',
      '&amp;lt;b&amp;gt;',
      '�evil�',
      '�[2J�',
    ])
      expect(page).toContain(text);
    expect(anatomy(page).elements).toContain('svg');
  });

  it('nor have its figures', () => {
    const names = readdirSync(join(run, 'figures')).filter((name) => name.endsWith('.svg'));
    expect(names).toContain('confusion.svg');
    for (const name of names) expectDead(readFileSync(join(run, 'figures', name), 'utf8'));
  });

  it('nor has a comparison', async () => {
    const both = [];
    for (const name of ['poisoned', 'other']) both.push(await readEvaluatedRun(join(root, 'runs', name)));
    const file = join(root, 'comparison.html');
    await writeComparisonReport(file, await compareRuns(both), both);
    const page = readFileSync(file, 'utf8');
    expectDead(page);
    expect(page).toContain('&lt;script&gt;');
  });

  it.each([
    '<p onclick="x">',
    '<svg><script>1</script></svg>',
    '<a href="javascript:1">',
    '<a href="//elsewhere/report.html">',
    '<a href="javascript:1/report.html">',
    'a\x1bb',
    '\u202e',
    '<img src=x>',
  ])('would be seen alive: %j', (markup) => {
    expect(() => expectDead(markup)).toThrow();
  });
});
