import { foldCount, type Experiment } from '../../config/index.ts';
import { plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { batchCount } from '../../data/tokens/index.ts';
import type { DataSizes } from '../check/data.ts';
import { foldOf, predictingModels, trainedFolds, trainedModels, type Job } from '../jobs/job-graph.ts';
import type { Workload } from './workload.ts';

/** Steps of one epoch of a fold. */
export function epochSteps(fold: number, { training }: Experiment, { trainRowsOfFold }: DataSizes): number {
  return batchCount(valueAt(trainRowsOfFold, fold), training.batch_size);
}

/** Without its own stage, what is frozen would see each text in every epoch of every fold. */
function savedPasses(experiment: Experiment, workload: Workload | undefined): readonly string[] {
  const { model, training: { epochs } } = experiment;
  const { layers } = model.freeze;
  if (workload === undefined || layers === 0) return [];
  const models = trainedModels(experiment).length;
  const which = layers === 1 ? 'the lowest layer' : `the lowest ${layers} layers`;
  const times = `${plural(models * epochs, 'time')} (${plural(epochs, 'epoch')} in ${foldsInWords(experiment)})`;
  return [`${which} of ${workload.whole.encoder.layers} run once for each text, not ${times}`];
}

/** `5 folds`, or `5 folds with 3 seeds`. */
function foldsInWords(experiment: Experiment): string {
  const { seeds } = experiment.training;
  const folds = plural(trainedFolds(experiment).length, 'fold');
  return seeds === null ? folds : `${folds} with ${plural(seeds.length, 'seed')}`;
}

/** What a job amounts to, such as `1905 steps: 3 epochs of 635`. */
export function detailOf(job: Job, experiment: Experiment, sizes: DataSizes, workload: Workload | undefined): readonly string[] {
  const { rows, trainRowsOfFold } = sizes;
  const testRows = sizes.testRows ?? 0;
  const texts = rows + (sizes.validationRows ?? 0) + testRows;
  switch (job.stage.name) {
    case 'tokenize':
      return [`${texts} texts`];
    case 'encode':
      return [`${texts} texts`, ...savedPasses(experiment, workload)];
    case 'split':
      if (sizes.validationRows !== null) return [`one fold, validated on ${sizes.validationRows} rows of a table of its own`];
      return [`${plural(foldCount(experiment.split), 'fold')} of ${rows} rows`];
    case 'train': {
      const fold = foldOf(job);
      const [steps, { epochs, early_stopping: stopping }] = [epochSteps(fold, experiment, sizes), experiment.training];
      const total = `${stopping === null ? '' : 'at most '}${plural(steps * epochs, 'step')}: ${plural(epochs, 'epoch')} of ${steps}`;
      const trained = valueAt(trainRowsOfFold, fold);
      return [total, `${trained} rows, validated on ${valueAt(sizes.validationRowsOfFold, fold)}`];
    }
    case 'refit': {
      const { epochs, batch_size: batch } = experiment.training;
      const steps = batchCount(rows, batch);
      return [`at most ${plural(steps * epochs, 'step')}: ${plural(epochs, 'epoch')} of ${steps}`, `all ${rows} rows`];
    }
    case 'predict':
      return [`${testRows} texts by ${plural(predictingModels(experiment), 'model')}`];
    default:
      return [];
  }
}
