/** What a stage reports while it works. Metric names are those of the configuration: `train/loss`, `val/f1_macro`, … */
export type StageEvent =
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly unit: string }
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly epochs: number;
      /** Steps done in this fold so far, and how many its epochs hold in all. */
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly lr: number;
      readonly stepsPerSecond: number;
    }
  | {
      readonly type: 'epoch';
      /** Counts from 1. */
      readonly epoch: number;
      readonly step: number;
      readonly lr: number;
      readonly metrics: Readonly<Record<string, number>>;
      readonly seconds: number;
    }
  | {
      readonly type: 'decision';
      readonly epoch: number;
      readonly kind: 'best-model' | 'rate-reduced' | 'rate-reset' | 'stopped' | 'diverged' | 'one-class';
      /** A sentence for the person, without a final full stop. */
      readonly message: string;
    }
  | { readonly type: 'notice'; readonly level: 'info' | 'warning'; readonly message: string };

/** Which task an event is about. */
interface OfTask {
  readonly run: string;
  /** `train[2]`: the stage and its fold. */
  readonly task: string;
  readonly stage: string;
  readonly fold?: number;
}

/** What a task has taken of the machine. */
export interface Usage {
  /** Of all threads together. */
  readonly cpuSeconds: number;
  /** The most memory that the process held while the task ran, as looked at now and then. */
  readonly peakBytes: number;
}

/** What the runner reports; a stage's own events come wrapped in `task-event`. */
export type RunEvent =
  | { readonly type: 'download'; readonly file: string; readonly done: number; readonly total: number }
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly folder: string;
      readonly tasks: readonly { readonly id: string; readonly stage: string; readonly fold?: number }[];
      readonly pid: number;
    }
  | ({ readonly type: 'task-started' } & OfTask)
  | ({ readonly type: 'task-cached' } & OfTask)
  | ({ readonly type: 'task-finished'; readonly seconds: number; readonly usage?: Usage } & OfTask)
  | ({ readonly type: 'task-event'; readonly event: StageEvent } & OfTask)
  | { readonly type: 'run-finished'; readonly run: string; readonly seconds: number; readonly summary: Readonly<Record<string, number>> }
  | { readonly type: 'run-failed'; readonly run: string; readonly seconds: number; readonly error: string; readonly interrupted: boolean };

export type Listener<E> = (event: E) => void;
