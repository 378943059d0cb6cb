import { staysInside } from './inside.ts';
import { epochMembers, foldRecord, metrics, pace, systemMembers, usage } from './measures.ts';
import { environment } from './environment.ts';
import { owner } from './owner.ts';
import {
  count, flag, list, metric, nullable, number, object, objectWith, ofType, oneOf, optional, primitive, text, word,
  type ShapeOf, type TypeOf,
} from './shapes.ts';

/**
 * What happens in a run. Each event is defined once, as the shape that a line of the journal must have; the types follow from it, so that
 * none can be emitted that would not be read.
 */

/** For the person who watches. A sentence or two. */
const noticeMembers = { level: oneOf('info', 'warning'), message: text };

export interface Notice extends TypeOf<typeof notice> {}

const notice = object(noticeMembers);

/** What a stage reports while it works. */
export type StageEvent = TypeOf<typeof stageEvent>;

const stageEvent = ofType({
  progress: {
    done: number,
    total: number,
    unit: text,
    /** Where a model does the work: tokens that it has gone through so far, padding among them. */
    positions: optional(number),
  },
  step: {
    epoch: count,
    epochs: count,
    /** Steps done in this fold so far, and how many its epochs hold in all. */
    step: count,
    steps: count,
    loss: metric,
    lr: number,
    stepsPerSecond: metric,
  },
  epoch: {
    ...epochMembers,
    step: count,
    seconds: number,
    work: optional(object({ training: pace, validation: pace })),
  },
  decision: {
    epoch: count,
    kind: word<'best-model' | 'patience' | 'rate-reduced' | 'rate-reset' | 'stopped' | 'diverged' | 'one-class' | 'step-skipped'>(),
    /** A sentence for the person, without a final full stop. */
    message: text,
  },
  notice: noticeMembers,
});

/** The command that runs several experiments, as each of their runs knows it. */
export type Command = TypeOf<typeof command>;

const command = object({
  id: text,
  /** What a person calls it: the names of its experiments. */
  name: text,
  /** How many experiments it has. */
  size: count,
});

/** Of the configuration as the run's version knew it, what is read by whoever shows the run. */
const experiment = objectWith({
  name: optional(text),
  data: optional(objectWith({})),
  training: optional(object({ best_model: optional(object({ monitor: text, mode: text })) })),
  tracking: optional(object({ mlflow: optional(nullable(object({ experiment: optional(nullable(text)), log_models: optional(flag) }))) })),
});

/** A path below the run's folder. */
const path: ShapeOf<string> = primitive('a path in the folder of the run', (value) => typeof value === 'string' && staysInside(value));

/** Every event names its run. */
const ofRun = { run: text };

/** Which job an event is about, by its name in journals. */
const ofTask = {
  ...ofRun,
  /** `train[2]`: the stage and its fold; `train[2, seed 7]` where there are several seeds. */
  task: text,
  stage: text,
  fold: optional(count),
  /** Where the experiment trains each fold with several. */
  seed: optional(count),
};

/** What the runner reports; a stage's own events come wrapped in `task-event`. */
export type RunEvent = TypeOf<typeof runEvent>;

export const runEvent = ofType({
  /** Sent before the run has its folder: `run` is the experiment's name, to which the folder's name may add a number. Not in journals. */
  download: { ...ofRun, file: text, done: number, total: number },
  'run-started': {
    ...ofRun,
    folder: text,
    tasks: list(object({ id: text, stage: text, fold: optional(count), seed: optional(count) })),
    /** The process that runs it. */
    owner,
    /** The complete configuration. */
    experiment,
    environment,
    /** None where the command runs this experiment alone. */
    command: optional(command),
  },
  /** About the run as a whole. */
  notice: { ...ofRun, ...noticeMembers },
  'task-started': {
    ...ofTask,
    /** Those of the CPU that it may use. */
    threads: optional(count),
    /** How many jobs of its stage run at a time. */
    lanes: optional(count),
  },
  'task-cached': { ...ofTask, record: optional(foldRecord) },
  'task-finished': { ...ofTask, seconds: number, usage: optional(usage), record: optional(foldRecord) },
  'task-event': { ...ofTask, event: stageEvent },
  system: { ...ofRun, ...systemMembers },
  /** A file is in the run's folder. */
  artifact: {
    ...ofRun,
    /** Relative to the folder, with forward slashes. */
    path,
    bytes: count,
    sha256: text,
    /** The job whose output it is; absent for what the run itself writes, and in older journals. */
    task: optional(text),
    stage: optional(text),
    fold: optional(count),
    seed: optional(count),
  },
  /** `owner`: the process whose work ends; absent in older runs. */
  'run-finished': { ...ofRun, seconds: number, summary: metrics, owner: optional(owner) },
  'run-failed': { ...ofRun, seconds: number, error: text, interrupted: flag, owner: optional(owner) },
});

export type Listener<E> = (event: E) => void;
