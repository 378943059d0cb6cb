import { RandomState, seedFor } from '../../core/random.ts';
import { experimentDefinition } from '../experiment.ts';
import { schemaAt, typesOf, type Json, type Value } from '../schema/schema.ts';
import { defaultTree, plain, problemAt, type Tree } from '../yaml/tree.ts';
import { sweepError } from './problems.ts';
import type { sweepDefinition } from './schema.ts';
import type { Range, Swept } from './swept.ts';

export type Settings = Value<typeof sweepDefinition>;

/** One value for each parameter. */
export type Combination = readonly { readonly swept: Swept; readonly value: Tree }[];

/** More would be a mistake: a grid of six parameters with four values each has 4,096. */
const MOST_MEMBERS = 1000;

/** Every combination; the last parameter changes fastest. */
export function grid(swept: readonly Swept[], name: string): readonly Combination[] {
  const size = swept.reduce((product, { choices }) => product * (choices.kind === 'list' ? choices.items.length : 1), 1);
  if (size > MOST_MEMBERS)
    throw sweepError(name, [
      problemAt(
        swept[0]?.place,
        ['parameters'],
        `the grid has ${size} experiments; a sweep has at most ${MOST_MEMBERS}`,
        'strategy: random',
      ),
    ]);
  return swept.reduce<readonly Combination[]>(
    (combinations, parameter) =>
      combinations.flatMap((combination) =>
        (parameter.choices.kind === 'list' ? parameter.choices.items : []).map((value) => [...combination, { swept: parameter, value }]),
      ),
    [[]],
  );
}

/** What a strategy that learns from trials draws from: the values of a list, or the numbers of a range. */
export type SearchDimension =
  | { readonly path: string; readonly items: readonly Json[] }
  | { readonly path: string; readonly min: number; readonly max: number; readonly log: boolean; readonly isWhole: boolean };

export function dimensionsOf(swept: readonly Swept[]): readonly SearchDimension[] {
  return swept.map(({ path, choices }) => {
    if (choices.kind === 'list') return { path, items: choices.items.map(plain) };
    const { min, max, scale } = plain(choices) as unknown as Range;
    return { path, min, max, log: scale === 'log', isWhole: isInteger(path) };
  });
}

/** Values in the place of those of the file. */
export function combinationOf(swept: readonly Swept[], values: Readonly<Record<string, Json>>): Combination {
  return swept.map((parameter) => {
    const { path, place, choices } = parameter;
    const value = values[path] ?? null;
    const isIt = (item: Tree): boolean => JSON.stringify(plain(item)) === JSON.stringify(value);
    const written = choices.kind === 'list' ? choices.items.find(isIt) : undefined;
    return { swept: parameter, value: written ?? { ...defaultTree(value), place } };
  });
}

/** Trial i is the same however many there are, so that a sweep can be made longer later. */
export function randomTrials(swept: readonly Swept[], { trials, seed }: Settings, name: string): readonly Combination[] {
  const seen = new Set<string>();
  const combinations: Combination[] = [];
  for (let trial = 0; combinations.length < trials && trial < trials * 20; trial += 1) {
    const random = new RandomState(seedFor(seed, 'sweep', trial));
    const combination = swept.map((parameter) => ({ swept: parameter, value: draw(parameter, random) }));
    const key = JSON.stringify(combination.map(({ value }) => plain(value)));
    if (!seen.has(key)) combinations.push(combination);
    seen.add(key);
  }
  if (combinations.length === 0) throw sweepError(name, [problemAt(swept[0]?.place, ['parameters'], 'there is nothing to draw from')]);
  return combinations;
}

function draw({ path, place, choices }: Swept, random: RandomState): Tree {
  if (choices.kind === 'list') return choices.items[random.integer(0, choices.items.length)] as Tree;
  const { min, max, scale } = plain(choices) as unknown as Range;
  const isWhole = isInteger(path);
  const [low, high] = isWhole ? [min, max + 1] : [min, max];
  const drawn = scale === 'log' ? Math.exp(random.uniform(Math.log(low), Math.log(high))) : random.uniform(low, high);
  const value = isWhole ? Math.floor(drawn) : inThreeDigits(drawn);
  return { kind: 'scalar', place, value, source: String(value) };
}

/** They say all that a drawn rate has to say, and read well in the run's name. */
export function inThreeDigits(drawn: number): number {
  return Number(drawn.toPrecision(3));
}

function isInteger(path: string): boolean {
  const schema = schemaAt(experimentDefinition, path.split('.'));
  return schema !== undefined && typesOf(schema).includes('integer');
}
