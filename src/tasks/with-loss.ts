import { isUsualLoss } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import type { Targets } from '../data/examples/index.ts';
import type { LossOptions, Task } from './task.ts';

/**
 * The task as it is trained. Throws a `data` error for what the loss asks of classes or labels that are not there.
 *
 * @param targets of all rows that are trained on and validated
 */
export function withLoss(task: Task, options: LossOptions, targets: Targets): Task {
  if (isUsualLoss(options)) return task;
  const found = task.withLoss?.(options, targets) ?? {
    problems: [{ message: `there is no other loss for ${task.summary}`, field: 'training.loss' }],
    remedy: 'Set training.loss.name to auto.',
  };
  if (!('problems' in found)) return found;
  throw new OrtrainError('data', `training.loss does not fit ${task.summary}`, { problems: found.problems, remedy: found.remedy });
}
