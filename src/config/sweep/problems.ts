import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { Layers } from '../layers/layers.ts';
import { emptyMap, plain, problemAt, subtree, type MapTree } from '../yaml/tree.ts';
import type { Range, Swept } from './swept.ts';

export function sweepError(file: string, problems: readonly Problem[]): OrtrainError {
  const message = `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`;
  return new OrtrainError('config', message, {
    subject: file,
    problems,
    remedy: `Correct the places shown; \`pipeline schema --of sweep\` lists every key, and every parameter that can be swept.`,
  });
}

/** The parameters of a sweep's file, as they stand there. */
export function parametersOf(tree: MapTree): MapTree['entries'] {
  const value = tree.entries.get('parameters')?.value;
  return value?.kind === 'map' ? value.entries : emptyMap.entries;
}

/** What the schema cannot say of ranges. */
export function rangeProblems(tree: MapTree): readonly Problem[] {
  const strategy = subtree(tree, ['strategy']);
  const isDrawn = strategy?.kind === 'scalar' && (strategy.value === 'random' || strategy.value === 'tpe');
  return [...parametersOf(tree)].flatMap(([key, { key: place, value }]): readonly Problem[] => {
    if (value.kind !== 'map') return [];
    const at = (message: string): Problem => problemAt(place, ['parameters', key], message);
    const range = plain(value) as unknown as Partial<Range>;
    if (!isDrawn)
      return [at(`a range needs the strategy random or tpe, but the strategy is grid; list the values of ${key}, or set strategy: random`)];
    if (range.min === undefined || range.max === undefined)
      return [at(`a range needs min and max; ${key} has no ${range.min === undefined ? 'min' : 'max'}`)];
    if (range.min >= range.max) return [at(`the range of ${key} is empty: its min is ${range.min}, its max ${range.max}`)];
    return range.scale === 'log' && range.min <= 0
      ? [at(`a range on a log scale must start above 0; that of ${key} starts at ${range.min}`)]
      : [];
  });
}

/** A parameter inside an object that the base has set to null: somebody switched it off on purpose. */
export function intoNull({ path, place }: Swept, { tree }: Layers): readonly Problem[] {
  const keys = path.split('.');
  const above = keys.slice(0, -1).map((_, depth) => keys.slice(0, depth + 1));
  const off = above.find((prefix) => {
    const node = subtree(tree, prefix);
    return node?.kind === 'scalar' && node.value === null;
  });
  return off === undefined
    ? []
    : [problemAt(place, ['parameters', path], `${off.join('.')} is null in the base configuration, so ${path} cannot be swept`)];
}
