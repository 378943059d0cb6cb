import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/index.ts';
import { draftStarter, starter } from '../../src/runner/starter/index.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();

async function drafted(columns: string, rowOf: (row: number) => string): Promise<string> {
  const path = join(folder, 'table.csv');
  writeFileSync(path, `${columns}\n${Array.from({ length: 12 }, (_, row) => `${row},${rowOf(row)},${row % 2 === 0 ? 'yes' : 'no'}`).join('\n')}\n`);
  return starter({ ...(await draftStarter(path, {})), schema: 'schema.json' });
}

function textOf(yaml: string): unknown {
  writeFileSync(join(folder, 'draft.yaml'), yaml);
  return loadExperiment(join(folder, 'draft.yaml')).experiment.data.text;
}

describe('a starter configuration', () => {
  it('names another column of texts, in case they are pairs', async () => {
    const yaml = await drafted('id,question,the answer,label', (row) => `which way did number ${row} go at noon,it went to town ${row}`);
    expect(yaml).toContain('  text: question # "the answer" has texts, too: [question, "the answer"] makes pairs of both\n');
    expect(textOf(yaml)).toBe('question');
    const one = await drafted('id,question,place,label', (row) => `which way did number ${row} go at noon,town ${row}`);
    expect(one).toContain('  text: question\n');
  });

  it.each([
    ['question1', 'question2'],
    ['text_a', 'text_b'],
    ['anchor', 'target'],
  ])('reads %s and %s as pairs', async (first, second) => {
    const yaml = await drafted(`id,${first},${second},label`, (row) => `which way ${row},to town ${row}`);
    expect(yaml).toContain(`  text: [${first}, ${second}] # a pair of texts, read together\n`);
    expect(textOf(yaml)).toEqual([first, second]);
    expect(yaml).toContain('  target: label\n');
  });

  it('reads no pair where one of the two is no text, or --text names the one', async () => {
    const classes = await drafted('id,question1,question2,label', (row) => `which way did number ${row} go,${row % 3}`);
    expect(textOf(classes)).toBe('question1');
    const path = join(folder, 'table.csv');
    writeFileSync(path, `id,text1,text2,label\n${Array.from({ length: 12 }, (_, row) => `${row},one way ${row},another way ${row},${row % 2}`).join('\n')}\n`);
    expect((await draftStarter(path, { text: 'text2' })).isPair).toBe(false);
  });

  it('says that numbers of classes could be grades', async () => {
    const path = join(folder, 'table.csv');
    const written = async (classes: number): Promise<string> => {
      writeFileSync(path, `id,text,score\n${Array.from({ length: 12 }, (_, row) => `${row},which way ${row},${row % classes}`).join('\n')}\n`);
      return starter({ ...(await draftStarter(path, {})), schema: 'schema.json' });
    };
    const grades = await written(4);
    expect(grades).toContain('\n# task: { name: ordinal } # if the classes are grades');
    const asked = grades.replace('# task: { name: ordinal }', 'task: { name: ordinal }').replace(/ {2}best_model.*\n/, '');
    writeFileSync(join(folder, 'draft.yaml'), asked);
    expect(loadExperiment(join(folder, 'draft.yaml')).experiment.training.best_model.monitor).toBe('val/qwk');
    expect(await written(2)).not.toContain('ordinal');
  });

  it('writes the braces in a name as a template has them', async () => {
    const yaml = await drafted('id,text{1},place,label', (row) => `which way did number ${row} go at noon,town ${row}`);
    expect(textOf(yaml)).toBe('text{{1}}');
  });
});
