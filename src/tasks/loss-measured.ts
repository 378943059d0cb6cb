import type { Predictions } from './predictions.ts';
import { lossOf } from './rows.ts';
import type { Metric, Task } from './task.ts';

/** The task with its metric `loss` as the loss that it is trained by, without the weights of rows, of predictions whose logits are gone. */
export function measuredByLoss(task: Task, logitsOf: (predictions: Predictions) => Float64Array): Task {
  const loss: Metric = { name: 'loss', better: 'low', of: (targets, predictions) => lossOf(task, logitsOf(predictions), targets) };
  const replaced = (metric: Metric | undefined): Metric | undefined => (metric?.name === 'loss' ? loss : metric);
  return { ...task, metrics: task.metrics.map((metric) => replaced(metric)!), metric: (name) => replaced(task.metric(name)) };
}

/** Of a probability, kept float64's epsilon away from 0 and 1. */
export function logit(probability: number): number {
  const p = inside(probability);
  return Math.log(p / (1 - p));
}

/** The same, for a softmax over several. */
export function logOf(probability: number): number {
  return Math.log(inside(probability));
}

function inside(probability: number): number {
  return Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probability));
}
