import { expect, it } from 'vitest';
import { modelCard } from '../../../src/runner/exports/card/card.ts';
import { openTask } from '../../../src/tasks/index.ts';
import { smallQuickstart } from '../../helpers/quickstart.ts';

const unmeasured = 'The mean of all models cannot be measured on them';

it.each([
  [['fold-0', 'fold-1'], true, true],
  [['fold-0-seed-1', 'fold-0-seed-2'], false, false],
  [['fold-0-seed-1', 'fold-0-seed-2', 'fold-1-seed-1', 'fold-1-seed-2'], false, true],
])('the model card of the mean of %j says which rows its models know', async (models, eachOnOthers, isUnmeasured) => {
  const { experiment } = await smallQuickstart();
  const task = openTask({ classes: ['0', '1'] });
  const card = modelCard({
    name: 'seeds',
    exported: {
      folder: '',
      what: 'ensemble',
      models,
      predictedBy: models,
      task: task.description,
      files: [{ path: 'onnx/model.onnx', precision: 'float32', bytes: 1, compared: 3, maxDifference: 0, rows: 0, before: {}, after: {} }],
    },
    format: 'onnx',
    task,
    maxLength: 64,
    experiment,
    versions: {},
    exportedBy: '0.1.0',
    base: null,
    trainedAt: '2026-01-01T00:00:00.000Z',
    tables: [],
    measured: [{ on: 'out of fold', rows: 3, metrics: {}, baseline: {} }],
  });
  expect(card.includes('each trained on other rows')).toBe(eachOnOthers);
  expect(card.includes(unmeasured)).toBe(isUnmeasured);
  expect(card).toContain('Measured on 3 validation rows, each by a model that was not trained on it.');
});
