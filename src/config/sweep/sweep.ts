import { basename, dirname, extname, resolve } from 'node:path';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import { check } from '../schema/check.ts';
import { complete } from '../schema/complete.ts';
import { readLayers, type Layers } from '../layers/layers.ts';
import { experimentOf, type LoadedExperiment } from '../load.ts';
import { isMetricOf, metricsOf, modeOf } from '../metric-names.ts';
import { usualRanking } from '../task-defaults.ts';
import { parseYaml } from '../yaml/parse.ts';
import { fileProblem, locateIn, readText, shownPath } from '../yaml/read-file.ts';
import type { Json } from '../schema/schema.ts';
import { emptyMap, plain, problemAt, valuePlace, withEntry, type MapTree } from '../yaml/tree.ts';
import { combinationOf, dimensionsOf, grid, randomTrials, type Combination, type SearchDimension, type Settings } from './combinations.ts';
import { launchProblems, type Launch } from './launch.ts';
import { memberName } from './names.ts';
import { intoNull, parametersOf, rangeProblems, sweepError } from './problems.ts';
import { sweepDefinition, sweepSchema } from './schema.ts';
import type { Swept } from './swept.ts';

/** Several experiments that differ in some parameters only, and the metric by which they are ranked. */
export interface Sweep {
  readonly name: string;
  /** Of the base configuration. */
  readonly base: string;
  readonly metric: string;
  readonly mode: 'min' | 'max';
  /** Paths of the swept parameters, in the order of the file. */
  readonly parameters: readonly string[];
  /** The experiments; of the strategy tpe those that are drawn at random before it has anything to learn from. */
  readonly members: readonly SweepMember[];
  /** How many there are in all. */
  readonly trials: number;
  readonly pruning: Settings['pruning'];
  /** Of the strategy tpe: what later trials are drawn from. */
  readonly search: {
    readonly seed: number;
    readonly space: readonly SearchDimension[];
    member(values: SweepMember['values']): SweepMember;
  } | null;
  readonly launch: Launch;
}

export interface SweepMember {
  readonly loaded: LoadedExperiment;
  /** Path to value of every swept parameter. */
  readonly values: Readonly<Record<string, Json>>;
}

/**
 * Reads a sweep: its base configuration once, and an experiment for every combination of values. `set` changes the base.
 * Throws a `config` error with all problems of the sweep and of its members, each told once.
 */
export function loadSweep(file: string, set: readonly string[] = []): Sweep {
  const path = resolve(file);
  const name = shownPath(path);
  const { tree, settings } = readSweep(path, name);
  const swept = [...parametersOf(tree)].map(([key, { key: place, value }]): Swept => ({ path: key, place, choices: value }));
  const twice = set.find((text) => swept.some((parameter) => text.slice(0, text.indexOf('=')).trim() === parameter.path));
  if (twice !== undefined)
    throw new OrtrainError('usage', `--set ${twice}: ${name} sweeps this parameter itself`, {
      subject: twice,
      remedy: 'Change the values in the sweep, or leave --set out.',
    });
  const base = resolve(dirname(path), settings.base);
  const layers = readLayers(base);
  const membersFor = (combinations: readonly Combination[]): readonly SweepMember[] =>
    membersOf(combinations, settings.name ?? nameOf(name), swept, (over) => experimentOf(layers, base, set, over), layers, name);
  const isLearning = settings.strategy === 'tpe';
  const trials = isLearning ? Math.min(settings.trials, STARTUP_TRIALS) : settings.trials;
  const members = membersFor(settings.strategy === 'grid' ? grid(swept, name) : randomTrials(swept, { ...settings, trials }, name));
  const [first] = members;
  if (first === undefined) throw new Error(`${name} has no members`);
  const metric = settings.metric ?? usualRanking(first.loaded.experiment);
  const unmeasured = members.map(({ loaded }) => loaded.experiment.task.name).find((task) => !isMetricOf(task, metric));
  if (unmeasured !== undefined)
    throw sweepError(name, [
      problemAt(
        valuePlace(tree, ['metric']),
        ['metric'],
        `metric is ${metric}, but the task ${unmeasured} measures ${metricsOf(unmeasured).join(', ')}`,
        usualRanking(first.loaded.experiment),
      ),
    ]);
  return {
    name: settings.name ?? nameOf(name),
    base: shownPath(base),
    metric,
    mode: modeOf(metric),
    parameters: swept.map((parameter) => parameter.path),
    members,
    trials: isLearning ? settings.trials : members.length,
    pruning: settings.pruning,
    search: isLearning
      ? {
          seed: settings.seed,
          space: dimensionsOf(swept),
          member: (values) => membersFor([combinationOf(swept, values)])[0] as SweepMember,
        }
      : null,
    launch: settings.launch,
  };
}

/** What tpe learns from first; Optuna begins with as many. */
const STARTUP_TRIALS = 10;

/** Whether a file is a sweep, rather than an experiment; false also where it cannot be read: loading it reports why. */
export function isSweep(file: string): boolean {
  const path = resolve(file);
  const content = readText(path);
  if ('refused' in content) return false;
  const { tree } = parseYaml(content.text, locateIn(shownPath(path), content.text));
  return tree?.kind === 'map' && tree.entries.has('parameters') && !isExperiment(tree);
}

function readSweep(path: string, name: string): { readonly tree: MapTree; readonly settings: Settings } {
  const content = readText(path);
  if ('refused' in content) throw sweepError(name, [fileProblem(name, content)]);
  const locate = locateIn(name, content.text);
  const parsed = parseYaml(content.text, locate);
  if (parsed.problems.length > 0) throw sweepError(name, parsed.problems);
  if (parsed.tree?.kind !== 'map')
    throw sweepError(name, [problemAt(locate(0, content.text.length), [], 'a sweep is a mapping with the keys base and parameters')]);
  if (isExperiment(parsed.tree))
    throw new OrtrainError('config', `${name} is an experiment, not a sweep`, {
      subject: name,
      remedy: `Run it with: pipeline run ${name}`,
    });
  const { tree, problems } = check(parsed.tree, sweepSchema);
  const settings = complete(withEntry(tree, ['parameters'], undefined), sweepDefinition);
  const missing = settings.missing.map((key): Problem => ({ file: name, message: `${key.join('.')} is missing`, field: key.join('.') }));
  const none = parametersOf(tree).size === 0 && problems.length === 0;
  const all = [
    ...problems,
    ...missing,
    ...(none ? [problemAt(valuePlace(tree, ['parameters']) ?? locate(0, 1), ['parameters'], 'parameters is empty')] : []),
    ...rangeProblems(tree),
    ...launchProblems(tree),
  ];
  if (all.length > 0) throw sweepError(name, all);
  return { tree, settings: plain(settings.tree) as unknown as Settings };
}

function isExperiment({ entries }: MapTree): boolean {
  return !entries.has('base') && !entries.has('parameters') && ['data', 'model', 'training', 'extends'].some((key) => entries.has(key));
}

function membersOf(
  combinations: readonly Combination[],
  sweep: string,
  swept: readonly Swept[],
  load: (over: MapTree) => LoadedExperiment,
  layers: Layers,
  file: string,
): readonly SweepMember[] {
  const members: SweepMember[] = [];
  const problems = new Map<string, Problem>(
    swept.flatMap((parameter) => intoNull(parameter, layers)).map((problem) => [JSON.stringify(problem), problem]),
  );
  for (const combination of problems.size > 0 ? [] : combinations) {
    const values = Object.fromEntries(combination.map(({ swept: { path }, value }) => [path, plain(value)]));
    try {
      members.push({ loaded: load(layerOf(combination, memberName(sweep, values))), values });
    } catch (error) {
      if (!(error instanceof OrtrainError) || error.problems.length === 0) throw error;
      for (const problem of error.problems) problems.set(JSON.stringify(problem), problem);
    }
  }
  if (problems.size > 0) throw sweepError(file, [...problems.values()]);
  return members;
}

/** One combination as a layer over the base, its places those in the sweep's file. */
function layerOf(combination: Combination, name: string): MapTree {
  const named: MapTree = withEntry(emptyMap, ['name'], {
    key: undefined,
    value: { kind: 'scalar', place: undefined, value: name, source: name },
  });
  return combination.reduce((layer, { swept: { path, place }, value }) => withEntry(layer, path.split('.'), { key: place, value }), named);
}

function nameOf(file: string): string {
  return basename(file, extname(file));
}
