import { rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { signOf, takeLease } from '../../core/lease.ts';
import { acquireLock, livingOwner } from '../../core/lock.ts';
import { ownerName, thisProcess, type Owner } from '../../core/owner.ts';
import { readSoundHistory } from '../history.ts';
import { workerOf } from '../run-progress.ts';
import type { Failure } from './client/answers.ts';
import { trackingClient } from './client/client.ts';
import { isUpToDate } from './late-files.ts';
import { shortPatience } from './client/patience.ts';
import type { TrackingServer, Variables } from './server.ts';
import { RunUpload } from './upload.ts';

export interface SyncResult {
  readonly folder: string;
  /** `at-work`: its own process sends it, or another one does. */
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
  /** What an answer may take. */
  readonly answerMs?: number;
}

/** Brings the server's picture of a run up to its journal. Throws an environment error where the server is away or will not have it. */
export async function syncRun(folder: string, server: TrackingServer, options: SyncOptions): Promise<SyncResult> {
  const known = options.anew === true ? undefined : isUpToDate(folder, server);
  if (known !== undefined) return { folder, state: 'uploaded', entries: 0, rejected: 0, page: known.page };
  const worker = workerOf(readSoundHistory(join(folder, 'journal.jsonl')), folder);
  return worker !== undefined && ownerName(worker) !== ownerName(thisProcess())
    ? atWork(folder)
    : alone(folder, server, options.signal, () => send(folder, server, options));
}

function atWork(folder: string): SyncResult {
  return { folder, state: 'at-work', entries: 0, rejected: 0, page: null };
}

/**
 * Two processes that send the same run at the same time would both make it on the server. A folder that was moved away from its artifacts
 * has no locks.
 */
async function alone(folder: string, { key }: TrackingServer, signal: AbortSignal, work: () => Promise<SyncResult>): Promise<SyncResult> {
  const artifacts = resolve(folder, '..', '..');
  if (basename(dirname(resolve(folder))) !== 'runs') return work();
  const path = join(artifacts, 'cache', 'locks', 'sync', `${basename(folder)}-${key}`);
  const signs = (owner: Owner): readonly string[] => [signOf(artifacts, owner)];
  if (livingOwner(path, signs) !== undefined) return atWork(folder);
  const lease = takeLease(artifacts);
  try {
    lease.keep();
    const lock = await acquireLock(path, signal, () => {}, signs);
    try {
      return await work();
    } finally {
      lock.release();
    }
  } finally {
    lease.end();
  }
}

async function send(folder: string, server: TrackingServer, { env, signal, anew, firstMs, answerMs }: SyncOptions): Promise<SyncResult> {
  if (anew === true) rmSync(join(folder, 'mlflow'), { recursive: true, force: true });
  const upload = new RunUpload(folder, server, trackingClient(server, shortPatience(signal, { firstMs, answerMs })), env);
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
  if (signal.aborted)
    return new OrtrainError('interrupted', 'stopped before the end; the next pipeline sync sends the rest');
  return new OrtrainError('environment', `${uri}: ${message}`, {
    subject: uri,
    remedy: remedy ?? 'Nothing is lost: sync again when the server is back.',
  });
}
