import type { Client, QueuedJob } from './operations.ts';
import type { QueueState } from './state.ts';

/**
 * The job that a worker takes next: of the experiment that it has at hand, else the first that was added and that it can do.
 *
 * @param done a job that it has just done, and which the state does not know of yet
 */
export function chooseJob(
  state: QueueState,
  { devices, threads }: Pick<Client, 'devices' | 'threads'>,
  atHand: string | undefined,
  done?: string,
): QueuedJob | undefined {
  let first: QueuedJob | undefined;
  for (const job of state.jobs.values()) {
    const { needs, experiment, after } = job.order;
    if (job.status !== 'open' || !canDo({ devices, threads }, needs)) continue;
    if (!after.every((id) => id === done || isThere(state, id))) continue;
    if (experiment === atHand || atHand === undefined) return job;
    first ??= job;
  }
  return first;
}

/** How many jobs a worker could take now, whatever they need. */
export function startableJobs(state: QueueState): number {
  return [...state.jobs.values()].filter(({ status, order }) => status === 'open' && order.after.every((id) => isThere(state, id))).length;
}

export function canDo({ devices, threads }: Pick<Client, 'devices' | 'threads'>, needs: QueuedJob['order']['needs']): boolean {
  return needs.threads <= threads && (needs.device === ANY_DEVICE || devices.includes(needs.device));
}

/** What a job needs that computes on none. */
export const ANY_DEVICE = 'any';

function isThere({ jobs }: QueueState, id: string): boolean {
  return (jobs.get(id)?.status ?? 'done') === 'done';
}
