import { join } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { OrtrainError } from '../../core/errors.ts';
import { isAtWork } from '../at-work.ts';
import { advance, nothingYet, type RunHistory, type RunStarted } from '../history.ts';
import { readJournalFrom, type JournalPart } from '../journal.ts';
import { recordedFiles, whatIsWrong } from '../recorded-files.ts';
import { succeeded, type Failure, type Reply } from './client/answers.ts';
import { freshCheckpoint, readCheckpoint, setAside, writeCheckpoint, type Checkpoint, type Refused } from './checkpoint.ts';
import { pageOf, type RunStatus, type TrackingClient } from './client/client.ts';
import { contentOf, noContent, together, type Content } from './content.ts';
import { lateFiles, latestStart, MADE_LATE, ownId, PART_BYTES, fileSize, sourceOf } from './folder.ts';
import { looksOf } from './late-files.ts';
import { openParent, settleParent } from './parent.ts';
import { afterDeath, artifact, experimentOf, isUnderWay, operations, type Operation, type Target } from './projection.ts';
import { experimentName, type TrackingServer, type Variables } from './server.ts';
import { wireDataset } from './client/wire.ts';

const done = succeeded({});

/** One run's journal on its way to one server, from where the checkpoint says. One call at a time. */
export class RunUpload {
  readonly folder: string;
  readonly #journal: string;
  readonly #server: TrackingServer;
  readonly #client: TrackingClient;
  readonly #env: Variables;
  #checkpoint: Checkpoint;
  /** What is known after the first `#read` bytes of the journal. */
  #state: RunHistory = nothingYet;
  #read = 0;
  /** Not sent yet, so that many entries go in one request. */
  readonly #waiting = new Map<Target, Content>();
  #refused: Refused[] = [];
  /** As the journal has them at that size. */
  #recorded: { readonly size: number; readonly files: ReturnType<typeof recordedFiles> } | undefined;
  #rejected = 0;

  constructor(folder: string, server: TrackingServer, client: TrackingClient, env: Variables) {
    this.folder = folder;
    this.#journal = join(folder, 'journal.jsonl');
    this.#server = server;
    this.#client = client;
    this.#env = env;
    const stored = readCheckpoint(folder, server);
    this.#checkpoint = stored.offset <= fileSize(this.#journal) ? stored : freshCheckpoint(server);
    while (this.#read < this.#checkpoint.offset) {
      const { entries, end } = readJournalFrom(this.#journal, this.#read, Math.min(PART_BYTES, this.#checkpoint.offset - this.#read));
      for (const entry of entries) if (entry !== undefined) this.#state = advance(this.#state, entry);
      this.#read = end;
    }
  }

  /** Items that the server would not take, since this upload was opened. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Where a person sees the run, or the one above it; null before the server has it. */
  get page(): string | null {
    const { experiment, parent, runs } = this.#checkpoint;
    return experiment === null ? null : pageOf(this.#server, experiment, parent ?? runs['experiment']);
  }

  /** Entries of the journal that the server does not have. */
  pending(): number {
    let count = 0;
    if (fileSize(this.#journal) <= this.#checkpoint.offset) return 0;
    for (let at = this.#checkpoint.offset; ; ) {
      const { entries, end } = readJournalFrom(this.#journal, at, PART_BYTES);
      if (end === at) return count;
      count += entries.length;
      at = end;
    }
  }

  /** Sends the next part of the journal; false where there is none. A part that fails is sent again as a whole, which changes nothing. */
  async sendPart(): Promise<Reply<boolean>> {
    const { end, ...part } = readJournalFrom(this.#journal, this.#read, PART_BYTES);
    if (end === this.#read) return succeeded(false);
    const home = await this.#homeOf(part.entries);
    if (!home.ok) return home;
    if (home.value !== null && home.value !== this.#checkpoint.experiment) {
      this.#beginIn(home.value);
      return succeeded(true);
    }
    const before = this.#state;
    const sent = await this.#sendEntries(part);
    if (!sent.ok) {
      this.#state = before;
      this.#waiting.clear();
      this.#refused = [];
      return sent;
    }
    this.#read = end;
    this.#save({ offset: end, isSettled: false });
    return succeeded(true);
  }

  /**
   * After the last part: ends the server's runs of a process that has died, sends what the folder got after the run's end, and ends
   * the command's run, where no other experiment of it will follow.
   */
  async settle(isCommandOver: boolean): Promise<Reply> {
    const { started } = this.#state;
    const isOpen = isUnderWay(this.#state);
    if (started === undefined || (isOpen && !isCommandOver)) return done;
    const { artifacts, isSettled } = this.#checkpoint;
    const rest = isOpen ? afterDeath(this.#state) : lateFiles(this.folder).flatMap((file) => artifact(experimentOf(started), file));
    const sent = await this.#performAll(rest);
    if (!sent.ok) return sent;
    const late = looksOf(this.folder);
    const isSame = isSettled && artifacts === this.#checkpoint.artifacts;
    const settled = isSame ? sent : await this.#settleAbove(isCommandOver);
    if (settled.ok && (!isSame || late !== this.#checkpoint.late)) this.#save({ isSettled: true, late });
    return settled;
  }

  /**
   * The experiment in which the latest start wants the run to be, where that start is among the entries and the server has the run already; else
   * null. It stays in the experiment that it has, whatever names say now, unless a command shows it beside others.
   */
  async #homeOf(entries: ReturnType<typeof readJournalFrom>['entries']): Promise<Reply<string | null>> {
    const start = entries.findLast((entry) => entry?.type === 'run-started');
    if (this.#checkpoint.experiment === null || start?.command === undefined || !this.#isLatest(start)) return succeeded(null);
    return this.#client.experiment(experimentName(experimentOf(start), this.#env, start.command));
  }

  /** From the journal's beginning, in another experiment; what the former one has stays there. */
  #beginIn(experiment: string): void {
    this.#checkpoint = { ...freshCheckpoint(this.#server), experiment };
    this.#state = nothingYet;
    this.#read = 0;
    writeCheckpoint(this.folder, this.#server, this.#checkpoint);
  }

  #isLatest({ t }: RunStarted): boolean {
    return latestStart(this.#journal)?.t === t;
  }

  async #sendEntries({ entries, problems }: Pick<JournalPart, 'entries' | 'problems'>): Promise<Reply> {
    for (const [i, entry] of entries.entries()) {
      if (entry === undefined) {
        this.#refuse('experiment', null, `in the journal, ${problems.get(i) ?? 'a line is no event'}`);
        continue;
      }
      const todo = operations(this.#state, entry);
      this.#state = advance(this.#state, entry);
      for (const operation of todo) {
        const sent = await this.#perform(operation);
        if (!sent.ok) return sent;
      }
    }
    return this.#flush();
  }

  async #performAll(todo: readonly Operation[]): Promise<Reply> {
    for (const operation of todo) {
      const sent = await this.#perform(operation);
      if (!sent.ok) return sent;
    }
    return this.#flush();
  }

  async #perform(operation: Operation): Promise<Reply> {
    const { target, type } = operation;
    if (type === 'metrics' || type === 'tags') return this.#wait(target, contentOf(operation));
    const flushed = await this.#flush();
    if (!flushed.ok) return flushed;
    if (type === 'open') return this.#openRun(operation);
    const runId = this.#checkpoint.runs[target];
    if (runId === undefined) return done;
    if (type === 'dataset') return this.#sendDataset(runId, operation);
    if (type === 'artifact') return this.#sendArtifact(runId, operation);
    return this.#closeRun(runId, target, operation.status, operation.t);
  }

  #wait(target: Target, content: Content): Reply {
    this.#waiting.set(target, together(this.#waiting.get(target) ?? noContent, content));
    return done;
  }

  async #flush(): Promise<Reply> {
    for (const [target, { refusals, ...batch }] of this.#waiting) {
      for (const { item, reason } of refusals) this.#refuse(target, item, reason);
      const runId = this.#checkpoint.runs[target];
      if (runId !== undefined) {
        const sent = await this.#client.log(runId, batch);
        if (!sent.ok) return sent;
        for (const { item, reason } of sent.value) this.#refuse(target, item, reason);
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
    const run = await this.#client.run(`${ownId(this.#journal)}-${target}`, { experimentId: this.#checkpoint.experiment ?? '', name, startTime, tags: content.tags });
    if (!run.ok) return run;
    this.#checkpoint = { ...this.#checkpoint, runs: { ...this.#checkpoint.runs, [target]: run.value } };
    // Now, so that whoever finds this run dead knows that the server has it.
    writeCheckpoint(this.folder, this.#server, this.#checkpoint);
    this.#wait(target, content);
    // It may have ended before, and goes on now.
    return this.#client.update(run.value, { status: 'RUNNING' });
  }

  /** The server's run above a target: the experiment's for a fold; for the experiment the command's, if it has several. */
  async #openAbove(target: Target): Promise<Reply<string | null>> {
    const { started } = this.#state;
    if (target !== 'experiment' || started === undefined) return succeeded(this.#checkpoint.runs['experiment'] ?? null);
    const experiment = this.#checkpoint.experiment ?? (await this.#newExperiment(started));
    if (typeof experiment !== 'string') return experiment;
    this.#checkpoint = { ...this.#checkpoint, experiment };
    // Of several commands that had the run, the latest shows it.
    if (started.command === undefined || !this.#isLatest(started)) return succeeded(null);
    const parent = await openParent(this.#client, experiment, started.command, started);
    if (parent.ok) this.#checkpoint = { ...this.#checkpoint, parent: parent.value };
    return parent;
  }

  async #newExperiment(started: RunStarted): Promise<string | Extract<Reply, { ok: false }>> {
    const latest = latestStart(this.#journal) ?? started;
    const experiment = await this.#client.experiment(experimentName(experimentOf(latest), this.#env, latest.command));
    return experiment.ok ? experiment.value : experiment;
  }

  async #closeRun(runId: string, target: Target, status: RunStatus, endTime: number): Promise<Reply> {
    const closed = await this.#client.update(runId, { status, endTime });
    return closed.ok && target === 'experiment' ? this.#settleAbove(false) : closed;
  }

  async #settleAbove(isCommandOver: boolean): Promise<Reply> {
    const { started } = this.#state;
    const { experiment, parent } = this.#checkpoint;
    if (started?.command === undefined || parent === null || experiment === null) return done;
    return settleParent(this.#client, experiment, parent, started.command, experimentOf(started).training.best_model, isCommandOver);
  }

  async #sendDataset(runId: string, { target, name, path, sha256: digest, context }: Extract<Operation, { type: 'dataset' }>): Promise<Reply> {
    const checked = wireDataset(name, path, digest, context);
    if ('reason' in checked) return this.#refuse(target, { dataset: path }, checked.reason);
    return this.#orRefuse(target, checked.item, await this.#client.inputs(runId, [checked.item]));
  }

  async #sendArtifact(runId: string, { target, file, path }: Extract<Operation, { type: 'artifact' }>): Promise<Reply> {
    const source = sourceOf(this.folder, file);
    if (source instanceof OrtrainError) return this.#refuse(target, { artifact: path }, source.message);
    if (source === undefined) return done;
    const changed = await this.#whatChanged(file);
    if (changed !== undefined) return this.#refuse(target, { artifact: path }, `${file} ${changed}`);
    const digest = await contentHash(source);
    if (this.#checkpoint.artifacts[file] === digest) return done;
    const sent = this.#orRefuse(target, { artifact: path }, await this.#client.artifact(runId, path, source));
    if (sent.ok) this.#checkpoint = { ...this.#checkpoint, artifacts: { ...this.#checkpoint.artifacts, [file]: digest } };
    return sent;
  }

  /** How a file differs from what the run left; a run at work may be replacing it, and says so afterwards. */
  async #whatChanged(file: string): Promise<string | undefined> {
    const { started } = this.#state;
    if (MADE_LATE.test(file) || started === undefined || isAtWork(this.folder, started.owner)) return undefined;
    const size = fileSize(this.#journal);
    if (this.#recorded?.size !== size) this.#recorded = { size, files: recordedFiles(this.folder) };
    const recorded = this.#recorded.files.get(file);
    return recorded === undefined ? undefined : whatIsWrong(join(this.folder, file), recorded);
  }

  /** What the server will never take is set aside, and the rest goes on. */
  #orRefuse(target: Target, item: unknown, reply: Reply): Reply {
    return reply.ok || !isRefusal(reply.failure) ? reply : this.#refuse(target, item, reply.failure.message);
  }

  #refuse(target: Target, item: unknown, reason: string): Reply {
    this.#refused.push({ target, item, reason });
    return done;
  }

  /** First what was set aside, then the checkpoint: a crash between the two only writes the former again. */
  #save(change: Partial<Checkpoint>): void {
    setAside(this.folder, this.#server, this.#refused);
    this.#rejected += this.#refused.length;
    this.#refused = [];
    this.#checkpoint = { ...this.#checkpoint, ...change };
    writeCheckpoint(this.folder, this.#server, this.#checkpoint);
  }
}

function isRefusal({ kind }: Failure): boolean {
  return kind === 'refused' || kind === 'too-large';
}
