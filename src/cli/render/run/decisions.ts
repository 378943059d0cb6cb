import { attemptCount, itemsOf, type Decision, type RunHistory, type JobHistory } from '../../../tracking/index.ts';
import { printable } from '../layout/text.ts';

/** A decision of the training rules that a person should know of. */
export interface NotedDecision extends Pick<Decision, 'epoch' | 'kind' | 'message'> {
  readonly task: string;
}

/**
 * Resets, early stops and divergences of each job's last start; kept models, patience and reduced rates are daily business. The job
 * that had the first one comes first.
 */
export function notedDecisions({ jobs }: RunHistory): readonly NotedDecision[] {
  return [...jobs.values()]
    .map((job) => ({ task: job.id, noted: notedOf(job) }))
    .sort((a, b) => (a.noted[0]?.serial ?? 0) - (b.noted[0]?.serial ?? 0))
    .flatMap(({ task, noted }) => noted.map(({ epoch, kind, message }) => ({ task, epoch, kind, message })));
}

function notedOf(job: JobHistory): readonly Decision[] {
  return itemsOf(job.decisions).filter(({ attempt, kind }) => attempt === attemptCount(job) && NOTED.includes(kind));
}

/** `train[2]  epoch 7  val/accuracy has not improved for 3 epochs` */
export function decisionLines(decisions: readonly NotedDecision[]): readonly string[] {
  return decisions.map(({ task, epoch, message }) => `${printable(task)}  epoch ${epoch}  ${printable(message)}`);
}

const NOTED: readonly string[] = ['rate-reset', 'stopped', 'diverged', 'one-class'];
