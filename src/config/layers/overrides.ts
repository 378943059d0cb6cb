import type { Problem } from '../../core/errors.ts';
import { check } from '../schema/check.ts';
import { experimentDefinition } from '../experiment.ts';
import { givenTree } from '../given.ts';
import { merge } from './merge.ts';
import { parseYaml } from '../yaml/parse.ts';
import { emptyMap, problemAt, subtree, valuePlace, withEntry, type MapTree, type Place, type Tree } from '../yaml/tree.ts';

/**
 * Puts `a.b=value` texts, or a part of an experiment, over a configuration, together one more layer; of two texts for the same path the
 * later one holds, and a path into an object that a file has set to null is refused: somebody switched it off on purpose.
 */
export function withOverrides(tree: MapTree, given: readonly string[] | object): Overridden {
  return isTexts(given) ? withTexts(tree, given) : withObject(tree, givenTree(given, 'the overrides'));
}

interface Overridden {
  readonly tree: MapTree;
  readonly problems: readonly Problem[];
}

const isTexts = (given: readonly string[] | object): given is readonly string[] => Array.isArray(given);

function withObject(tree: MapTree, over: MapTree): Overridden {
  const checked = check(over, experimentDefinition);
  return { tree: merge(tree, checked.tree, experimentDefinition), problems: checked.problems };
}

function withTexts(tree: MapTree, texts: readonly string[]): Overridden {
  const overrides = texts.map(parseOverride);
  const layer = overrides.map((override) => override.tree).reduce((base, over) => merge(base, over, experimentDefinition), emptyMap);
  const checked = check(layer, experimentDefinition);
  const intoNull = overrides.flatMap(({ keys }) => intoNullProblems(tree, keys, overrides));
  const problems = [...overrides.flatMap((override) => override.problems), ...checked.problems, ...intoNull];
  return { tree: merge(tree, checked.tree, experimentDefinition), problems };
}

/** Overrides as `a.b=value` texts. JSON is YAML. Throws a `config` error for what no YAML file could hold. */
export function asSettings(given: readonly string[] | object): readonly string[] {
  if (isTexts(given)) return given;
  givenTree(given, 'the overrides'); // JSON writes NaN as null, and leaves functions out
  return Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${JSON.stringify(value)}`]));
}

/** The layer of `--name`: a text as it stands, whatever YAML would make of it. */
export function nameLayer(name: string): MapTree {
  const place: Place = { file: '--name', column: 1, width: Math.max(1, characters(name)), snippet: name };
  return withEntry(emptyMap, ['name'], { key: place, value: { kind: 'scalar', place, value: name, source: name } });
}

interface PathKey {
  readonly key: string;
  readonly place: Place;
}

interface Override {
  readonly keys: readonly PathKey[];
  /** Its value, inside a map for each key of its path. */
  readonly tree: MapTree;
  readonly problems: readonly Problem[];
}

function parseOverride(text: string): Override {
  const place = (start: number, end: number): Place => ({
    file: '--set',
    column: characters(text.slice(0, start)) + 1,
    width: Math.max(1, characters(text.slice(start, end))),
    snippet: text,
  });
  const refuse = (message: string, end: number): Override => ({
    keys: [],
    tree: emptyMap,
    problems: [problemAt(place(0, end), [], message)],
  });

  const equals = text.indexOf('=');
  if (equals === -1) return refuse('an override has the form path=value, as in training.epochs=3', text.length);
  let start = 0;
  const keys = text.slice(0, equals).split('.').map((written): PathKey => {
    const key = { key: written.trim(), place: place(start, start + written.length) };
    start += written.length + 1;
    return key;
  });
  if (keys.some(({ key }) => key === '')) return refuse('a part of the path before = is empty', equals);
  if (keys[0]?.key === 'extends') return refuse('extends can only be set in a file', equals);

  const parsed = parseYaml(text.slice(equals + 1), (from, to) => place(equals + 1 + from, equals + 1 + to));
  if (parsed.problems.length > 0) return { keys, tree: emptyMap, problems: parsed.problems };
  const value: Tree = parsed.tree ?? { kind: 'scalar', place: undefined, value: null, source: '' };
  return { keys, tree: nested(keys, value), problems: [] };
}

function nested([first, ...rest]: readonly PathKey[], value: Tree): MapTree {
  if (first === undefined) return emptyMap;
  return withEntry(emptyMap, [first.key], { key: first.place, value: rest.length === 0 ? value : nested(rest, value) });
}

function intoNullProblems(tree: MapTree, keys: readonly PathKey[], overrides: readonly Override[]): readonly Problem[] {
  return keys.slice(0, -1).flatMap(({ place }, index) => {
    const path = keys.slice(0, index + 1).map(({ key }) => key);
    const target = path.join('.');
    const below = subtree(tree, path);
    const isNull = below?.kind === 'scalar' && below.value === null;
    if (!isNull || overrides.some((override) => override.keys.map(({ key }) => key).join('.') === target)) return [];
    const off = valuePlace(tree, path);
    const inside = keys[index + 1]?.key ?? '';
    return [
      problemAt(
        place,
        path,
        `${target} is null${off === undefined ? '' : ` in ${off.file}, line ${off.line}`}, so nothing can be set inside it`,
        `${target}={ ${inside}: … }`,
      ),
    ];
  });
}

const characters = (text: string): number => [...text].length;
