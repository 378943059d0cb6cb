import { appendFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, type TopLevelSpec } from 'vega-lite';
import { judgedClasses } from '../../../src/tasks/classification/report/judged-classes.ts';
import { mistakesOf } from '../../../src/tasks/classification/report/mistakes.ts';
import { classTargets } from '../../../src/tasks/classification/labels.ts';
import { runFigures } from '../../../src/tracking/report/run/figures.ts';
import { writeRunReport } from '../../../src/tracking/report/run/report.ts';
import { readRunStory } from '../../../src/tracking/report/run/story.ts';
import { conflictingTexts } from '../../../src/tracking/report/run/texts.ts';
import { twoClassRows, writeEvaluatedRun, type ScriptedRow } from '../../helpers/evaluated-run.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const HOSTILE = '<script>alert("&amp;")</script>';
const CLASSES = ['calm', 'fire', `<img src=x onerror=alert(1)>`];

const two = twoClassRows(400, 2, (row) => row % 4 === 3).map((row, i) => (i === 399 ? { ...row, text: HOSTILE } : row));

const three: readonly ScriptedRow[] = Array.from({ length: 90 }, (_, row) => {
  const target = row % 3;
  const predicted = row % 9 === 0 ? 1 : target;
  const probabilities = [0, 1, 2].map((k) => (k === predicted ? 0.7 : 0.15));
  return { text: `text ${row}`, target: CLASSES[target] ?? '', fold: row % 2, probabilities, prediction: CLASSES[predicted] ?? '' };
});

async function reportOf(folder: string): Promise<{ readonly page: string; readonly figures: readonly string[] }> {
  await writeRunReport(folder);
  return { page: readFileSync(join(folder, 'report.html'), 'utf8'), figures: readdirSync(join(folder, 'figures')).sort() };
}

const answerOf = (page: string): string | undefined => /class="answer"><p>(.*?)<\/p>/.exec(page)?.[1];

const scores = [[0.6, 0.8], [0.7, 0.75]];

describe('the report of two classes', () => {
  const folder = writeEvaluatedRun(temporaryFolder(), { name: 'two', classes: ['0', '1'], rows: two, scores });

  let page: string;
  let figures: readonly string[];
  beforeAll(async () => {
    ({ page, figures } = await reportOf(folder));
  });

  it('says what has come out and how sure that is', () => {
    // mean 0.775, sd 0.0353553; interval by scipy: stats.t.ppf(.975, 1) * sd * sqrt(1/2 + 1/1) = 0.5502; 300 of 400 by Wilson:
    // binomtest(300, 400).proportion_ci(method="wilson").
    expect(answerOf(page)).toBe(
      'val/f1_macro is 0.7750 ± 0.0354 over 2 folds (95 % interval of the mean 0.2248 to 1.3252); ' +
        'out of fold, 300 of 400 texts are classified correctly: 75.0\u00a0% (70.5\u00a0% to 79.0\u00a0%).',
    );
    const names = ['calibration', 'confusion', 'learning-fold-0', 'learning-fold-1', 'precision-recall', 'roc', 'threshold'];
    expect(figures).toEqual(
      [...names.flatMap((name) => [`${name}.png`, `${name}.svg`]), 'classes.csv', 'confusion.csv', 'mistakes.csv'].sort(),
    );
    expect(page.match(/<svg /g)?.length).toBe(names.length);
  });

  it('lists the hundred mistakes of its one pair of classes with their texts, the most confident first, as text', async () => {
    expect(page).toContain('100 rows of 400 are predicted wrongly, in 1 pair of classes.');
    expect(page.match(/<li>/g)?.length).toBe(100);
    expect(page).toContain('&lt;script&gt;alert(&quot;&amp;amp;&quot;)&lt;/script&gt;');
    expect(page).not.toMatch(/<script/);
    const { run } = await readRunStory(folder);
    const confidences = mistakesOf(judgedClasses(['0', '1'], run.outOfFold)).map(({ confidence }) => confidence);
    expect(confidences).toEqual(confidences.toSorted((a, b) => b - a));
    expect(confidences[0]).toBeCloseTo(0.55 + (0.44 * 399) / 400, 12);
  });

  it('fetches nothing and runs nothing', () => {
    expect(page).toContain(`default-src 'none'`);
    expect(page).not.toMatch(/\b(src|href)="(?!#|data:,)|@import|url\(/);
  });

  it('is the same page each time', async () => {
    expect((await reportOf(folder)).page === page).toBe(true);
  });

  it('leaves the texts out where the table has changed, and says so', async () => {
    const changed = writeEvaluatedRun(temporaryFolder(), { name: 'changed', classes: ['0', '1'], rows: two, scores });
    const train = join(changed, '../../train.csv');
    appendFileSync(train, 'another text,0\n');
    expect((await reportOf(changed)).page).toMatch(/The texts are left out: [^<]*train\.csv has changed since the run/);
    rmSync(train);
    const { page } = await reportOf(changed);
    expect(page).toMatch(/train\.csv is not there any more/);
    expect(page).not.toContain('text number 3');
  });
});

describe('the report of more classes', () => {
  const folder = writeEvaluatedRun(temporaryFolder(), { name: 'three', classes: CLASSES, rows: three, scores });

  it('has a curve a class, no threshold, and their names as text', async () => {
    const { page, figures } = await reportOf(folder);
    expect(figures).not.toContain('threshold.svg');
    expect(page).toContain('Each class against all others.');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(page).not.toContain('<img');
    for (const name of figures.filter((file) => !file.endsWith('.csv')))
      expect(readFileSync(join(folder, 'figures', name), 'utf8'), name).not.toMatch(/<(img|script)/);
  });
});

describe('the report of classes named as what every object of JavaScript has', () => {
  const names = ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty'];

  it.each([[names], [names.slice(0, 2)], [['__proto__', 'calm']]])('is drawn for %j, and tells all of them', async (classes) => {
    const rows = Array.from({ length: 60 }, (_, row): ScriptedRow => {
      const [target, predicted] = [row % classes.length, row % 7 === 0 ? 0 : row % classes.length];
      const probabilities = classes.map((_name, k) => (k === predicted ? 0.6 : 0.4 / (classes.length - 1)));
      return {
        text: `text ${row}`,
        target: classes[target]!,
        fold: row % 2,
        probabilities: classes.length === 2 ? [probabilities[1]!] : probabilities,
        prediction: classes[predicted]!,
      };
    });
    const { page, figures } = await reportOf(writeEvaluatedRun(temporaryFolder(), { name: 'constructor', classes, rows, scores }));
    expect(figures).toContain('confusion.svg');
    const confusion = /<svg [^>]*aria-label="Confusion matrix.*?<\/svg>/s.exec(page)?.[0] ?? '';
    for (const name of classes) expect(confusion.split(`>${name}</text>`).length - 1, name).toBe(2);
    const drawnCounts = [...confusion.matchAll(/>(\d+)<\/text>/g)].reduce((sum, [, rowsIn]) => sum + Number(rowsIn), 0);
    expect(drawnCounts).toBe(60);
  });
});

describe('the report of many classes', () => {
  /** The class that is predicted for a row of class k is k, or the next one. */
  const rowsOf = (classes: readonly string[]): readonly ScriptedRow[] =>
    Array.from({ length: 2 * classes.length }, (_, row) => {
      const target = row % classes.length;
      const predicted = row < classes.length / 2 ? (target + 1) % classes.length : target;
      return {
        text: `text ${row}`,
        target: classes[target]!,
        fold: row % 2,
        probabilities: classes.map((_name, k) => (k === predicted ? 0.5 : 0.5 / classes.length)),
        prediction: classes[predicted]!,
      };
    });
  const named = (count: number): readonly string[] => Array.from({ length: count }, (_, k) => `class ${String(k).padStart(3, '0')}`);
  const sizeOf = async (count: number): Promise<number> =>
    (await reportOf(writeEvaluatedRun(temporaryFolder(), { name: 'many', classes: named(count), rows: rowsOf(named(count)), scores }))).page
      .length;

  it('draws the most confused ones, tells the mistakes of the most frequent pairs, and has the rest in tables', async () => {
    const classes = named(60);
    const folder = writeEvaluatedRun(temporaryFolder(), { name: 'many', classes, rows: rowsOf(classes), scores });
    const { page } = await reportOf(folder);
    expect(page).toContain('The 20 most confused of 60 classes');
    expect(page).toContain('30 rows of 120 are predicted wrongly, in 30 pairs of classes; these are the 20 most frequent pairs.');
    expect(page.match(/<h3>true <b>/g)).toHaveLength(20);
    expect(page).toContain('The 30 of 60 classes with the most rows; all are in <code>figures/classes.csv</code>.');
    expect(page).toContain('The 30 of 60 classes with the lowest F1;');
    const [confusion, mistakes, all] = ['confusion', 'mistakes', 'classes'].map((name) =>
      readFileSync(join(folder, `figures/${name}.csv`), 'utf8')
        .trimEnd()
        .split('\n'),
    );
    expect(confusion).toHaveLength(1 + 60 + 30);
    expect(confusion?.slice(0, 3)).toEqual(['target,prediction,rows,share', 'class 000,class 000,1,0.5', 'class 000,class 001,1,0.5']);
    expect(all).toHaveLength(1 + 60);
    expect(all?.slice(0, 2)).toEqual(['class,rows,precision,recall,f1', 'class 000,2,1,0.5,0.6666666666666666']);
    expect(mistakes).toHaveLength(1 + 30);
    expect(mistakes?.[1]).toBe('0,0,class 000,class 001,0.5,text 0');
  });

  it('grows with the classes, not with their square', async () => {
    expect((await sizeOf(240)) / (await sizeOf(120))).toBeLessThan(2);
  });
});

describe('what was found in the data', () => {
  const findings = [
    { severity: 'info', code: 'padding', message: 'half of each batch is padding', count: 3, examples: [] },
    {
      severity: 'warning',
      code: 'duplicate-texts',
      message: `2 rows hold ${HOSTILE}`,
      count: 2,
      examples: [{ table: 'train', rows: [4, 9], text: HOSTILE }],
      remedy: `Set <b>split.group_by</b>.`,
    },
  ];
  const folder = writeEvaluatedRun(temporaryFolder(), {
    name: 'found',
    classes: ['0', '1'],
    rows: twoClassRows(20, 2, () => false),
    scores,
  });

  it('is a section, warnings first, as text', async () => {
    writeFileSync(join(folder, 'findings.json'), JSON.stringify({ findings }));
    const section = /<section id="findings">.*?<\/section>/s.exec((await reportOf(folder)).page)?.[0] ?? '';
    expect(section).toContain('<h2>Findings about the data</h2>');
    expect(section.indexOf('2 rows hold')).toBeLessThan(section.indexOf('half of each batch is padding.'));
    expect(section).toContain('train rows 4, 9</span> <span dir="auto">&lt;script&gt;alert(&quot;&amp;amp;&quot;)&lt;/script&gt;</span>');
    expect(section).toContain('Set &lt;b&gt;split.group_by&lt;/b&gt;.');
    expect(section).not.toMatch(/<script|<b>split/);
  });

  it('may be nothing, and is not spoken of where nobody has looked', async () => {
    writeFileSync(join(folder, 'findings.json'), JSON.stringify({ findings: [] }));
    expect((await reportOf(folder)).page).toContain('Nothing that a person should know before training.');
    rmSync(join(folder, 'findings.json'));
    expect((await reportOf(folder)).page).not.toContain('Findings about the data');
  });
});

describe('what a run took of the machine', () => {
  it('is drawn from a minute of work on', async () => {
    const drawn = async (looks: number): Promise<readonly string[]> =>
      (
        await reportOf(
          writeEvaluatedRun(temporaryFolder(), {
            name: 'looked',
            classes: ['0', '1'],
            rows: twoClassRows(20, 2, () => false),
            scores,
            looks,
          }),
        )
      ).figures;
    expect(await drawn(5)).not.toContain('system.svg');
    expect(await drawn(6)).toContain('system.svg');
  });
});

describe('a report', () => {
  it('is made of figures that Vega-Lite takes without a warning', async () => {
    for (const rows of [{ rows: two, classes: ['0', '1'] }, { rows: three, classes: CLASSES }]) {
      const story = await readRunStory(writeEvaluatedRun(temporaryFolder(), { name: 'warned', scores, looks: 40, ...rows }));
      const warnings: unknown[] = [];
      const logger = { level: () => logger, error: heard, warn: heard, info: () => logger, debug: () => logger };
      function heard(...message: readonly unknown[]): typeof logger {
        warnings.push(message);
        return logger;
      }
      for (const { spec } of runFigures({ ...story, lengths: { lengths: Int32Array.of(3, 7, 90), rows: 3 } }))
        compile(spec as unknown as TopLevelSpec, { logger: logger as never });
      expect(warnings).toEqual([]);
    }
  });

  it('is drawn for one fold of one epoch, too', async () => {
    const folder = writeEvaluatedRun(temporaryFolder(), {
      name: 'one',
      classes: ['0', '1'],
      rows: twoClassRows(20, 1, (row) => row === 3),
      scores: [[0.9]],
    });
    const { page } = await reportOf(folder);
    expect(answerOf(page)).toMatch(/^val\/f1_macro is 0\.9000 on the one fold that was trained; out of fold, 19 of 20 /);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(existsSync(join(folder, 'figures/learning-fold-0.svg'))).toBe(true);
  });
});

describe('conflicting texts', () => {
  it('are equal but for case, spaces and addresses, and have different classes', () => {
    const texts = [
      'Fire on Mill Lane http://t.co/a1',
      'fire on  mill lane HTTPS://t.co/b2',
      'calm',
      'calm',
      'http://t.co/1',
      'http://t.co/2',
    ];
    expect(conflictingTexts({ texts, targets: classTargets([1, 0, 0, 0, 0, 1]) })).toEqual([[0, 1]]);
  });
});
