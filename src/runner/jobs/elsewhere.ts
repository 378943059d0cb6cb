import type { Usage } from '../../core/measures.ts';
import type { chooseDevice } from '../machine/devices.ts';
import type { PreparedRun } from '../prepare.ts';
import type { Job } from './job-graph.ts';

/** Where the jobs of runs are made instead of in this process: by workers, here or on other machines. */
export interface Elsewhere {
  /** Finds the device that the workers compute on. */
  readonly choose: typeof chooseDevice;
  /** Wants all jobs of a run made whose output the cache does not hold. */
  begin(prepared: PreparedRun): Promise<JobsElsewhere>;
}

export interface JobsElsewhere {
  /**
   * Waits until a job's output is in the cache; answers with what that took, if it was made for this. `onStart` hears when a worker begins.
   * Rejects with the error that the job failed with.
   */
  make(job: Job, signal: AbortSignal, onStart: () => void): Promise<MadeElsewhere | undefined>;
  /** Those of its jobs that are not done need not be done any more. */
  end(): void;
}

export interface MadeElsewhere {
  readonly seconds: number;
  readonly usage: Usage | undefined;
}
