import { usage } from '../../core/measures.ts';
import { count, flag, list, nullable, number, object, objectWith, oneOf, ofType, optional, text, type TypeOf } from '../../core/shapes.ts';

/** What is written into the queue's log, each defined once as the shape that a line must have. */

/** A worker, or a command that wants jobs done. Named after its process. */
export type Client = TypeOf<typeof client>;

const clientMembers = {
  role: oneOf('worker', 'coordinator'),
  /** What a person calls it: `node7`, a sweep. */
  title: text,
  /** What a worker computes on, and with how many threads at most. */
  devices: list(text),
  threads: count,
};

const client = object(clientMembers);

/** What a job needs of the worker that does it. */
export type Needs = TypeOf<typeof needs>;

const needs = object({ device: text, threads: count });

/** One stage of an experiment, for one fold and seed where it has folds. */
export type Order = TypeOf<typeof order>;

const order = object({
  /** `<stage>/<key>`: where the cache will have its output. What two experiments share is one job. */
  id: text,
  /** `train[2]`: what a person calls it. */
  task: text,
  /** Of the experiment. */
  run: text,
  /** Name of the file that holds the experiment. */
  experiment: text,
  /** The working directory, from which the experiment's paths lead. */
  folder: text,
  needs,
  /** Jobs whose output it reads; what the queue does not have is there. */
  after: list(text),
});

/** An error as it is packed, with its code as text: a later version may have more of them. */
const error = object({
  code: nullable(text),
  message: text,
  stack: optional(text),
  subject: optional(text),
  remedy: optional(text),
  problems: list(objectWith({ message: text })),
});

export type Operation = TypeOf<typeof operation>;

const operation = ofType({
  join: clientMembers,
  leave: {},
  /** Of a client that gave no sign of life: what it had begun is open again. */
  lost: { client: text },
  add: { jobs: list(order) },
  /** Nobody has to do them any more, unless another coordinator wants them. */
  withdraw: { jobs: list(text) },
  take: { job: text },
  /** `isMade`: false where the cache had it. */
  done: { job: text, seconds: number, isMade: flag, usage: optional(usage) },
  failed: { job: text, error },
  /** Given back by a worker that stops, or cannot do it; `reason`: a sentence, where the fault is the worker's. */
  release: { job: text, reason: nullable(text) },
});

/** One line: what a client did at once. */
export type Batch = TypeOf<typeof batch>;

export const batch = object({
  by: text,
  /** Counts the client's lines. */
  n: count,
  operations: list(operation),
});

/** A job of the queue, as far as the log has come. */
export type QueuedJob = TypeOf<typeof queuedJob>;

const queuedJob = object({
  order,
  /** Coordinators that want it. */
  by: list(text),
  status: oneOf('open', 'taken', 'done', 'failed'),
  worker: nullable(text),
  /** How often a worker was lost with it. */
  losses: count,
  /** Workers that gave it back because they could not do it. */
  refusals: list(object({ worker: text, reason: text })),
  result: nullable(object({ seconds: number, isMade: flag, usage: optional(usage) })),
  error: nullable(error),
});

/** The first line of each part of the log: all that the parts before it came to. */
export type Snapshot = TypeOf<typeof snapshot>;

export const snapshot = object({
  snapshot: object({
    jobs: list(queuedJob),
    clients: list(object({ id: text, ...clientMembers, joined: count })),
    seen: list(object({ client: text, n: count })),
    /** Figures of all time. */
    totals: object({ done: count, failed: count, lost: count, takenOver: count }),
  }),
});

export type Totals = Snapshot['snapshot']['totals'];

/** The last line of a part that another one follows. */
export const moved = object({ moved: count });
