import { usualLoss } from '../../config/index.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import type { StoredRun } from '../stored/runs.ts';
import type { ToMeasure } from './measured.ts';
import { runExamples } from './run-examples.ts';

/**
 * The loss of a run's models. Weights that are balanced follow from the rows that these were trained on; where those are no longer in the
 * cache, the loss is the usual one, and a notice says so.
 *
 * @param width of a target
 */
export async function trainedLoss(
  { name, folder, experiment }: StoredRun,
  width: number,
  listen: Listener<StageEvent>,
): Promise<ToMeasure['trained']> {
  const { loss } = experiment.training;
  const none = { width, values: new Float64Array(0) };
  if (!Object.values(loss).includes('balanced')) return { loss, targets: none };
  const targets = (await runExamples(folder))?.labelled.targets();
  if (targets !== undefined) return { loss, targets };
  const message = `the loss is shown without balanced weights: the training rows of ${name}, which they follow from, are not in the cache`;
  listen({ type: 'notice', level: 'warning', message });
  return { loss: usualLoss, targets: none };
}
