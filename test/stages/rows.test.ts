import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokens, saveTokens } from '../../src/data/tokens/tokens.ts';
import { evaluate } from '../../src/stages/evaluate.ts';
import { openInputs } from '../../src/stages/index.ts';
import { inspect } from '../../src/stages/inspect.ts';
import { predict } from '../../src/stages/predict.ts';
import type { Needs, Stage } from '../../src/stages/stage.ts';
import { train } from '../../src/stages/train.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

/*
 * Stages read the outputs of others row by row. Here outputs are put together that do not belong together, as a person might who repairs
 * a cache by hand.
 */

const artifacts = temporaryFolder();
const outputs: Record<string, string> = {};

beforeAll(async () => {
  await runExperiment(await smallQuickstart('training.epochs=1', 'split.only=[0]'), { artifacts, device: 'cpu', until: 'train' }, () => {});
  for (const stage of ['examples', 'tokenize', 'split', 'train']) {
    const [key = ''] = readdirSync(join(artifacts, 'cache', stage));
    outputs[stage] = join(artifacts, 'cache', stage, key);
  }
}, 60_000);

/** A copy of a stage's output with one file changed. */
function changed(stage: string, change: (folder: string) => void): string {
  const folder = temporaryFolder();
  cpSync(outputs[stage]!, folder, { recursive: true });
  change(folder);
  return folder;
}

const withoutLastToken = (file: string) => (folder: string): void => {
  const tokens = loadTokens(join(folder, file));
  const end = tokens.offsets.at(-2)!;
  saveTokens(join(folder, file), { ...tokens, offsets: tokens.offsets.slice(0, -1), ids: tokens.ids.slice(0, end) });
};

const withoutLastFold = (folder: string): void => {
  const file = join(folder, 'folds.csv');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/[^\n]*\n$/, ''));
};

async function run<P, F, N extends Needs>(stage: Stage<P, F, N>, folders: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const context = {
    params: stage.name === 'train' ? { model: { weights: 'random' }, training: {}, seed: 1 } : null,
    files: { 'config.json': 'configs/quickstart/model/config.json' },
    inputs: openInputs(stage as unknown as Stage, folders),
    output: temporaryFolder(),
    fold: 0,
    threads: 1,
    evalBatchSize: 32,
    emit: () => {},
    throwIfStopped: () => {},
  };
  await stage.run(context as never);
}

describe('a stage that reads two outputs row by row', () => {
  const whole = (...stages: readonly string[]): readonly string[] => stages.map((stage) => outputs[stage]!);

  it.each([
    ['train', 'tokenize and examples', () => run(train, { examples: whole('examples'), tokens: [changed('tokenize', withoutLastToken('train.tokens'))], folds: whole('split') })],
    ['train', 'split and examples', () => run(train, { examples: whole('examples'), tokens: whole('tokenize'), folds: [changed('split', withoutLastFold)] })],
    ['inspect', 'split and examples', () => run(inspect, { examples: whole('examples'), folds: [changed('split', withoutLastFold)] })],
    ['predict', 'tokenize and examples', () => run(predict, { examples: whole('examples'), tokens: [changed('tokenize', withoutLastToken('test.tokens'))], model: whole('train') })],
  ])('%s names %s where these have different rows', async (_, names, start) => {
    await expect(start()).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(new RegExp(`the outputs of ${names} do not belong together: \\d+ and \\d+ rows`)) as string,
      remedy: 'Make both again: pipeline run with --force examples.',
    });
  });

  it.each([
    [/"rows": \[\s+\d+/, '"rows": [900', 'examples has 900 rows, and train has validated row 901'],
    [/"rows": \[\s+(\d+),\s+\d+/, '"rows": [ $1, $1', /train has validated row \d+ twice/],
  ])('evaluate does not take %s for a row', async (pattern, replacement, message) => {
    const model = changed('train', (folder) => {
      const file = join(folder, 'validation.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, replacement));
    });
    await expect(run(evaluate, { examples: whole('examples'), model: [model] })).rejects.toThrow(message);
  });

  it('is not started without what it needs', () => {
    expect(() => openInputs(train as unknown as Stage, { tokens: whole('tokenize') })).toThrow('the stage train was started without examples');
  });
});
