import type { LoadedExperiment } from '../../config/index.ts';
import { aside } from '../../core/aside.ts';
import { moduleBeside } from '../../core/threads.ts';
import { hasLargeTables } from '../check/aside.ts';
import type { ExperimentPlan, PlanOptions } from './plan.ts';

/** Plans an experiment: in a thread of its own where the tables are large. A probe trains, and a thread that trains cannot be ended. */
export async function planExperiment(loaded: LoadedExperiment, options: PlanOptions): Promise<ExperimentPlan> {
  if (options.probe !== true && hasLargeTables(loaded.experiment))
    return aside(moduleBeside(import.meta.url, 'plan'), 'planExperiment', [loaded, options]);
  return (await import('./plan.ts')).planExperiment(loaded, options);
}
