import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadPipeline } from '../../src/config/index.ts';
import { OrtrainError } from '../../src/core/errors.ts';
import { marked, placeOf, workspace } from './workspace.ts';

test('a bare name is a pipeline of the package', () => {
  expect(loadPipeline('text-classification')).toMatchObject({
    name: 'text-classification',
    stages: [
      { stage: 'examples' },
      { stage: 'tokenize' },
      { stage: 'split' },
      { stage: 'inspect' },
      { stage: 'baseline', when: 'baseline' },
      { stage: 'encode', when: 'model.freeze_encoder or model.freeze.layers' },
      { stage: 'train', foreach: 'fold' },
      { stage: 'evaluate' },
      { stage: 'predict', when: 'data.test' },
      { stage: 'submit', when: 'data.sample_submission' },
    ],
  });
});

test('a path is a file of one’s own', () => {
  const file = join(workspace({ 'mine.yaml': 'name: mine\nstages: [{ stage: tokenize }]\n' }), 'mine.yaml');
  expect(loadPipeline(file)).toEqual({
    name: 'mine',
    file,
    stages: [{ stage: 'tokenize', place: expect.objectContaining({ file, line: 2, column: 19, width: 8 }) as unknown }],
  });
});

test('an unknown name gets the nearest one and the list', () => {
  expect(refused('text-clasification')).toMatchObject({
    message: 'there is no pipeline text-clasification',
    problems: [{ suggestion: 'text-classification' }],
    remedy: 'Available pipelines: text-classification. A path to a YAML file works too.',
  });
});

test('a path to nothing is named', () => {
  expect(refused('pipelines/none.yaml').message).toBe('the pipeline pipelines/none.yaml does not exist');
});

test.each([
  ['name: x\nstages:\n  - «stag»: train', 'stage'],
  ['name: x\nstages:\n  - stage: train\n    «foreach_fold»: fold', 'foreach'],
  ['name: x\nstages:\n  - stage: train\n    foreach: «folds»', 'fold'],
  ['name: x\nstages:\n  - stage: predict\n    when: «data.tests»', 'data.test'],
  ['name: x\nstages:\n  - stage: train\n  - stage: «train»', undefined],
  ['name: x\nstages: «[]»', undefined],
  ['name: x\n«stage»: [{ stage: train }]', 'stages'],
  ['name: x\nstages:\n  - «train»', undefined],
  ['«- stage»: train', undefined],
])('points at the mistake in %j', (content, suggestion) => {
  const { text, places } = marked(content);
  const file = join(workspace(), 'mine.yaml');
  writeFileSync(file, text);
  const { problems } = refused(file);
  expect(problems.map((problem) => (problem.line === undefined ? problem.message : placeOf(problem).replace(/\+.*/, '')))).toEqual(
    places.map((place) => place.replace(/\+.*/, '')),
  );
  expect(problems[0]?.suggestion).toBe(suggestion);
});

function refused(pipeline: string): OrtrainError {
  try {
    loadPipeline(pipeline);
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error(`${pipeline} was not refused`);
}
