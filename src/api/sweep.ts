import type { LaunchChange, Overrides } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import type { Listener, RunEvent } from '../core/events.ts';
import type { AskedDevice } from '../runner/index.ts';
import type { LaunchEvent } from '../runner/launchers/index.ts';
import type { SweepResult } from '../runner/search/index.ts';
import { checkOptions, checkOverrides, checkText } from './arguments.ts';
import { observing, runnerOptions, type CommandOptions } from './run.ts';
import { running, type Running } from './running.ts';
import { pathIn, within, type Surroundings } from './surroundings.ts';

export interface SweepOptions extends Surroundings {
  /** What differs from the base configuration, as for `run`. */
  readonly overrides?: Overrides;
  /** The device to compute on; the configured one where it is left out. */
  readonly device?: AskedDevice;
  /** Stops the sweep at its next step; the same call does only what is missing. */
  readonly signal?: AbortSignal;
  /** Ends the sweep after the first experiment that fails. */
  readonly failFast?: boolean;
  /** Who does its jobs, over what its file says under `launch`. */
  readonly launch?: LaunchChange;
  /** Hears how the jobs stand that workers do, and what becomes of the workers. */
  readonly onLaunch?: Listener<LaunchEvent>;
  /** Hears what happens in every run; each event names its run. */
  readonly onEvent?: Listener<RunEvent>;
}

/**
 * Runs every experiment of a sweep, the stages that they share once, ranks the runs, and writes `sweeps/<name>/` into the folder of the
 * runs. An experiment whose training fails does not end the others: `error` says how many failed, or what ended the sweep early.
 *
 * @param file the path of a YAML file with `base` and `parameters`, whose paths are relative to the working directory
 *
 * Throws OrtrainError `config` with all problems of the sweep and its experiments, and `data` as `run` does.
 */
export function sweep(file: string, options: SweepOptions & CommandOptions = {}): Running<SweepResult, RunEvent> {
  return running(
    (emit) =>
      within(options, async () => {
        checkText('file', file);
        checkOptions(options);
        checkOverrides(options.overrides);
        const { asSettings, launchOf } = await import('../config/index.ts');
        const { loadRunnableSweep } = await import('../runner/load-experiments.ts');
        const { runSweep } = await import('../runner/search/index.ts');
        const loaded = loadRunnableSweep(pathIn(options.cwd, file), asSettings(options.overrides ?? []));
        const common = { ...runnerOptions(options), failFast: options.failFast ?? false };
        const settings = launchOf(loaded.launch, options.launch ?? {});
        if (settings.engine === 'none') return runSweep(loaded, common, observing(options.observer, emit));
        if (loaded.pruning === 'asha' || loaded.pruning === 'median')
          throw new OrtrainError('config', `pruning: ${loaded.pruning} pauses folds in this process, and launch gives them to workers`, {
            subject: 'pruning',
            remedy: 'Set pruning: folds or none, or launch: { engine: none }.',
          });
        const { launch } = await import('../runner/launchers/index.ts');
        const launched = await launch(settings, {
          ...common,
          name: loaded.name,
          experiments: loaded.members.map((member) => member.loaded.experiment),
          onEvent: options.onLaunch ?? (() => {}),
        });
        const { elsewhere, atATime } = launched;
        return runSweep(loaded, { ...common, elsewhere, atATime }, observing(options.observer, emit)).finally(launched.close);
      }),
    options.onEvent,
  );
}
