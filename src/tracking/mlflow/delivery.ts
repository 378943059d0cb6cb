import { join } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { OrtrainError } from '../../core/errors.ts';
import { isAtWork } from '../at-work.ts';
import type { RunHistory, RunStarted } from '../history.ts';
import { recordedFiles, whatIsWrong } from '../recorded-files.ts';
import { writeCheckpoint, type Checkpoint, type Refused } from './checkpoint.ts';
import { failed, succeeded, type Failure, type Reply } from './client/answers.ts';
import type { RunStatus, TrackingClient } from './client/client.ts';
import { wireDataset } from './client/wire.ts';
import { contentOf, noContent, together, type Content } from './content.ts';
import { fileSize, latestStart, MADE_LATE, ownId, sourceOf } from './folder.ts';
import { openParent, settleParent } from './parent.ts';
import { experimentOf, type Operation, type Target } from './projection.ts';
import { experimentName, type TrackingServer, type Variables } from './server.ts';

/** How far an upload is: what the server has, and what is known of the run so far. */
export interface UploadState {
  checkpoint: Checkpoint;
  history: RunHistory;
}

/** One run, and the server that it goes to. */
export interface Route {
  readonly folder: string;
  readonly journal: string;
  readonly server: TrackingServer;
  readonly client: TrackingClient;
  readonly env: Variables;
}

const done = succeeded({});

/** Sends operations to a tracking server, metrics and tags of many in one request, and sets aside what the server refuses. */
export class Delivery {
  readonly #route: Route;
  readonly #state: UploadState;
  /** Not sent yet, so that many entries go in one request. */
  readonly #waiting = new Map<Target, Content>();
  #refused: Refused[] = [];
  /** As the journal has them at that size. */
  #recorded: { readonly size: number; readonly files: ReturnType<typeof recordedFiles> } | undefined;

  constructor(route: Route, state: UploadState) {
    this.#route = route;
    this.#state = state;
  }

  /** Sends all of them; the answer is the first failure. */
  async performAll(todo: readonly Operation[]): Promise<Reply> {
    for (const operation of todo) {
      const sent = await this.perform(operation);
      if (!sent.ok) return sent;
    }
    return this.flush();
  }

  /** Sends an operation, after those that wait; metrics and tags only join those. */
  async perform(operation: Operation): Promise<Reply> {
    const { target, type } = operation;
    if (type === 'metrics' || type === 'tags') return this.#wait(target, contentOf(operation));
    const flushed = await this.flush();
    if (!flushed.ok) return flushed;
    if (type === 'open') return this.#openRun(operation);
    const runId = this.#state.checkpoint.runs[target];
    if (runId === undefined) return done;
    if (type === 'dataset') return this.#sendDataset(runId, operation);
    if (type === 'artifact') return this.#sendArtifact(runId, operation);
    return this.#closeRun(runId, target, operation.status, operation.t);
  }

  #wait(target: Target, content: Content): Reply {
    this.#waiting.set(target, together(this.#waiting.get(target) ?? noContent, content));
    return done;
  }

  /** Sends what waits. */
  async flush(): Promise<Reply> {
    for (const [target, { refusals, ...batch }] of this.#waiting) {
      for (const { item, reason } of refusals) this.refuse(target, item, reason);
      const runId = this.#state.checkpoint.runs[target];
      if (runId !== undefined) {
        const sent = await this.#route.client.log(runId, batch);
        if (!sent.ok) return sent;
        for (const { item, reason } of sent.value) this.refuse(target, item, reason);
      }
      this.#waiting.delete(target);
    }
    return done;
  }

  async #openRun(operation: Extract<Operation, { type: 'open' }>): Promise<Reply> {
    const { target, name, t: startTime } = operation;
    const above = await this.#openAbove(target);
    if (!above.ok) return above;
    const tags = { ...operation.tags, ...(above.value === null ? {} : { 'mlflow.parentRunId': above.value }) };
    const content = contentOf({ ...operation, tags });
    const { experiment: experimentId } = this.#state.checkpoint;
    if (experimentId === null) {
      const message = `${name} belongs to a run that has no experiment on the tracking server`;
      return failed({ kind: 'stop', message, remedy: 'Send the run again with pipeline sync.' });
    }
    const asked = { experimentId, name, startTime, tags: content.tags };
    const run = await this.#route.client.run(`${ownId(this.#route.journal)}-${target}`, asked);
    if (!run.ok) return run;
    this.#state.checkpoint = { ...this.#state.checkpoint, runs: { ...this.#state.checkpoint.runs, [target]: run.value } };
    // Now, so that whoever finds this run dead knows that the server has it.
    writeCheckpoint(this.#route.folder, this.#route.server, this.#state.checkpoint);
    this.#wait(target, content);
    // It may have ended before, and goes on now.
    return this.#route.client.update(run.value, { status: 'RUNNING' });
  }

  /** The server's run above a target: the experiment's for a fold; for the experiment the command's, if it has several. */
  async #openAbove(target: Target): Promise<Reply<string | null>> {
    const { started } = this.#state.history;
    if (target !== 'experiment' || started === undefined) return succeeded(this.#state.checkpoint.runs['experiment'] ?? null);
    const experiment = this.#state.checkpoint.experiment ?? (await this.#newExperiment(started));
    if (typeof experiment !== 'string') return experiment;
    this.#state.checkpoint = { ...this.#state.checkpoint, experiment };
    // Of several commands that had the run, the latest shows it.
    if (started.command === undefined || latestStart(this.#route.journal)?.t !== started.t) return succeeded(null);
    const parent = await openParent(this.#route.client, experiment, started.command, started);
    if (parent.ok) this.#state.checkpoint = { ...this.#state.checkpoint, parent: parent.value };
    return parent;
  }

  async #newExperiment(started: RunStarted): Promise<string | Extract<Reply, { ok: false }>> {
    const latest = latestStart(this.#route.journal) ?? started;
    const experiment = await this.#route.client.experiment(experimentName(experimentOf(latest), this.#route.env, latest.command));
    return experiment.ok ? experiment.value : experiment;
  }

  async #closeRun(runId: string, target: Target, status: RunStatus, endTime: number): Promise<Reply> {
    const closed = await this.#route.client.update(runId, { status, endTime });
    return closed.ok && target === 'experiment' ? this.settleAbove(false) : closed;
  }

  /** Brings the command's run up to date, and ends it where the command is over. */
  async settleAbove(isCommandOver: boolean): Promise<Reply> {
    const { started } = this.#state.history;
    const { experiment, parent } = this.#state.checkpoint;
    if (started?.command === undefined || parent === null || experiment === null) return done;
    return settleParent(this.#route.client, experiment, parent, started.command, experimentOf(started).training.best_model, isCommandOver);
  }

  async #sendDataset(runId: string, operation: Extract<Operation, { type: 'dataset' }>): Promise<Reply> {
    const { target, name, path, sha256: digest, context } = operation;
    const checked = wireDataset(name, path, digest, context);
    if ('reason' in checked) return this.refuse(target, { dataset: path }, checked.reason);
    return this.#orRefuse(target, checked.item, await this.#route.client.inputs(runId, [checked.item]));
  }

  async #sendArtifact(runId: string, { target, file, path }: Extract<Operation, { type: 'artifact' }>): Promise<Reply> {
    const source = sourceOf(this.#route.folder, file);
    if (source instanceof OrtrainError) return this.refuse(target, { artifact: path }, source.message);
    if (source === undefined) return done;
    const changed = await this.#whatChanged(file);
    if (changed !== undefined) return this.refuse(target, { artifact: path }, `${file} ${changed}`);
    const digest = await contentHash(source);
    if (this.#state.checkpoint.artifacts[file] === digest) return done;
    const sent = this.#orRefuse(target, { artifact: path }, await this.#route.client.artifact(runId, path, source));
    if (sent.ok) this.#state.checkpoint = { ...this.#state.checkpoint, artifacts: { ...this.#state.checkpoint.artifacts, [file]: digest } };
    return sent;
  }

  /** How a file differs from what the run left; a run at work may be replacing it, and says so afterwards. */
  async #whatChanged(file: string): Promise<string | undefined> {
    const { started } = this.#state.history;
    if (MADE_LATE.test(file) || started === undefined || isAtWork(this.#route.folder, started.owner)) return undefined;
    const size = fileSize(this.#route.journal);
    if (this.#recorded?.size !== size) this.#recorded = { size, files: recordedFiles(this.#route.folder) };
    const recorded = this.#recorded.files.get(file);
    return recorded === undefined ? undefined : whatIsWrong(join(this.#route.folder, file), recorded);
  }

  /** Sets aside what the server will never take, and continues. */
  #orRefuse(target: Target, item: unknown, reply: Reply): Reply {
    return reply.ok || !isRefusal(reply.failure) ? reply : this.refuse(target, item, reply.failure.message);
  }

  /** Sets an item aside. */
  refuse(target: Target, item: unknown, reason: string): Reply {
    this.#refused.push({ target, item, reason });
    return done;
  }

  /** What was set aside and not taken. */
  get refused(): readonly Refused[] {
    return this.#refused;
  }

  takeRefused(): readonly Refused[] {
    const refused = this.#refused;
    this.#refused = [];
    return refused;
  }

  /** Forgets what waits and what was set aside: the same entries will be sent again. */
  forget(): void {
    this.#waiting.clear();
    this.#refused = [];
  }
}

function isRefusal({ kind }: Failure): boolean {
  return kind === 'refused' || kind === 'too-large';
}
