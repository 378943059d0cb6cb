import { basename, extname } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { required } from '../core/values.ts';
import { check } from './schema/check.ts';
import { complete } from './schema/complete.ts';
import { experimentDefinition, type Experiment } from './experiment.ts';
import { givenTree, type ExperimentConfig, type PartOf } from './given.ts';
import { GIVEN, readLayers, type Layers } from './layers/layers.ts';
import { merge } from './layers/merge.ts';
import { nameLayer, withOverrides } from './layers/overrides.ts';
import { shownPath } from './yaml/read-file.ts';
import { conflicts } from './rules.ts';
import { withTaskDefaults } from './task-defaults.ts';
import { dotted, schemaAt, type Path } from './schema/schema.ts';
import { emptyMap, plain, problemAt, valuePlace, withEntry, type MapTree, type Place, type Tree } from './yaml/tree.ts';

export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** Where the value of each leaf, such as `training.optimizer.lr`, was written, or that it is the default. */
  readonly sources: Readonly<Record<string, Place | 'default'>>;
  /** The file and all that it extends, the file first. */
  readonly files: readonly string[];
}

export type Overrides = readonly string[] | PartOf<Experiment>;

export interface LoadOptions {
  /** `a.b=value`, in YAML syntax, or part of an experiment; they override the files. */
  readonly set?: Overrides;
  /** Overrides `name` everywhere else. */
  readonly name?: string | undefined;
}

/**
 * Reads a configuration, a file or what a program has given: its layers, the overrides, the defaults, and every check that needs neither
 * data nor model. Throws a `config` error with all problems of all layers.
 */
export function loadExperiment(source: string | ExperimentConfig, options: LoadOptions = {}): LoadedExperiment {
  const layers = readLayers(typeof source === 'string' ? source : givenTree(source, GIVEN));
  const name = typeof source === 'string' ? source : GIVEN;
  return experimentOf(layers, name, options.set ?? [], options.name === undefined ? emptyMap : nameLayer(options.name));
}

/** The experiment of layers that have been read, under the overrides, under one more checked layer. */
export function experimentOf(layers: Layers, file: string, set: Overrides, top: MapTree): LoadedExperiment {
  const below = withOverrides(file === GIVEN ? layers.tree : withName(layers.tree, file), set);
  const overridden = { ...below, tree: merge(below.tree, top, experimentDefinition) };
  const completed = complete(withTaskDefaults(overridden.tree), experimentDefinition);
  const { tree, problems: wrong } = check(completed.tree, experimentDefinition);
  const origin = file === GIVEN ? undefined : (layers.files[0] ?? file);
  const problems = distinct([
    ...layers.problems,
    ...overridden.problems,
    ...wrong,
    ...(layers.whole ? completed.missing.map((path) => missingKey(tree, path, origin)) : []),
  ]);
  const isComplete = wrong.length === 0 && completed.missing.length === 0;
  const all = isComplete ? [...problems, ...conflicts(asExperiment(tree), tree)] : problems;
  if (all.length > 0) throw refusal(file === GIVEN ? file : shownPath(file), inReadingOrder(all, layers.files));
  const experiment = asExperiment(tree);
  return { experiment: frozen(experiment), sources: Object.fromEntries(sourcesOf(tree)), files: layers.files };
}

/** The experiment of a file, without overrides. */
export function readExperiment(file: string): Experiment {
  return loadExperiment(file).experiment;
}

/** The schema has accepted the tree and nothing is missing, so it is a value of the type that the schema describes. */
function asExperiment(tree: MapTree): Experiment {
  return plain(tree) as unknown as Experiment;
}

/** The file's own name where no layer and no override gives one, if it can name a folder. */
function withName(tree: MapTree, file: string): MapTree {
  const name = basename(file, extname(file));
  const pattern = required(schemaAt(experimentDefinition, ['name'])?.pattern, 'pattern of the name');
  if (tree.entries.has('name') || !new RegExp(pattern, 'u').test(name)) return tree;
  return withEntry(tree, ['name'], { key: undefined, value: { kind: 'scalar', place: undefined, value: name, source: name } });
}

function missingKey(tree: MapTree, path: Path, file: string | undefined): Problem {
  const about = schemaAt(experimentDefinition, path)?.description ?? '';
  const message = `${dotted(path)} is missing: ${about.charAt(0).toLowerCase()}${about.slice(1).replace(/\.$/, '')}`;
  return { ...(file === undefined ? {} : { file }), ...problemAt(valuePlace(tree, path), path, message) };
}

function refusal(file: string, problems: readonly Problem[]): OrtrainError {
  const unread = problems[0]?.file === file && problems[0].line === undefined && problems.length === 1;
  const message = unread
    ? (problems[0]?.message ?? '')
    : `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`;
  return new OrtrainError('config', message, {
    subject: file,
    problems,
    ...(unread ? {} : { remedy: 'Correct the places shown; `pipeline schema` lists every key with its meaning.' }),
  });
}

/** A value that is wrong in its layer is still wrong after the merge; it is told once. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const key = ({ file, line, column, field, message }: Problem): string =>
    line === undefined && column === undefined ? JSON.stringify([file, field, message]) : JSON.stringify([file, line, column, field]);
  const firsts = new Map([...problems].reverse().map((problem) => [key(problem), problem]));
  return problems.filter((problem) => firsts.get(key(problem)) === problem);
}

function inReadingOrder(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const rank = ({ file }: Problem): number => {
    const index = files.indexOf(file ?? '');
    return index === -1 ? files.length : index;
  };
  return [...problems].sort((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function sourcesOf(tree: Tree, path: Path = []): readonly (readonly [string, Place | 'default'])[] {
  if (tree.kind === 'map')
    return [...tree.entries].flatMap(([key, entry]) =>
      sourcesOf(entry.value.kind === 'map' ? entry.value : { ...entry.value, place: entry.value.place ?? entry.key }, [...path, key]),
    );
  return [[dotted(path), tree.place ?? 'default']];
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}
