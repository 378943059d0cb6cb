import type { Listener } from '../core/events.ts';
import type { ExperimentPlan, PlannedTogether } from '../runner/plan/index.ts';
import { checkOptions, checkOverrides } from './arguments.ts';
import { placedIn, placedSource, type ExperimentSource } from './experiments.ts';
import type { RunLimits } from './run.ts';
import { artifactsOf, within } from './surroundings.ts';

export interface PlanOptions extends RunLimits {
  /** Time a few batches now, for at most about 20 s, instead of using earlier runs. */
  readonly probe?: boolean;
  /** Hears which experiment is being timed. */
  readonly onNotice?: Listener<string>;
}

/** Plans of several experiments, or of those of a sweep, and what they take together. */
export interface PlanOfAll {
  readonly plans: readonly ExperimentPlan[];
  readonly together: PlannedTogether;
}

/**
 * What a run would do and take, without doing it: every job and whether its output is in the cache, the exact numbers of steps and tokens,
 * memory, disk space and time. Fetches the model where it is not in the cache. Throws as `run` does.
 */
export async function plan(experiment: ExperimentSource, options: PlanOptions = {}): Promise<ExperimentPlan> {
  const { plans } = await planAll([experiment], options);
  const [first] = plans;
  if (first === undefined) throw new Error('there is no plan of the experiment');
  return first;
}

/** `plan` of several experiments; a file may also be a sweep, which stands for its experiments. */
export function planAll(experiments: readonly ExperimentSource[], options: PlanOptions = {}): Promise<PlanOfAll> {
  return within(options, async () => {
    checkOptions(options);
    checkOverrides(options.overrides);
    const { loadWithSweeps } = await import('../runner/load-experiments.ts');
    const { planExperiment, plannedTogether } = await import('../runner/plan/index.ts');
    const { overrides = [], name, cwd, device = 'auto', until, force, probe = false, onNotice = () => {} } = options;
    const ready = loadWithSweeps(
      experiments.map((source) => placedSource(source, cwd)),
      { set: overrides, name, ...(cwd === undefined ? {} : { place: (experiment) => placedIn(cwd, experiment) }) },
    );
    const plans: ExperimentPlan[] = [];
    for (const each of ready) {
      if (probe) onNotice(`timing a few batches of ${each.experiment.name}`);
      const limits = { ...(until === undefined ? {} : { until }), ...(force === undefined ? {} : { force }) };
      plans.push(await planExperiment(each, { artifacts: artifactsOf(options), device, probe, ...limits }));
    }
    return { plans, together: plannedTogether(plans) };
  });
}
