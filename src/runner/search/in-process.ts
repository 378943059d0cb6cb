import { randomUUID } from 'node:crypto';
import type { Sweep } from '../../config/index.ts';
import type { Command } from '../../core/events.ts';
import { variables } from '../../core/variables.ts';
import { givenExperimentName, openTracker } from '../../tracking/mlflow/index.ts';
import { outcomeOf, type RunAllOptions, type RunsObserver } from '../run-all.ts';
import type { Trial, TrialOutcome, TrialRunner } from './trial.ts';

export type InProcessOptions = Omit<RunAllOptions, 'commandName' | 'continuesAfter' | 'metric' | 'signal' | 'extent'>;

/** Carries out trials one after the other in this process, their journals on the way to MLflow. */
export function inProcessRunner(
  { name, metric, members }: Pick<Sweep, 'name' | 'metric' | 'members'>,
  options: InProcessOptions,
  observer: Pick<RunsObserver, 'follow' | 'onNotice'>,
): TrialRunner {
  const tracker = openTracker(variables(), observer.onNotice);
  const commandOf = commands(name, members.length);
  return {
    slots: 1,
    async run({ loaded }, part, signal): Promise<TrialOutcome> {
      const runnerOptions = { ...options, signal, tracker, command: commandOf(loaded), ...(part === undefined ? {} : { extent: part }) };
      const outcome = await outcomeOf(loaded, runnerOptions, observer, metric);
      if ('error' in outcome) return { kind: 'failed', error: outcome.error };
      const { run } = outcome;
      return part === undefined ? { kind: 'complete', run } : { kind: 'partial', training: run.training, seconds: run.seconds };
    },
    close: () => tracker.close(),
  };
}

/** Trials that go to one experiment on the tracking server are shown together there, under the sweep's name. */
function commands(name: string, size: number): (loaded: Trial['loaded']) => Command {
  const ids = new Map<string | undefined, string>();
  return ({ experiment }) => {
    const group = givenExperimentName(experiment, variables());
    const id = ids.get(group) ?? randomUUID();
    ids.set(group, id);
    return { id, name, size };
  };
}
