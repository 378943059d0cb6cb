import { loadPipeline, OR, type Experiment, type LoadedExperiment, type Pipeline, type PipelineStage } from '../../config/index.ts';
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
  const active = pipeline.stages.flatMap(({ stage: name, foreach, when, place }): readonly PlacedStage[] => {
    const stage = stages[name];
    const isActive = when === undefined || isMet(experiment, when);
    return stage === undefined || !isActive ? [] : [{ stage, perFold: foreach === 'fold', place }];
  });
  const named = new Set(pipeline.stages.map(({ stage }) => stage));
  const planned = withFollowing(experiment, withImplied(experiment, active, named), named);
  const wrong = planned.flatMap((own, i) => [
    ...missingData(own.stage, experiment).map((message): Problem => ({ message, ...own.place })),
    ...inputProblems(own, planned.slice(0, i)).map((message): Problem => ({ message, ...own.place })),
  ]);
  if (wrong.length > 0)
    throw pipelineError(pipeline, wrong, 'Correct the places shown: a stage must come after the stages that make its inputs.');
  return planned;
}

interface PlacedStage extends PlannedStage {
  readonly place: PipelineStage['place'];
}

/** The stages, and before the first that needs it each that a pipeline need not name, unless it does. */
function withImplied(experiment: Experiment, active: readonly PlacedStage[], named: ReadonlySet<string>): readonly PlacedStage[] {
  const implied = Object.values(stages).filter((stage) => {
    return stage.isImplied === true && !named.has(stage.name) && missingData(stage, experiment).length === 0;
  });
  return implied.reduce((all, stage) => {
    const at = all.findIndex(({ stage: { needs } }) => Object.hasOwn(needs, stage.makes));
    const user = all[at];
    return user === undefined ? all : all.toSpliced(at, 0, { stage, perFold: false, place: user.place });
  }, active);
}

/** The stages, and after those that make its inputs each that a pipeline need not name, unless it does. */
function withFollowing(experiment: Experiment, active: readonly PlacedStage[], named: ReadonlySet<string>): readonly PlacedStage[] {
  const following = Object.values(stages).filter((stage) => {
    return stage.follows === true && !named.has(stage.name) && missingData(stage, experiment).length === 0;
  });
  return following.reduce((all, stage) => {
    const kinds = Object.entries(stage.needs).flatMap(([kind, need]) => (need === 'optional' ? [] : [kind]));
    const makers = kinds.map((kind) => all.findLastIndex((own) => own.stage.makes === kind));
    const last = all[Math.max(...makers)];
    return last === undefined || makers.includes(-1)
      ? all
      : all.toSpliced(Math.max(...makers) + 1, 0, { stage, perFold: false, place: last.place });
  }, active);
}

function missingData({ name, requires }: Stage, experiment: Experiment): readonly string[] {
  if (requires === undefined || Boolean(valueAt(experiment, requires))) return [];
  return [`the stage ${name} needs ${requires}, which the experiment does not have; with when: ${requires} it runs only where it has`];
}

/** `plannedStages`, for what it throws: before anything is paid for. */
export function requireStages({ experiment }: LoadedExperiment): void {
  plannedStages(experiment, loadPipeline(experiment.pipeline));
}

function unknownStage({ stage, place }: PipelineStage): Problem {
  const near = nearest(stage, Object.keys(stages));
  return { message: `there is no stage ${stage}`, ...place, ...(near === undefined ? {} : { suggestion: near }) };
}

function inputProblems({ stage, perFold }: PlannedStage, before: readonly PlannedStage[]): readonly string[] {
  const isOfFold = Object.values(stage.publishes).some((place) => place.includes('{fold}'));
  if (isOfFold && !perFold) return [`the stage ${stage.name} runs for each fold, so it needs foreach: fold`];
  return Object.entries(stage.needs).flatMap(([kind, need]) => whyNoInput(kind, need, before, stage.name, perFold) ?? []);
}

function whyNoInput(kind: string, need: Need, before: readonly PlannedStage[], name: string, perFold: boolean): string | undefined {
  if (need === 'optional' || need === 'any') return undefined;
  const maker = before.find(({ stage }) => stage.makes === kind);
  if (maker === undefined) {
    const known = Object.values(stages).find(({ makes }) => makes === kind)?.name ?? 'no stage';
    return `the stage ${name} needs ${kind}, which ${known} makes, and that does not run before it`;
  }
  return (need === 'one' || need === 'source') && maker.perFold && !perFold
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

/** `when`: a path, or several with `or` between them. */
function isMet(experiment: Experiment, when: string): boolean {
  return when.split(OR).some((path) => Boolean(valueAt(experiment, path)));
}

function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | null)?.[key], experiment);
}
