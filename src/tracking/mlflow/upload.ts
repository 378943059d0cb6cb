import { join } from 'node:path';
import { advance, nothingYet, type RunStarted } from '../history.ts';
import { readJournalFrom, type JournalPart } from '../journal.ts';
import { freshCheckpoint, readCheckpoint, setAside, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { succeeded, type Reply } from './client/answers.ts';
import { pageOf, type TrackingClient } from './client/client.ts';
import { Delivery, type Route, type UploadState } from './delivery.ts';
import { fileSize, lateFiles, latestStart, PART_BYTES } from './folder.ts';
import { looksOf } from './late-files.ts';
import { afterDeath, artifact, experimentOf, isUnderWay, operations } from './projection.ts';
import { experimentName, type TrackingServer, type Variables } from './server.ts';

const done = succeeded({});

/** One run's journal on its way to one server, from where the checkpoint says. One call at a time. */
export class RunUpload {
  readonly folder: string;
  readonly #route: Route;
  /** Its history is that of the first `#read` bytes of the journal. */
  readonly #state: UploadState;
  readonly #delivery: Delivery;
  #read = 0;
  #rejected = 0;

  constructor(folder: string, server: TrackingServer, client: TrackingClient, env: Variables) {
    this.folder = folder;
    const journal = join(folder, 'journal.jsonl');
    this.#route = { folder, journal, server, client, env };
    const stored = readCheckpoint(folder, server);
    this.#state = { checkpoint: stored.offset <= fileSize(journal) ? stored : freshCheckpoint(server), history: nothingYet };
    this.#delivery = new Delivery(this.#route, this.#state);
    while (this.#read < this.#state.checkpoint.offset) {
      const { entries, end } = readJournalFrom(journal, this.#read, Math.min(PART_BYTES, this.#state.checkpoint.offset - this.#read));
      for (const entry of entries) if (entry !== undefined) this.#state.history = advance(this.#state.history, entry);
      this.#read = end;
    }
  }

  /** Items that the server would not take, since this upload was opened. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Where a person sees the run, or the one above it; null before the server has it. */
  get page(): string | null {
    const { experiment, parent, runs } = this.#state.checkpoint;
    return experiment === null ? null : pageOf(this.#route.server, experiment, parent ?? runs['experiment']);
  }

  /** Entries of the journal that the server does not have. */
  pending(): number {
    let count = 0;
    if (fileSize(this.#route.journal) <= this.#state.checkpoint.offset) return 0;
    for (let at = this.#state.checkpoint.offset; ; ) {
      const { entries, end } = readJournalFrom(this.#route.journal, at, PART_BYTES);
      if (end === at) return count;
      count += entries.length;
      at = end;
    }
  }

  /** Sends the next part of the journal; false where there is none. A part that fails is sent again as a whole, which changes nothing. */
  async sendPart(): Promise<Reply<boolean>> {
    const { end, ...part } = readJournalFrom(this.#route.journal, this.#read, PART_BYTES);
    if (end === this.#read) return succeeded(false);
    const home = await this.#homeOf(part.entries);
    if (!home.ok) return home;
    if (home.value !== null && home.value !== this.#state.checkpoint.experiment) {
      this.#beginIn(home.value);
      return succeeded(true);
    }
    const before = this.#state.history;
    const sent = await this.#sendEntries(part);
    if (!sent.ok) {
      this.#state.history = before;
      this.#delivery.forget();
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
    const { started } = this.#state.history;
    const isOpen = isUnderWay(this.#state.history);
    if (started === undefined || (isOpen && !isCommandOver)) return done;
    const { artifacts, isSettled } = this.#state.checkpoint;
    const closing = isOpen
      ? afterDeath(this.#state.history)
      : lateFiles(this.folder).flatMap((file) => artifact(experimentOf(started), file));
    const sent = await this.#delivery.performAll(closing);
    if (!sent.ok) return sent;
    const late = looksOf(this.folder);
    const isSame = isSettled && artifacts === this.#state.checkpoint.artifacts;
    const settled = isSame ? sent : await this.#delivery.settleAbove(isCommandOver);
    if (settled.ok && (!isSame || late !== this.#state.checkpoint.late)) this.#save({ isSettled: true, late });
    return settled;
  }

  /**
   * The experiment in which the latest start wants the run to be, where that start is among the entries and the server has the
   * run already; else null. A run stays in its experiment, whatever names say now, unless a command shows it beside others.
   */
  async #homeOf(entries: ReturnType<typeof readJournalFrom>['entries']): Promise<Reply<string | null>> {
    const start = entries.findLast((entry) => entry?.type === 'run-started');
    if (this.#state.checkpoint.experiment === null || start?.command === undefined || !this.#isLatest(start)) return succeeded(null);
    return this.#route.client.experiment(experimentName(experimentOf(start), this.#route.env, start.command));
  }

  /** From the journal's beginning, in another experiment; what the former one has stays there. */
  #beginIn(experiment: string): void {
    this.#state.checkpoint = { ...freshCheckpoint(this.#route.server), experiment };
    this.#state.history = nothingYet;
    this.#read = 0;
    writeCheckpoint(this.folder, this.#route.server, this.#state.checkpoint);
  }

  #isLatest({ t }: RunStarted): boolean {
    return latestStart(this.#route.journal)?.t === t;
  }

  async #sendEntries({ entries, problems }: Pick<JournalPart, 'entries' | 'problems'>): Promise<Reply> {
    for (const [i, entry] of entries.entries()) {
      if (entry === undefined) {
        this.#delivery.refuse('experiment', null, `in the journal, ${problems.get(i) ?? 'a line is not an event'}`);
        continue;
      }
      const todo = operations(this.#state.history, entry);
      this.#state.history = advance(this.#state.history, entry);
      for (const operation of todo) {
        const sent = await this.#delivery.perform(operation);
        if (!sent.ok) return sent;
      }
    }
    return this.#delivery.flush();
  }

  /** First what was set aside, then the checkpoint: a crash between the two only writes the former again. */
  #save(change: Partial<Checkpoint>): void {
    setAside(this.folder, this.#route.server, this.#delivery.refused);
    this.#rejected += this.#delivery.takeRefused().length;
    this.#state.checkpoint = { ...this.#state.checkpoint, ...change };
    writeCheckpoint(this.folder, this.#route.server, this.#state.checkpoint);
  }
}
