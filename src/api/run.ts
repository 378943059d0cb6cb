import { interrupted } from '../core/errors.ts';
import type { Listener, RunEvent } from '../core/events.ts';
import type { AskedDevice, RunnerOptions, RunOutcome, RunResult, RunsObserver } from '../runner/index.ts';
import { checkOptions } from './arguments.ts';
import { loaded, type ExperimentOptions, type ExperimentSource } from './experiments.ts';
import { running, type Running } from './running.ts';
import { artifactsOf, within } from './surroundings.ts';

/** What `run` and `plan` can be told of a run. */
export interface RunLimits extends ExperimentOptions {
  /** Name of the run and its folder; that of the experiment where it is left out. */
  readonly name?: string;
  /** The last stage to run. */
  readonly until?: string;
  /** Stages to run again, with all that depend on them, though the cache has their output. */
  readonly force?: readonly string[];
  /** The device to compute on; the configured one where it is left out. */
  readonly device?: AskedDevice;
}

export interface RunOptions extends RunLimits {
  /** Stops the run at its next step; it is rejected with an OrtrainError `interrupted`, and the same call resumes it. */
  readonly signal?: AbortSignal;
  /** Hears what happens. What it throws ends the run. */
  readonly onEvent?: Listener<RunEvent>;
}

/** What a command adds: how it was called, and a display for each experiment. */
export interface CommandOptions {
  /** Recorded with the run. */
  readonly commandLine?: readonly string[];
  /** The folder of a git checkout, whose commit is recorded; `cwd` where it is left out. */
  readonly checkout?: string;
  /** Opens a display for each experiment, and hears of its outcome before the next one starts. */
  readonly observer?: Partial<RunsObserver>;
}

export interface RunAllOptions extends RunOptions, CommandOptions {}

/**
 * Trains, evaluates and predicts as an experiment says. Stages whose output is in the cache do not run again, so the same call resumes a
 * run that was interrupted.
 *
 * @param experiment the path of a YAML file, or an object
 *
 * Throws OrtrainError: `config` with all problems of the experiment, each with its key and, in a file, line and column; `data` for tables
 * and models that cannot be used; `usage` for a stage that there is not; `environment` where the device, the disk or the hub fails;
 * `interrupted` after `signal`; `run` where training fails.
 */
export function run(experiment: ExperimentSource, options: RunOptions = {}): Running<RunResult, RunEvent> {
  return running(async (emit) => {
    const [outcome] = await outcomesOf([experiment], options, emit);
    if (outcome === undefined) throw interrupted();
    if ('error' in outcome) throw outcome.error;
    return outcome.run;
  }, options.onEvent);
}

/**
 * Runs experiments one after the other, as one command: those that go to an MLflow server are shown together there. The first that fails
 * ends it, and is the last of the outcomes.
 *
 * Throws OrtrainError as `run` does for experiments that cannot be used, before the first starts.
 */
export function runAll(experiments: readonly ExperimentSource[], options: RunAllOptions = {}): Running<readonly RunOutcome[], RunEvent> {
  return running((emit) => outcomesOf(experiments, options, emit), options.onEvent);
}

async function outcomesOf(
  experiments: readonly ExperimentSource[],
  options: RunAllOptions,
  emit: Listener<RunEvent>,
): Promise<readonly RunOutcome[]> {
  return within(options, async () => {
    checkOptions(options);
    const ready = await loaded(experiments, options);
    const { runAll: runEach } = await import('../runner/index.ts');
    return runEach(ready, { ...runnerOptions(options), continuesAfter: () => false }, observing(options.observer, emit));
  });
}

/** What the runner is told. */
export function runnerOptions(options: RunAllOptions): RunnerOptions & { readonly signal: AbortSignal } {
  const { device = 'auto', signal = new AbortController().signal, until, force, commandLine, cwd, checkout = cwd } = options;
  return {
    artifacts: artifactsOf(options),
    device,
    signal,
    ...(until === undefined ? {} : { until }),
    ...(force === undefined ? {} : { force }),
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(checkout === undefined ? {} : { checkout }),
  };
}

/** An observer that also passes every event on; those of the tracking server as notices of the run at work. */
export function observing(observer: Partial<RunsObserver> = {}, emit: Listener<RunEvent>): RunsObserver {
  let current = '';
  return {
    ...observer,
    onNotice(notice) {
      observer.onNotice?.(notice);
      emit({ type: 'notice', run: current, ...notice });
    },
    async follow(experiment) {
      current = experiment.name;
      const own = await observer.follow?.(experiment);
      return {
        listen(event) {
          own?.listen(event);
          emit(event);
        },
        end: async () => own?.end(),
      };
    },
  };
}
