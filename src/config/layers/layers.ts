import { dirname, resolve } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { statsOf } from '../../core/inputs.ts';
import { tableKind } from '../../core/table-files.ts';
import { check } from '../schema/check.ts';
import { layerSchema } from '../experiment.ts';
import { merge } from './merge.ts';
import { parseYaml } from '../yaml/parse.ts';
import { fileProblem, locateIn, readText, shownPath } from '../yaml/read-file.ts';
import { emptyMap, problemAt, valuePlace, withEntry, type MapTree, type Tree } from '../yaml/tree.ts';

export interface Layers {
  /** The file over everything that it extends. */
  readonly tree: MapTree;
  readonly problems: readonly Problem[];
  /** Every file that was read, the first one first, as a person would write them. */
  readonly files: readonly string[];
  /** False where a file could not be read, so that what seems to be missing may stand there. */
  readonly whole: boolean;
}

/**
 * Reads a configuration, a file or what a program has given, and, from the bottom up, the files that it extends. Each layer is checked by
 * itself. What a program gives extends files relative to the working directory.
 */
export function readLayers(source: string | MapTree): Layers {
  const problems: Problem[] = [];
  const files: string[] = [];
  const done = new Map<string, MapTree>();
  let whole = true;

  const readLayer = (path: string, text: string, above: readonly string[]): MapTree => {
    const known = done.get(path);
    if (known !== undefined) return known;
    files.push(shownPath(path));
    const own = layerOf(text, shownPath(path), (found) => problems.push(...found));
    const merged = withExtended(own, path, above);
    if (own !== undefined) done.set(path, merged);
    return merged;
  };

  const withExtended = (own: MapTree | undefined, path: string, above: readonly string[]): MapTree => {
    if (own === undefined) {
      whole = false;
      return emptyMap;
    }
    if (problems.some(({ file, field }) => file === shownPath(path) && field?.startsWith('extends') === true)) whole = false;
    const bases = extended(own).map(({ value, index }) => {
      const place = valuePlace(own, index === undefined ? ['extends'] : ['extends', index]);
      const base = resolve(dirname(path), value);
      const refuse = (message: string, suggestion?: string): MapTree => {
        problems.push(problemAt(place, ['extends'], message, suggestion));
        whole = false;
        return emptyMap;
      };
      const chain = [...above, path];
      if (chain.includes(base))
        return refuse(`extends is circular: ${[...chain.slice(chain.indexOf(base)), base].map(shownPath).join(' → ')}`);
      const content = readText(base);
      if ('text' in content) return readLayer(base, content.text, chain);
      if (content.at !== undefined) return refuse(`${shownPath(base)} ${content.refused} (line ${content.at})`);
      return refuse(
        `${shownPath(base)} ${content.refused}`,
        content.suggestion === undefined ? undefined : besides(value, content.suggestion),
      );
    });
    return [...bases.map((base) => withEntry(base, ['name'], undefined)), withEntry(own, ['extends'], undefined)].reduce(
      (base, over) => merge(base, over, layerSchema),
    );
  };

  if (typeof source !== 'string') {
    const own = check(source, layerSchema);
    problems.push(...own.problems);
    return { tree: withExtended(own.tree, resolve(GIVEN), []), problems, files, whole };
  }
  const file = source;
  const refused = (problem: Problem): Layers => ({ tree: emptyMap, problems: [problem], files: [], whole: false });
  const name = shownPath(resolve(file));
  const content = readText(resolve(file));
  if (isTable(file)) return refused({ file: name, message: `${name} is a table; \`pipeline init ${name}\` writes a configuration for it` });
  if ('refused' in content) return refused(fileProblem(name, content));
  const tree = readLayer(resolve(file), content.text, []);
  return { tree, problems, files, whole };
}

/** Stands for the file where there is none: a program has given the experiment. */
export const GIVEN = 'the experiment';

/** Whether a file is a table by its name; JSON may be a configuration, and .txt may hold one. */
function isTable(file: string): boolean {
  const kind = tableKind(file);
  return (
    kind !== undefined &&
    statsOf(file)?.isFile() === true &&
    (kind.packing !== null || (kind.format !== 'json' && !/^\.txt$/i.test(kind.ending)))
  );
}

/** The checked content of one file; undefined where it is no mapping. */
function layerOf(text: string, name: string, report: (problems: readonly Problem[]) => void): MapTree | undefined {
  const locate = locateIn(name, text);
  const parsed = parseYaml(text, locate);
  report(parsed.problems);
  if (parsed.tree?.kind === 'map' && isSweep(parsed.tree)) {
    report([
      problemAt(
        parsed.tree.entries.get('parameters')?.key,
        ['parameters'],
        `${name} is a sweep; \`pipeline sweep ${name}\` runs it`,
      ),
    ]);
    return undefined;
  }
  if (parsed.tree?.kind === 'map') {
    const { tree, problems } = check(parsed.tree, layerSchema);
    report(problems);
    return tree;
  }
  if (parsed.problems.length === 0) report([noMapping(parsed.tree, name, locate(0, text.length))]);
  return undefined;
}

/** A sweep has these two keys, and an experiment neither. */
function isSweep({ entries }: MapTree): boolean {
  return entries.has('base') && entries.has('parameters');
}

function noMapping(tree: Tree | undefined, name: string, start: ReturnType<ReturnType<typeof locateIn>>): Problem {
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) return { message: `${name} is empty`, file: name };
  const glued = tree.kind === 'scalar' ? /^([\w.-]+):(\S.*)$/s.exec(String(tree.value)) : null;
  if (glued !== null) return problemAt(tree.place, [], 'a space is missing after the colon', `${glued[1]}: ${glued[2]}`);
  return problemAt(
    tree.place ?? start,
    [],
    `a configuration is a mapping of keys to values, but this is ${tree.kind === 'list' ? 'a list' : 'a single value'}`,
  );
}

function extended(tree: MapTree): readonly { readonly value: string; readonly index: number | undefined }[] {
  const value = tree.entries.get('extends')?.value;
  const items =
    value?.kind === 'list'
      ? value.items.map((item, index) => ({ item, index }))
      : value === undefined
        ? []
        : [{ item: value, index: undefined }];
  return items.flatMap(({ item, index }) =>
    item.kind === 'scalar' && typeof item.value === 'string' && item.value !== '' ? [{ value: item.value, index }] : [],
  );
}

/** The near file, written from where the missing one was written. */
function besides(written: string, near: string): string {
  const name = near.split(/[\\/]/).at(-1) ?? near;
  return written.includes('/') ? `${written.slice(0, written.lastIndexOf('/'))}/${name}` : name;
}
