import { OrtrainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { variables } from '../../core/variables.ts';
import { syncRun, trackingServer, type SyncResult, type TrackingServer } from '../../tracking/mlflow/index.ts';
import { listRuns, type ListedRun, type StoredRun } from './runs.ts';

export type Synced = SyncResult & { readonly run: string; readonly server: string };

/** All runs except damaged ones, whose names `log` hears. */
export function soundRuns(artifacts: string, log: (message: string) => void): readonly ListedRun[] {
  const runs = listRuns(artifacts);
  const damaged = runs.filter(({ status }) => status === 'damaged');
  if (damaged.length > 0) log(`skipped damaged runs: ${damaged.map(({ name }) => printable(name)).join(', ')}`);
  return runs.filter(({ status }) => status !== 'damaged');
}

export function asksForMlflow({ experiment }: ListedRun): boolean {
  return experiment !== null && experiment.tracking.mlflow !== null;
}

/** The server that a run's configuration names, or the variables of this process. */
export function serverOf({ experiment }: Pick<ListedRun | StoredRun, 'experiment'>): TrackingServer {
  const server = trackingServer(experiment?.tracking.mlflow?.uri ?? 'env', variables());
  if (server !== null) return server;
  throw new OrtrainError('usage', 'no tracking server is configured', {
    remedy: 'Set MLFLOW_TRACKING_URI to the address of an MLflow server, or let pipeline ui start one.',
  });
}

interface SyncOptions {
  readonly anew: boolean;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** One after the other. The runs of one command have a run in common on the server. */
export async function syncRuns(
  targets: readonly { readonly run: Pick<ListedRun, 'name' | 'folder'>; readonly server: TrackingServer }[],
  { anew, signal, log }: SyncOptions,
): Promise<readonly Synced[]> {
  const synced: Synced[] = [];
  for (const { run, server } of targets) {
    log(`sending ${run.name} to ${printable(server.uri)}`);
    synced.push({ run: run.name, server: server.uri, ...(await syncRun(run.folder, server, { env: variables(), signal, anew })) });
  }
  return synced;
}
