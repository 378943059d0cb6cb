import { pathOf, type Experiment } from '../../config/index.ts';
import { aside } from '../../core/aside.ts';
import { moduleBeside } from '../../core/threads.ts';
import { isLarge } from '../../data/tables/index.ts';
import type { DataSizes } from './data.ts';
import type * as Here from './experiment.ts';
import type { ModelNotice } from './model.ts';

/*
 * What check-experiment.ts does, in a thread of its own where the tables are so large that Ctrl-C would have to wait for it.
 */

export function checkData(experiment: Experiment, signal?: AbortSignal): Promise<DataSizes> {
  return call('checkData', [experiment], signal);
}

export function inspectExperiment(experiment: Experiment, signal?: AbortSignal): ReturnType<typeof Here.inspectExperiment> {
  return call('inspectExperiment', [experiment], signal);
}

export function checkExperiment(experiment: Experiment, modelFolder: string, signal?: AbortSignal): Promise<readonly ModelNotice[]> {
  return call('checkExperiment', [experiment, modelFolder], signal);
}

export function hasLargeTables({ data }: Experiment): boolean {
  return isLarge(pathOf(data.train), pathOf(data.validation), pathOf(data.test), pathOf(data.sample_submission));
}

async function call<T>(name: keyof typeof Here, args: readonly [Experiment, ...unknown[]], signal: AbortSignal | undefined): Promise<T> {
  if (hasLargeTables(args[0])) return aside(moduleBeside(import.meta.url, 'experiment'), name, args, signal);
  const here = (await import('./experiment.ts')) as unknown as Readonly<Record<string, (...given: readonly unknown[]) => Promise<T>>>;
  return here[name]!(...args);
}
