import type { Conflict } from './conflict.ts';
import type { Experiment } from './experiment.ts';
import type { TaskName } from './task-names.ts';

type Loss = Experiment['training']['loss'];

/** What a task can be trained by. */
const LOSSES: Readonly<Record<TaskName, readonly Loss['name'][]>> = {
  classification: ['auto', 'cross-entropy', 'bce', 'focal'],
  'multi-label': ['auto', 'bce', 'focal'],
  regression: ['auto', 'mse', 'huber', 'mae', 'bce'],
  ordinal: ['auto'],
};

/** Keys of losses that only some tasks have a use for. */
const KEYS = {
  label_smoothing: { usual: 0, tasks: ['classification'] },
  class_weights: { usual: null, tasks: ['classification'] },
  pos_weight: { usual: null, tasks: ['classification', 'multi-label'] },
} as const satisfies Readonly<Record<string, { readonly usual: number | null; readonly tasks: readonly TaskName[] }>>;

/** What training.loss has that its task has no use for. */
export function lossConflicts({ task, training: { loss } }: Pick<Experiment, 'task' | 'training'>): readonly Conflict[] {
  const path = ['training', 'loss'];
  const known = LOSSES[task.name];
  if (!known.includes(loss.name)) {
    const hint = task.name === 'ordinal' ? '; task.link chooses between coral and cumulative' : '';
    const message = `training.loss.name is ${loss.name}, but the task ${task.name} is trained by ${known.join(', ')}${hint}`;
    return [{ path: [...path, 'name'], message, suggestion: 'name: auto' }];
  }
  return Object.entries(KEYS).flatMap(([key, { usual, tasks }]): readonly Conflict[] => {
    const value = (loss as Readonly<Record<string, unknown>>)[key];
    if (value === undefined || value === usual || (tasks as readonly TaskName[]).includes(task.name)) return [];
    const of = tasks.length === 1 ? `the task ${tasks[0]}` : `the tasks ${tasks.join(' and ')}`;
    const message = `training.loss.${key} is for ${of}, but task.name is ${task.name}`;
    return [{ path: [...path, key], message, suggestion: `${key}: ${String(usual)}` }];
  });
}

/** What a task is trained by where nothing is said. */
export const usualLoss: Loss = { name: 'auto', label_smoothing: 0, class_weights: null, pos_weight: null };

export function isUsualLoss(loss: Loss): boolean {
  return Object.entries(usualLoss).every(([key, value]) => (loss as Readonly<Record<string, unknown>>)[key] === value);
}
