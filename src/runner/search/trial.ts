import type { LoadedExperiment, SweepMember } from '../../config/index.ts';
import type { Extent } from '../jobs/extent.ts';
import type { ModelProgress } from '../jobs/progress.ts';
import type { RunResult } from '../run.ts';

/** One experiment of a sweep. */
export interface Trial {
  /** From 0, in the order in which trials were started. */
  readonly number: number;
  readonly values: SweepMember['values'];
  readonly loaded: LoadedExperiment;
}

/** What came of a trial, or of the part of it that was asked for. */
export type TrialOutcome =
  /** All of it: trained, evaluated, predicted. */
  | { readonly kind: 'complete'; readonly run: RunResult }
  /** The models of the part, as far as they have come in all; a later part continues from there. */
  | { readonly kind: 'partial'; readonly training: readonly ModelProgress[]; readonly seconds: number }
  /** An error of code `run` is a result of this trial; any other ends the sweep, `interrupted` so that it can be resumed. */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Where the trials of a sweep are carried out: in this process, or by workers elsewhere. What is finished is never done again: a runner
 * that is asked for the same part twice, by this process or after a crash, answers from the cache and the checkpoints.
 */
export interface TrialRunner {
  /** How many trials may be under way at a time. */
  readonly slots: number;
  /** Does a part of a trial, or all of it where no part is named. Rejects never: what goes wrong is the outcome. */
  run(trial: Trial, part: Extent | undefined, signal: AbortSignal): Promise<TrialOutcome>;
  close(): Promise<void>;
}
