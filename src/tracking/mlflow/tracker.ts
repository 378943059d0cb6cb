import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { Listener, Notice } from '../../core/events.ts';
import { readSoundHistory } from '../history.ts';
import { workerOf } from '../run-progress.ts';
import type { Failure } from './client/answers.ts';
import { hasCheckpoint, readCheckpoint } from './checkpoint.ts';
import { trackingClient } from './client/client.ts';
import { backoff, type Patience } from './client/patience.ts';
import { trackingServer, type TrackingServer, type Variables } from './server.ts';
import { RunUpload } from './upload.ts';

/** Follows the journals of a command's runs and sends what they say to the tracking servers, in the background. */
export interface Tracker {
  /** Follows a run from now on, if its experiment asks for it and a server is known. Never throws. */
  follow(folder: string, run: string, mlflow: Experiment['tracking']['mlflow']): void;
  /** Sends what is left, for ten seconds at most, and says what could not be sent. */
  close(): Promise<void>;
}

export interface TrackerTimes {
  /** Between two looks at the journals. */
  readonly pollMs: number;
  /** Of the first wait for a server that is away. */
  readonly firstMs: number;
  /** What closing may take. */
  readonly closeMs: number;
}

export function openTracker(
  env: Variables,
  notify: Listener<Notice>,
  times: TrackerTimes = { pollMs: 1000, firstMs: 1000, closeMs: 10_000 },
): Tracker {
  const queues = new Map<string, Queue>();
  let warned = false;
  return {
    follow(folder, run, mlflow) {
      try {
        const server = mlflow === null ? null : trackingServer(mlflow.uri, env);
        if (server === null) return;
        const queue = queues.get(server.key) ?? openQueue(server, env, notify, times);
        queues.set(server.key, queue);
        queue.add(folder, run);
      } catch (error) {
        if (!warned) notify({ level: 'warning', message: `MLflow gets nothing: ${sentences(failureOf(error))}` });
        warned = true;
      }
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** One server's runs, one after the other, one request at a time. */
interface Queue {
  add(folder: string, run: string): void;
  close(): Promise<void>;
}

interface Followed {
  readonly run: string;
  readonly upload: RunUpload;
  /** The person has been told where to look. */
  isAnnounced: boolean;
  /** Why the server will not have the rest of it. */
  stopped: Failure | undefined;
}

function openQueue(server: TrackingServer, env: Variables, notify: Listener<Notice>, { pollMs, firstMs, closeMs }: TrackerTimes): Queue {
  const followed: Followed[] = [];
  const [closing, deadline] = [new AbortController(), new AbortController()];
  let isAway = false;

  const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal: closing.signal, ref: false }).catch(() => {});
  const patience: Patience = {
    signal: deadline.signal,
    async again(failure, tries) {
      // At the end a server that is away gets no second chance, and a hiccup a short one.
      if (closing.signal.aborted) return !isAway && tries <= HICCUPS && !deadline.signal.aborted;
      if (!isAway && tries > HICCUPS) {
        isAway = true;
        notify({
          level: 'warning',
          message: `${failure.message}; the run continues, and the rest is sent when the server is back`,
        });
      }
      await pause(backoff(failure, tries, firstMs));
      return true;
    },
    reached() {
      if (isAway) notify({ level: 'info', message: 'the tracking server is back' });
      isAway = false;
    },
  };
  const client = trackingClient(server, patience);
  const follower = (folder: string, run: string, isAnnounced: boolean): Followed => ({
    run,
    upload: new RunUpload(folder, server, client, env),
    isAnnounced,
    stopped: undefined,
  });

  const announce = (each: Followed): void => {
    if (each.isAnnounced || each.upload.page === null) return;
    each.isAnnounced = true;
    notify({ level: 'info', message: `MLflow shows it at ${each.upload.page}` });
  };

  /** Sends what all journals hold; the failure is that the server is away. What is wrong with one run stops only that one. */
  const sendAll = async (isEnd: boolean): Promise<Failure | undefined> => {
    for (const each of followed.filter(({ stopped }) => stopped === undefined)) {
      const failure = await sendOne(each.upload, isEnd);
      announce(each);
      if (failure?.kind === 'away') return failure;
      if (failure === undefined) continue;
      each.stopped = failure;
      if (!isEnd) notify({ level: 'warning', message: `MLflow gets no more of ${each.run}: ${sentences(failure)}` });
    }
    return undefined;
  };

  const follow = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await sendAll(false);
      await pause(pollMs);
    }
  };
  const running = follow();

  return {
    add(folder, run) {
      const isFirst = followed.length === 0;
      followed.push(follower(folder, run, false));
      if (isFirst) followed.push(...abandonedRuns(folder, server).map((each) => follower(each, basename(each), true)));
    },
    async close() {
      closing.abort();
      const timer = setTimeout(() => deadline.abort(), closeMs);
      await running;
      const away = await sendAll(true);
      clearTimeout(timer);
      const refused = followed.reduce((sum, { upload }) => sum + upload.rejected, 0);
      if (refused > 0)
        notify({ level: 'warning', message: `MLflow refused ${refused} items; they are in mlflow/rejected.jsonl of the run` });
      const failure = away ?? followed.find(({ stopped }) => stopped !== undefined)?.stopped;
      if (failure !== undefined) notify({ level: 'warning', message: leftover(followed, failure) });
    },
  };
}

/** A folder that was removed or a full disk must not end a training run. */
async function sendOne(upload: RunUpload, isEnd: boolean): Promise<Failure | undefined> {
  try {
    for (;;) {
      const sent = await upload.sendPart();
      if (!sent.ok) return sent.failure;
      if (!sent.value) break;
    }
    const settled = isEnd ? await upload.settle(true) : undefined;
    return settled?.ok === false ? settled.failure : undefined;
  } catch (error) {
    return { kind: 'stop', message: messageOf(error) };
  }
}

/** A server that misses one or two requests is not away. */
const HICCUPS = 2;

/** Runs beside this one whose process died before the server had all of them. */
function abandonedRuns(folder: string, server: TrackingServer): readonly string[] {
  const runs = dirname(folder);
  return readdirSync(runs)
    .map((name) => join(runs, name))
    .filter((other) => other !== folder && hasCheckpoint(other, server) && !readCheckpoint(other, server).isSettled && !isAtWorkIn(other));
}

function isAtWorkIn(folder: string): boolean {
  const history = readSoundHistory(join(folder, 'journal.jsonl'));
  return history.started === undefined || workerOf(history, folder) !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failureOf(error: unknown): Failure {
  const remedy = error instanceof OrtrainError ? error.remedy : undefined;
  return { kind: 'stop', message: messageOf(error), ...(remedy === undefined ? {} : { remedy }) };
}

/** `512 events are not on MLflow: the tracking server cannot be reached (ECONNREFUSED). Send them with: pipeline sync quickstart` */
function leftover(followed: readonly Followed[], failure: Failure): string {
  const behind = followed.map(({ run, upload }) => ({ run, events: upload.pending() })).filter(({ events }) => events > 0);
  const events = behind.reduce((sum, each) => sum + each.events, 0);
  const what = events === 1 ? '1 event is' : `${events} events are`;
  const runs = behind.map(({ run }) => ` ${run}`).join('');
  return `${what} not on MLflow: ${sentences(failure)} Send them with: pipeline sync${runs}`;
}

function sentences({ message, remedy }: Failure): string {
  return [`${message}.`, ...(remedy === undefined ? [] : [remedy])].join(' ');
}
