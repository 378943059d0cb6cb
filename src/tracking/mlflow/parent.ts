import type { Experiment } from '../../config/index.ts';
import type { Command } from '../../core/events.ts';
import type { RunStarted } from '../history.ts';
import { failed, succeeded, type Reply } from './client/answers.ts';
import type { RunStatus, ServerRun, TrackingClient } from './client/client.ts';
import { tagsOf } from './projection.ts';
import { wireMetric, wireTag } from './client/wire.ts';

/** The run above those of a command's experiments, made where there is none yet. `started` is a start of one of them. */
export function openParent(client: TrackingClient, experimentId: string, command: Command, started: RunStarted): Promise<Reply<string>> {
  const tags = Object.entries({ ...tagsOf(started.environment), 'ortrain.level': 'command' }).flatMap(([key, value]) =>
    itemsOf(wireTag(key, value)),
  );
  return client.run(command.id, { experimentId, name: command.name, startTime: started.t, tags });
}

/**
 * Brings the parent up to date with those of its children that have ended: names the best and repeats its results, as
 * `best/…` at step 0. It ends when all its children have, or when no more will come (`isOver`).
 */
export async function settleParent(
  client: TrackingClient,
  experimentId: string,
  parentId: string,
  command: Command,
  bestModel: Experiment['training']['best_model'],
  isOver: boolean,
): Promise<Reply> {
  const found = await client.children(experimentId, parentId);
  if (!found.ok) return found;
  const ended = found.value.filter((run) => run.status !== 'RUNNING');
  const best = bestOf(ended, bestModel);
  if (best !== undefined) {
    const logged = await client.log(parentId, { params: [], ...resultsOf(best) });
    if (!logged.ok) return failed(logged.failure);
  }
  if (ended.length < command.size && !isOver) return succeeded({});
  const endTime = Math.max(0, ...ended.map((run) => run.endTime ?? 0));
  return client.update(parentId, { status: statusOf(ended, command.size), ...(endTime === 0 ? {} : { endTime }) });
}

/** By the metric that chooses the best epoch: out of fold where it is known there, else its mean over the folds. */
function bestOf(runs: readonly ServerRun[], { monitor, mode }: Experiment['training']['best_model']): ServerRun | undefined {
  const metric = monitor.replace(/^(val|train)\//, '');
  const score = ({ metrics }: ServerRun): number =>
    (metrics[`oof/${metric}`] ?? metrics[`cv/${metric}/mean`] ?? NaN) * (mode === 'max' ? 1 : -1);
  return runs.filter((run) => !Number.isNaN(score(run))).toSorted((a, b) => score(b) - score(a) || (a.endTime ?? 0) - (b.endTime ?? 0))[0];
}

function resultsOf({ id, name, metrics, endTime }: ServerRun): {
  readonly metrics: readonly Item<ReturnType<typeof wireMetric>>[];
  readonly tags: readonly Item<ReturnType<typeof wireTag>>[];
} {
  const results = Object.entries(metrics).filter(([key]) => /^(oof|cv)\//.test(key));
  return {
    metrics: results.flatMap(([key, value]) => itemsOf(wireMetric({ key: `best/${key}`, value, t: endTime ?? 0, step: 0 }))),
    tags: [
      ...itemsOf(wireTag('ortrain.best_run', name)),
      ...itemsOf(wireTag('ortrain.best_run_id', id)),
      ...itemsOf(wireTag('mlflow.note.content', `The best run is **${name}**.`)),
    ],
  };
}

type Item<C> = Extract<C, { readonly item: unknown }>['item'];

function itemsOf<T>(checked: { readonly item: T } | { readonly reason: string }): readonly T[] {
  return 'item' in checked ? [checked.item] : [];
}

function statusOf(ended: readonly ServerRun[], size: number): RunStatus {
  if (ended.some(({ status }) => status === 'FAILED')) return 'FAILED';
  return ended.length < size || ended.some(({ status }) => status === 'KILLED') ? 'KILLED' : 'FINISHED';
}
