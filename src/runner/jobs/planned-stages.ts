import { loadPipeline, type Experiment, type LoadedExperiment, type Pipeline, type PipelineStage } from '../../config/index.ts';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { stages, type Need, type Stage } from '../../stages/index.ts';

export interface PlannedStage {
  readonly stage: Stage;
  readonly perFold: boolean;
}

/**
 * The stages that an experiment goes through. Throws a `config` error with the places of all stages that do not exist, or else of
 * all that should run for each fold and do not, or whose inputs no stage before them makes.
 */
export function plannedStages(experiment: Experiment, pipeline: Pipeline): readonly PlannedStage[] {
  const unknown = pipeline.stages.filter(({ stage }) => !Object.hasOwn(stages, stage));
  if (unknown.length > 0) throw pipelineError(pipeline, unknown.map(unknownStage), `The stages are ${Object.keys(stages).join(', ')}.`);
  const active = pipeline.stages.filter(({ when }) => when === undefined || Boolean(valueAt(experiment, when)));
  const planned = active.map(({ stage, foreach }): PlannedStage => ({ stage: stages[stage]!, perFold: foreach === 'fold' }));
  const unmade = active.flatMap(({ place }, i) => inputProblems(planned, i).map((message): Problem => ({ message, ...place })));
  if (unmade.length > 0)
    throw pipelineError(pipeline, unmade, 'Correct the places shown: a stage that makes something stands before those that need it.');
  return planned;
}

/** `plannedStages`, for what it throws: before anything is paid for. */
export function requireStages({ experiment }: LoadedExperiment): void {
  plannedStages(experiment, loadPipeline(experiment.pipeline));
}

function unknownStage({ stage, place }: PipelineStage): Problem {
  const near = nearest(stage, Object.keys(stages));
  return { message: `there is no stage ${stage}`, ...place, ...(near === undefined ? {} : { suggestion: near }) };
}

function inputProblems(planned: readonly PlannedStage[], at: number): readonly string[] {
  const { stage, perFold } = planned[at]!;
  const isOfFold = Object.values(stage.publishes).some((place) => place.includes('{fold}'));
  if (isOfFold && !perFold) return [`the stage ${stage.name} runs for each fold, so it needs foreach: fold`];
  return Object.entries(stage.needs).flatMap(([kind, need]) => whyNoInput(kind, need, planned.slice(0, at), stage.name, perFold) ?? []);
}

function whyNoInput(kind: string, need: Need, before: readonly PlannedStage[], name: string, perFold: boolean): string | undefined {
  if (need === 'optional') return undefined;
  const maker = before.find(({ stage }) => stage.makes === kind);
  if (maker === undefined) {
    const known = Object.values(stages).find(({ makes }) => makes === kind)?.name ?? 'no stage';
    return `the stage ${name} needs ${kind}, which ${known} makes, and that does not run before it`;
  }
  return need === 'one' && maker.perFold && !perFold
    ? `the stage ${name} runs once and needs ${kind}, but ${maker.stage.name} makes these for each fold`
    : undefined;
}

function pipelineError({ file }: Pipeline, problems: readonly Problem[], remedy: string): OrtrainError {
  return new OrtrainError('config', `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`, {
    subject: file,
    problems,
    remedy,
  });
}

function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | null)?.[key], experiment);
}
