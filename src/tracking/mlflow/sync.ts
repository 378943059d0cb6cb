import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { ownerName, thisProcess } from '../../core/owner.ts';
import { isAtWork } from '../at-work.ts';
import { latestStart } from '../journal.ts';
import type { Failure } from './answers.ts';
import { trackingClient } from './client.ts';
import { shortPatience } from './patience.ts';
import type { TrackingServer, Variables } from './server.ts';
import { RunUpload } from './upload.ts';

export interface SyncResult {
  readonly folder: string;
  /** `at-work`: its own process sends it. */
  readonly state: 'uploaded' | 'at-work';
  /** Entries of the journal that the server did not have before. */
  readonly entries: number;
  /** Items that the server would not take; they are in the run's mlflow/rejected.jsonl. */
  readonly rejected: number;
  readonly page: string | null;
}

export interface SyncOptions {
  readonly env: Variables;
  readonly signal: AbortSignal;
  /** Sends all of it again. */
  readonly anew?: boolean;
  /** The first wait between two tries. */
  readonly firstMs?: number;
}

/** Brings the server's picture of a run up to its journal. Throws an environment error where the server is away or will not have it. */
export async function syncRun(folder: string, server: TrackingServer, { env, signal, anew, firstMs }: SyncOptions): Promise<SyncResult> {
  const started = latestStart(join(folder, 'journal.jsonl'));
  if (started !== undefined && ownerName(started.owner) !== ownerName(thisProcess()) && isAtWork(folder, started.owner)) return { folder, state: 'at-work', entries: 0, rejected: 0, page: null };
  if (anew === true) rmSync(join(folder, 'mlflow'), { recursive: true, force: true });
  const upload = new RunUpload(folder, server, trackingClient(server, shortPatience(signal, firstMs)), env);
  const entries = upload.pending();
  for (;;) {
    const sent = await upload.sendPart();
    if (!sent.ok) throw notSent(sent.failure, server, signal);
    if (!sent.value) break;
  }
  const settled = await upload.settle(true);
  if (!settled.ok) throw notSent(settled.failure, server, signal);
  return { folder, state: 'uploaded', entries, rejected: upload.rejected, page: upload.page };
}

function notSent({ message, remedy }: Failure, { uri }: TrackingServer, signal: AbortSignal): OrtrainError {
  if (signal.aborted) return new OrtrainError('interrupted', 'stopped before the end; what is missing on the server follows with the next pipeline sync');
  return new OrtrainError('environment', `${uri}: ${message}`, { subject: uri, remedy: remedy ?? 'Nothing is lost: sync again when the server is back.' });
}
