import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPipeline } from '../../../src/config/index.ts';
import { plannedStages } from '../../../src/runner/jobs/planned-stages.ts';
import { pipeline } from '../../cli/bin.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

const folder = temporaryFolder();
const file = join(folder, 'mine.yaml');

const write = (...stages: readonly string[]): void =>
  writeFileSync(file, `name: mine\nstages:\n${stages.map((stage) => `  - { stage: ${stage} }\n`).join('')}`);

async function planned(stages: readonly string[], ...set: readonly string[]): Promise<readonly string[]> {
  write(...stages);
  const { experiment } = await smallQuickstart(...set);
  return plannedStages(experiment, loadPipeline(file)).map(({ stage, perFold }) => `${stage.name}${perFold ? '[]' : ''}`);
}

const GOOD = ['tokenize', 'split', 'train, foreach: fold', 'evaluate', 'predict, when: data.test'];

describe('the stages that an experiment goes through', () => {
  it('are those whose condition holds', async () => {
    expect(await planned(GOOD, 'baseline=false')).toEqual(['examples', 'tokenize', 'split', 'train[]', 'evaluate', 'predict', 'test']);
    expect(await planned(GOOD, 'baseline=false', 'data.test=null', 'data.sample_submission=null')).toEqual([
      'examples',
      'tokenize',
      'split',
      'train[]',
      'evaluate',
    ]);
  });

  it('have a baseline before the evaluation where the pipeline does not say where', async () => {
    expect(await planned(GOOD)).toEqual(['examples', 'tokenize', 'split', 'train[]', 'baseline', 'evaluate', 'predict', 'test']);
    expect(await planned(GOOD.toSpliced(2, 0, 'baseline, when: baseline'))).toEqual(
      ['examples', 'tokenize', 'split', 'baseline', 'train[]', 'evaluate', 'predict', 'test'],
    );
    expect(await planned(['tokenize', 'split'])).toEqual(['examples', 'tokenize', 'split']);
  });

  it('measure the predictions after all that this needs, unless the pipeline says where, or leaves out a part', async () => {
    const [tokenize, split, train, evaluate, predict] = GOOD;
    const early = [tokenize, split, train, predict] as string[];
    expect((await planned([...early, evaluate!])).slice(-4)).toEqual(['predict', 'baseline', 'evaluate', 'test']);
    expect((await planned(early)).at(-1)).toBe('predict');
    expect((await planned([...GOOD, 'submit', 'test'])).slice(-3)).toEqual(['predict', 'submit', 'test']);
  });

  it('decode the tables where the pipeline says so, and otherwise before anything needs that', async () => {
    expect(await planned(['examples', ...GOOD])).toEqual(await planned(GOOD));
    expect(await planned(['split'])).toEqual(['examples', 'split']);
  });

  it.each([
    [
      'an unknown stage',
      ['tokenize', 'splt'],
      [],
      [{ line: 4, column: 14, width: 4, message: 'there is no stage splt', suggestion: 'split' }],
    ],
    ['one that does not run', ['tokenize', 'encod, when: model.freeze_encoder'], [], [{ line: 4, suggestion: 'encode' }]],
    ['one of Object’s own', ['constructor', 'split'], [], [{ line: 3, message: 'there is no stage constructor' }]],
    [
      'every one',
      ['tokenise', 'split', 'trane'],
      [],
      [
        { line: 3, suggestion: 'tokenize' },
        { line: 5, suggestion: 'train' },
      ],
    ],
    [
      'an input that nothing makes',
      ['tokenize', 'train, foreach: fold'],
      [],
      [{ line: 4, column: 14, width: 5, message: 'the stage train needs folds, which split makes, and that does not run before it' }],
    ],
    [
      'an input that is made later',
      ['train, foreach: fold', 'tokenize', 'split', 'examples'],
      [],
      [
        { line: 3, message: expect.stringContaining('examples, which examples makes') as string },
        { line: 3, message: expect.stringContaining('tokens, which tokenize makes') as string },
        { line: 3, message: expect.stringContaining('folds, which split makes') as string },
        { line: 4, message: expect.stringContaining('examples, which examples makes') as string },
        { line: 5, message: expect.stringContaining('examples, which examples makes') as string },
      ],
    ],
    [
      'an input that this experiment leaves out',
      ['tokenize', 'predict, when: model.freeze_encoder', 'submit'],
      [],
      [{ line: 5, message: expect.stringContaining('predictions, which predict makes') as string }],
    ],
    [
      'one without the data that it is for',
      ['tokenize', 'split', 'train, foreach: fold', 'predict', 'submit'],
      ['data.test=null', 'data.sample_submission=null'],
      [
        {
          line: 6,
          message: 'the stage predict needs data.test, which the experiment does not have; with when: data.test it runs only where it has',
        },
        { line: 7, message: expect.stringContaining('submit needs data.sample_submission') as string },
      ],
    ],
    [
      'a stage of each fold that runs once',
      ['tokenize', 'split', 'train'],
      [],
      [{ line: 5, message: 'the stage train runs for each fold, so it needs foreach: fold' }],
    ],
    [
      'an input for each fold where it takes one',
      ['split, foreach: fold', 'inspect'],
      [],
      [{ line: 4, message: 'the stage inspect runs once and needs folds, but split makes these for each fold' }],
    ],
  ])('cannot have %s', async (_, stages, set, problems) => {
    await expect(planned(stages, ...set)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(file) as string,
      problems: problems.map((problem) => ({ file, ...problem })),
    });
  });
});

it.each(['check', 'run', 'plan', 'explain'])('pipeline %s says where the mistake is before it reads a table', async (verb) => {
  write('tokenize', 'splt');
  const set = [`pipeline=${file}`, `data.train=${join(folder, 'empty.csv')}`].flatMap((value) => ['--set', value]);
  writeFileSync(join(folder, 'empty.csv'), '');
  const { code, stdout, stderr } = await pipeline([verb, 'configs/quickstart.yaml', '--artifacts', join(folder, 'artifacts'), ...set]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(`${file}:4:14  there is no stage splt; did you mean split?`);
});

it('so does a sweep', async () => {
  write('tokenize', 'splt');
  const sweep = join(folder, 'sweep.yaml');
  writeFileSync(sweep, `base: ${join(process.cwd(), 'configs/quickstart.yaml')}\nparameters: { pipeline: [${file}] }\n`);
  const { code, stderr } = await pipeline(['sweep', sweep, '--dry-run']);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean split?');
});
