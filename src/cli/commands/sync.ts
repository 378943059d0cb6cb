import { OrtrainError } from '../../core/errors.ts';
import { listRuns, readRun, type ListedRun } from '../../runner/index.ts';
import { trackingServer, type TrackingServer } from '../../tracking/mlflow/server.ts';
import { syncRun, type SyncResult } from '../../tracking/mlflow/sync.ts';
import type { Call, Verb } from '../call.ts';
import { left, right, table } from '../render/table.ts';
import { count, plural, printable } from '../render/text.ts';

interface SyncFlags {
  readonly anew?: boolean;
}

type Synced = SyncResult & { readonly run: string; readonly server: string };

/** Brings MLflow up to the journals of runs: those that are named, or all whose configuration asks for it. */
export const sync: Verb<SyncFlags> = async (names, flags, call) => {
  const { artifacts } = call.flags;
  const runs = names.length > 0 ? names.map((name) => readRun(artifacts, name)) : soundRuns(call).filter(asksForMlflow);
  if (runs.length === 0) return { data: { runs: [] }, text: 'no run asks for MLflow with tracking.mlflow; name those to send: pipeline sync <run…>' };
  const servers = runs.map(({ experiment }) => serverOf(experiment?.tracking.mlflow?.uri ?? 'env'));
  const synced = await syncRuns(runs, (i) => servers[i] as TrackingServer, call, flags);
  return { data: { runs: synced }, text: syncTable(synced, call) };
};

/** All runs but the damaged ones, which are named. */
export function soundRuns({ flags, terminal }: Call): readonly ListedRun[] {
  const runs = listRuns(flags.artifacts);
  const damaged = runs.filter(({ status }) => status === 'damaged');
  if (damaged.length > 0) terminal.note(`left out, because they are damaged: ${damaged.map(({ name }) => printable(name)).join(', ')}`);
  return runs.filter(({ status }) => status !== 'damaged');
}

export function asksForMlflow({ experiment }: ListedRun): boolean {
  return experiment !== null && experiment.tracking.mlflow !== null;
}

/** One after the other. The runs of one command have a run in common on the server. */
export async function syncRuns(runs: readonly Pick<ListedRun, 'name' | 'folder'>[], serverFor: (index: number) => TrackingServer, call: Call, flags: SyncFlags, signal = call.takeInterrupts()): Promise<readonly Synced[]> {
  const synced: Synced[] = [];
  for (const [i, { name, folder }] of runs.entries()) {
    const server = serverFor(i);
    call.terminal.note(`sending ${name} to ${printable(server.uri)}`);
    synced.push({ run: name, server: server.uri, ...(await syncRun(folder, server, { env: process.env, signal, ...flags })) });
  }
  return synced;
}

export function syncTable(synced: readonly Synced[], { terminal }: Call): string {
  const rows = synced.map(({ run, state, entries, page }) => [run, state === 'at-work' ? 'still at work' : entries === 0 ? 'nothing new' : 'sent', count(entries), page ?? '–']);
  const refused = synced.filter(({ rejected }) => rejected > 0).map(({ folder, rejected }) => `${plural(rejected, 'item')} refused, see ${folder}/mlflow/rejected.jsonl`);
  return [table([left('run'), left('state'), right('events'), left('page')], rows, terminal.colors), ...refused].join('\n');
}

function serverOf(uri: string): TrackingServer {
  const server = trackingServer(uri, process.env);
  if (server !== null) return server;
  throw new OrtrainError('usage', 'no tracking server is configured', { remedy: 'Set MLFLOW_TRACKING_URI to the address of an MLflow server, or let pipeline ui start one.' });
}
