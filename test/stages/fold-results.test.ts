import { describe, expect, it } from 'vitest';
import { averagedFold, outOfFold, type JudgedModel } from '../../src/stages/fold-results.ts';
import { classTargets } from '../../src/tasks/classification/labels.ts';
import { classification } from '../../src/tasks/classification/task.ts';
import { measured } from '../../src/tasks/index.ts';

const task = classification(['no', 'yes']);
const targets = classTargets([0, 1, 0, 1, 0, 1]);

/** A model of fold 1, which validates the rows 1, 2 and 5. */
function model(probabilities: readonly number[], losses: readonly number[], rows: readonly number[] = [1, 2, 5]): JudgedModel {
  const epochs = losses.map((loss, i) => ({
    epoch: i + 1,
    lr: loss / 8,
    seconds: 1,
    metrics: { 'train/loss': loss, 'val/loss': loss + 1, 'val/roc_auc': null },
  }));
  const { metrics: best } = epochs.at(-1)!;
  return { history: { fold: 1, best_epoch: losses.length, stopped: `after ${losses.length}`, epochs, best }, validation: { rows, probabilities } };
}

describe('a fold that is trained with several seeds', () => {
  const models = [model([0.75, 0.5, 0.25], [0.5]), model([0.25, 0.25, 0.75], [0.25, 0.125])];
  const { history, validation } = averagedFold(models, [42, 7], task, targets);

  it('has the means of the predictions, and the metrics of these', () => {
    expect(validation).toEqual({ rows: [1, 2, 5], probabilities: [0.5, 0.375, 0.5] });
    const found = measured(task, classTargets([1, 0, 1]), { width: 1, numbers: Float64Array.of(0.5, 0.375, 0.5) });
    for (const [name, value] of Object.entries(found)) expect(history.best[`val/${name}`]).toBe(value);
    expect(history.best['val/roc_auc']).toBe(1); // though neither seed knows it by itself
  });

  it('has the means of everything else over the seeds that came so far, and each seed beside them', () => {
    expect(history).toMatchObject({ fold: 1, best_epoch: 2, stopped: 'after 1; after 2' });
    expect(history.best['train/loss']).toBe((0.5 + 0.125) / 2);
    expect(history.epochs.map(({ epoch, lr, metrics }) => [epoch, lr, metrics['val/loss']])).toEqual([
      [1, 0.046875, 1.375],
      [2, 0.015625, 1.125],
    ]);
    expect(history.seeds).toMatchObject([{ seed: 42, best_epoch: 1, best: { 'val/loss': 1.5 } }, { seed: 7, best_epoch: 2 }]);
  });

  it('whose models have validated different rows is refused', () => {
    const other = model([0.5, 0.5, 0.5], [1], [1, 2, 4]);
    expect(() => averagedFold([models[0]!, other], [1, 2], task, targets)).toThrow('the models of fold 1 have validated different rows');
  });
});

it('folds are put together in the order of the table', () => {
  const other = model([0.1, 0.2, 0.3], [1], [0, 3, 4]);
  const { rows, folds, predictions } = outOfFold([model([0.6, 0.7, 0.8], [1]), { ...other, history: { ...other.history, fold: 0 } }], 6);
  expect([[...rows], folds.map(Number), [...predictions.numbers]]).toEqual([
    [0, 1, 2, 3, 4, 5],
    [0, 1, 1, 0, 0, 1],
    [0.1, 0.6, 0.7, 0.2, 0.3, 0.8],
  ]);
});

it('a row that several repeats have validated has the mean of their predictions', () => {
  const at = (fold: number, probabilities: readonly number[], rows: readonly number[]): JudgedModel => {
    const own = model(probabilities, [1], rows);
    return { ...own, history: { ...own.history, fold } };
  };
  const models = [at(0, [0.25, 0.5], [0, 1]), at(1, [0.75], [2]), at(2, [0.75, 1], [0, 2]), at(3, [0], [1])];
  const { rows, folds, predictions } = outOfFold(models, 3, 2);
  expect([[...rows], folds, [...predictions.numbers]]).toEqual([[0, 1, 2], ['0 2', '0 3', '1 2'], [0.5, 0.25, 0.875]]);
  expect(() => outOfFold(models, 3)).toThrow(/validated row 1 twice/);
});
