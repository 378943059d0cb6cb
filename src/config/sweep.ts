import { basename, dirname, extname, resolve } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { RandomState, seedFor } from '../core/random.ts';
import { sha256 } from '../core/hash.ts';
import { check } from './check.ts';
import { complete } from './complete.ts';
import { experimentDefinition } from './experiment.ts';
import { readLayers, type Layers } from './layers.ts';
import { experimentOf, type LoadedExperiment } from './load.ts';
import { parseYaml } from './parse.ts';
import { fileProblem, locateIn, readText, shownPath } from './read-file.ts';
import { sweepDefinition, sweepSchema } from './sweep-schema.ts';
import { schemaAt, typesOf, type Json, type Value } from './schema.ts';
import { emptyMap, plain, problemAt, subtree, valuePlace, withEntry, type MapTree, type Place, type Tree } from './tree.ts';

/** Several experiments that differ in some parameters only, and the metric by which they are ranked. */
export interface Sweep {
  readonly name: string;
  /** Of the base configuration. */
  readonly base: string;
  readonly metric: string;
  readonly mode: 'min' | 'max';
  /** Paths of the swept parameters, in the order of the file. */
  readonly parameters: readonly string[];
  readonly members: readonly SweepMember[];
}

export interface SweepMember {
  readonly loaded: LoadedExperiment;
  /** Path to value of every swept parameter. */
  readonly values: Readonly<Record<string, Json>>;
}

/** More would be a mistake: a grid of six parameters with four values each has 4,096. */
const MOST_MEMBERS = 1000;

/**
 * Reads a sweep: its base configuration once, and an experiment for every combination of values. `set` changes the base.
 * Throws a `config` error with all problems of the sweep and of its members, each told once.
 */
export function loadSweep(file: string, set: readonly string[] = []): Sweep {
  const path = resolve(file);
  const name = shownPath(path);
  const { tree, settings } = readSweep(path, name);
  const swept = [...mapAt(tree, 'parameters').entries].map(([key, { key: place, value }]): Swept => ({ path: key, place, choices: value }));
  const twice = set.find((text) => swept.some((parameter) => text.slice(0, text.indexOf('=')).trim() === parameter.path));
  if (twice !== undefined) throw new OrtrainError('usage', `--set ${twice}: ${name} sweeps this parameter itself`, { subject: twice, remedy: 'Change the values in the sweep, or leave --set out.' });
  const base = resolve(dirname(path), settings.base);
  const layers = readLayers(base);
  const combinations = settings.strategy === 'grid' ? grid(swept, name) : randomTrials(swept, settings, name);
  const members = membersOf(combinations, settings.name ?? nameOf(name), swept, (over) => experimentOf(layers, base, set, over), layers, name);
  const metric = settings.metric;
  return { name: settings.name ?? nameOf(name), base: shownPath(base), metric, mode: metric.includes('/loss') ? 'min' : 'max', parameters: swept.map((parameter) => parameter.path), members };
}

interface Swept {
  readonly path: string;
  readonly place: Place | undefined;
  /** A list of values, or a range. */
  readonly choices: Tree;
}

type Settings = Value<typeof sweepDefinition>;

/** One value a parameter. */
type Combination = readonly { readonly swept: Swept; readonly value: Tree }[];

function readSweep(path: string, name: string): { readonly tree: MapTree; readonly settings: Settings } {
  const content = readText(path);
  if ('refused' in content) throw refusal(name, [fileProblem(name, content)]);
  const locate = locateIn(name, content.text);
  const parsed = parseYaml(content.text, locate);
  if (parsed.problems.length > 0) throw refusal(name, parsed.problems);
  if (parsed.tree?.kind !== 'map') throw refusal(name, [problemAt(locate(0, content.text.length), [], 'a sweep is a mapping with the keys base and parameters')]);
  const { tree, problems } = check(parsed.tree, sweepSchema);
  const settings = complete(withEntry(tree, ['parameters'], undefined), sweepDefinition);
  const missing = settings.missing.map((key): Problem => ({ file: name, message: `${key.join('.')} is missing`, field: key.join('.') }));
  const none = mapAt(tree, 'parameters').entries.size === 0 && problems.length === 0;
  const all = [...problems, ...missing, ...(none ? [problemAt(valuePlace(tree, ['parameters']) ?? locate(0, 1), ['parameters'], 'parameters names nothing to sweep')] : []), ...rangeProblems(tree)];
  if (all.length > 0) throw refusal(name, all);
  return { tree, settings: plain(settings.tree) as unknown as Settings };
}

/** What the schema cannot say of ranges. */
function rangeProblems(tree: MapTree): readonly Problem[] {
  const isRandom = subtree(tree, ['strategy'])?.kind === 'scalar' && plain(subtree(tree, ['strategy']) as Tree) === 'random';
  return [...mapAt(tree, 'parameters').entries].flatMap(([key, { key: place, value }]): readonly Problem[] => {
    if (value.kind !== 'map') return [];
    const at = (message: string): Problem => problemAt(place, ['parameters', key], message);
    const range = plain(value) as unknown as Partial<Range>;
    if (!isRandom) return [at(`a range is drawn from at random, and the strategy is grid; list the values of ${key}, or set strategy: random`)];
    if (range.min === undefined || range.max === undefined) return [at(`a range has min and max; ${key} lacks ${range.min === undefined ? 'min' : 'max'}`)];
    if (range.min >= range.max) return [at(`the range of ${key} is empty: its min is ${range.min}, its max ${range.max}`)];
    return range.scale === 'log' && range.min <= 0 ? [at(`a range on a log scale starts above 0, that of ${key} at ${range.min}`)] : [];
  });
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly scale?: 'linear' | 'log';
}

/** Every combination; the last parameter changes fastest. */
function grid(swept: readonly Swept[], name: string): readonly Combination[] {
  const size = swept.reduce((product, { choices }) => product * (choices.kind === 'list' ? choices.items.length : 1), 1);
  if (size > MOST_MEMBERS) throw refusal(name, [problemAt(swept[0]?.place, ['parameters'], `the grid has ${size} experiments; a sweep has at most ${MOST_MEMBERS}`, 'strategy: random')]);
  return swept.reduce<readonly Combination[]>(
    (combinations, parameter) => combinations.flatMap((combination) => (parameter.choices.kind === 'list' ? parameter.choices.items : []).map((value) => [...combination, { swept: parameter, value }])),
    [[]],
  );
}

/** Trial i is the same however many there are, so that a sweep can be made longer later. */
function randomTrials(swept: readonly Swept[], { trials, seed }: Settings, name: string): readonly Combination[] {
  const seen = new Set<string>();
  const combinations: Combination[] = [];
  for (let trial = 0; combinations.length < trials && trial < trials * 20; trial += 1) {
    const random = new RandomState(seedFor(seed, 'sweep', trial));
    const combination = swept.map((parameter) => ({ swept: parameter, value: draw(parameter, random) }));
    const key = JSON.stringify(combination.map(({ value }) => plain(value)));
    if (!seen.has(key)) combinations.push(combination);
    seen.add(key);
  }
  if (combinations.length === 0) throw refusal(name, [problemAt(swept[0]?.place, ['parameters'], 'there is nothing to draw from')]);
  return combinations;
}

function draw({ path, place, choices }: Swept, random: RandomState): Tree {
  if (choices.kind === 'list') return choices.items[random.integer(0, choices.items.length)] as Tree;
  const { min, max, scale } = plain(choices) as unknown as Range;
  const isWhole = isInteger(path);
  const [low, high] = isWhole ? [min, max + 1] : [min, max];
  const drawn = scale === 'log' ? Math.exp(random.uniform(Math.log(low), Math.log(high))) : random.uniform(low, high);
  // Three digits say all that a random rate has to say, and read well in the run's name.
  const value = isWhole ? Math.floor(drawn) : Number(drawn.toPrecision(3));
  return { kind: 'scalar', place, value, source: String(value) };
}

function isInteger(path: string): boolean {
  const schema = schemaAt(experimentDefinition, path.split('.'));
  return schema !== undefined && typesOf(schema).includes('integer');
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
  const problems = new Map<string, Problem>(swept.flatMap((parameter) => intoNull(parameter, layers)).map((problem) => [JSON.stringify(problem), problem]));
  for (const combination of problems.size > 0 ? [] : combinations) {
    const values = Object.fromEntries(combination.map(({ swept: { path }, value }) => [path, plain(value)]));
    try {
      members.push({ loaded: load(layerOf(combination, memberName(sweep, values))), values });
    } catch (error) {
      if (!(error instanceof OrtrainError) || error.problems.length === 0) throw error;
      for (const problem of error.problems) problems.set(JSON.stringify(problem), problem);
    }
  }
  if (problems.size > 0) throw refusal(file, [...problems.values()]);
  return members;
}

/** One combination as a layer over the base, its places those in the sweep's file. */
function layerOf(combination: Combination, name: string): MapTree {
  const named: MapTree = withEntry(emptyMap, ['name'], { key: undefined, value: { kind: 'scalar', place: undefined, value: name, source: name } });
  return combination.reduce((layer, { swept: { path, place }, value }) => withEntry(layer, path.split('.'), { key: place, value }), named);
}

/** A parameter inside an object that the base has set to null: somebody switched it off on purpose. */
function intoNull({ path, place }: Swept, { tree }: Layers): readonly Problem[] {
  const keys = path.split('.');
  const above = keys.slice(0, -1).map((_, depth) => keys.slice(0, depth + 1));
  const off = above.find((prefix) => {
    const node = subtree(tree, prefix);
    return node?.kind === 'scalar' && node.value === null;
  });
  return off === undefined ? [] : [problemAt(place, ['parameters', path], `${off.join('.')} is null in the base configuration, so ${path} cannot be swept`)];
}

/** `heads+dense=64+lr=0.001`: the same for the same values, whatever else the sweep holds. */
function memberName(sweep: string, values: Readonly<Record<string, Json>>): string {
  const parts = Object.entries(values).map(([path, value]) => `${shortName(path, Object.keys(values))}=${valueInName(value)}`);
  const name = [sweep, ...parts].join('+');
  return name.length <= LONGEST_NAME ? name : `${sweep}+${sha256(JSON.stringify(values)).slice(0, 12)}`;
}

const LONGEST_NAME = 100;

/** The path's last keys, as many as tell it apart from the others. */
function shortName(path: string, paths: readonly string[]): string {
  const keys = path.split('.');
  const lengths = keys.map((_, i) => i + 1);
  const enough = lengths.find((length) => paths.filter((other) => `.${other}`.endsWith(`.${keys.slice(-length).join('.')}`)).length === 1) ?? keys.length;
  return keys.slice(-enough).join('.');
}

/** Characters that may stand in a run's name. */
function valueInName(value: Json): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item: Json) => valueInName(item)).join(',');
  const text = typeof value === 'object' && value !== null ? Object.values(value).map((item: Json) => valueInName(item)).join(',') : String(value);
  return text.replaceAll(/[^\p{L}\p{N}_+=@,.-]+/gu, '_').replaceAll(/\.{2,}/g, '.').replace(/\.$/, '');
}

function nameOf(file: string): string {
  return basename(file, extname(file));
}

function mapAt(tree: MapTree, key: string): MapTree {
  const value = tree.entries.get(key)?.value;
  return value?.kind === 'map' ? value : emptyMap;
}

function refusal(file: string, problems: readonly Problem[]): OrtrainError {
  const message = `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`;
  return new OrtrainError('config', message, { subject: file, problems, remedy: `Correct the places shown; \`pipeline schema --of sweep\` lists every key, and every parameter that can be swept.` });
}
