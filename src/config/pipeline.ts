import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { packageFolder } from '../core/package.ts';
import { check } from './schema/check.ts';
import { complete } from './schema/complete.ts';
import { experimentDefinition } from './experiment.ts';
import { parseYaml } from './yaml/parse.ts';
import { pipelineDefinition } from './pipeline-definition.ts';
import { locateIn, readText, shownPath, type Refused } from './yaml/read-file.ts';
import { dotted, pathsOf, schemaAt, type Value } from './schema/schema.ts';
import { likelyWord } from './schema/suggest.ts';
import { emptyMap, plain, problemAt, valuePlace, type MapTree, type Place } from './yaml/tree.ts';

/** What can be run: stages in order. */
export interface Pipeline {
  readonly name: string;
  /** As a person would write it. */
  readonly file: string;
  readonly stages: readonly PipelineStage[];
}

export interface PipelineStage {
  readonly stage: string;
  /** Present where the stage runs once a fold. */
  readonly foreach?: 'fold';
  /** Paths of the configuration, with `OR` between them; the stage is left out where all values are null, false, 0 or empty. */
  readonly when?: string;
  /** Where its name stands. */
  readonly place?: Place;
}

/** Between the paths of `when`. */
export const OR = ' or ';

/** Whether it names a file of the package's pipelines folder; anything else is a path. */
export function isPipelineName(pipeline: string): boolean {
  return /^[\w-]+$/.test(pipeline);
}

/**
 * Reads a pipeline: a bare name is a file of the package's pipelines folder, anything else the path of a YAML file. Throws a
 * `config` error with all problems; where there is no such pipeline, that stands at `source`, the place of its name.
 */
export function loadPipeline(pipeline: string, source: Place | 'default' = 'default'): Pipeline {
  const isName = isPipelineName(pipeline);
  const path = isName ? resolve(pipelinesFolder(), `${pipeline}.yaml`) : resolve(pipeline);
  const file = shownPath(path);
  const content = readText(path);
  if ('refused' in content) {
    const place = source === 'default' ? undefined : source;
    throw isName ? unknownPipeline(pipeline, place) : unreadablePipeline(file, content, place);
  }
  const locate = locateIn(file, content.text);
  const parsed = parseYaml(content.text, locate);
  const notMapping = parsed.problems.length === 0 && parsed.tree?.kind !== 'map';
  const root = parsed.tree?.kind === 'map' ? parsed.tree : emptyMap;
  const checked = check(root, pipelineDefinition);
  const { tree, missing } = complete(checked.tree, pipelineDefinition);
  const absent = missing.map((key): Problem => ({ file, ...problemAt(valuePlace(tree, key), key, `${dotted(key)} is missing`) }));
  const problems = [
    ...parsed.problems,
    ...(notMapping
      ? [problemAt(locate(0, content.text.length), [], 'a pipeline is a mapping with the keys name and stages')]
      : [...checked.problems, ...(parsed.tree === undefined ? [] : absent)]),
  ];
  const value = problems.length === 0 ? asPipeline(tree) : undefined;
  const all = value === undefined ? problems : stageProblems(value, tree);
  if (value === undefined || all.length > 0) {
    throw new OrtrainError('config', `${file} has ${all.length === 1 ? 'a problem' : `${all.length} problems`}`, {
      subject: file,
      problems: all,
    });
  }
  return { name: value.name, file, stages: value.stages.map((stage, i) => stageOf(stage, valuePlace(tree, ['stages', i, 'stage']))) };
}

/** The schema has accepted the tree, so it is a value of the type that the schema describes. */
function asPipeline(tree: MapTree): Value<typeof pipelineDefinition> {
  return plain(tree) as unknown as Value<typeof pipelineDefinition>;
}

function stageOf({ stage, foreach, when }: Value<typeof pipelineDefinition>['stages'][number], place: Place | undefined): PipelineStage {
  return { stage, ...(foreach === null ? {} : { foreach }), ...(when === null ? {} : { when }), ...(place === undefined ? {} : { place }) };
}

function stageProblems({ stages }: Value<typeof pipelineDefinition>, tree: MapTree): readonly Problem[] {
  const paths = pathsOf(experimentDefinition).map(dotted);
  return stages.flatMap(({ stage, when }, index) => {
    const found: Problem[] = [];
    if (stages.findIndex((earlier) => earlier.stage === stage) < index) {
      const path = ['stages', index, 'stage'];
      found.push(problemAt(valuePlace(tree, path), path, `the stage ${stage} is listed twice`));
    }
    for (const key of when?.split(OR) ?? []) {
      if (schemaAt(experimentDefinition, key.split('.')) !== undefined) continue;
      const path = ['stages', index, 'when'];
      found.push(problemAt(valuePlace(tree, path), path, `the configuration has no key ${key}`, likelyWord(key, paths)));
    }
    return found;
  });
}

/** Beside src/ in a checkout, beside dist/ in the package. */
const pipelinesFolder = (): string => join(packageFolder(), 'pipelines');

function unknownPipeline(name: string, place: Place | undefined): OrtrainError {
  const names = readdirSync(pipelinesFolder()).filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length));
  const message = `there is no pipeline ${name}`;
  return new OrtrainError('config', message, {
    subject: name,
    problems: [problemAt(place, ['pipeline'], message, likelyWord(name, names))],
    remedy: `Available pipelines: ${names.join(', ')}. A path to a YAML file works too.`,
  });
}

function unreadablePipeline(file: string, { refused, at, suggestion }: Refused, place: Place | undefined): OrtrainError {
  const message = `the pipeline ${file} ${refused}${at === undefined ? '' : ` (line ${at})`}`;
  return new OrtrainError('config', message, { subject: file, problems: [problemAt(place, ['pipeline'], message, suggestion)] });
}
