import { concrete, type Builder, type Shape, type Symbols, type Value } from '../../graph/index.ts';
import type { Feeds, HostTensor, MaskSpec } from '../../program.ts';
import { keepThreshold, keyAfter, maskKey, STRIDE } from '../masks.ts';
import { grouped, type Stacks } from './stacks.ts';

/** Dropout masks that the graph itself makes, with what it has to be fed for that. */
export interface MaskNodes {
  /** Each mask by the name of the input that it takes the place of: bool, true where an element is kept. */
  readonly masks: ReadonlyMap<string, Value>;
  /** Inputs that depend on the step: the keys of its masks. `before`: elements of each that its micro-batches before have had. */
  keys(seed: number, step: number, before?: readonly number[]): Feeds;
  /** Inputs that depend on the batch's shape: where the elements' hashes start. */
  starts(symbols: Symbols): Feeds;
}

const KEYS = ['mask.first', 'mask.second'] as const;

/** Masks of one shape that are made together; more would save little time and take much memory. */
const TOGETHER = 16;

/**
 * The bits of `keeps`, as nodes over uint32. Element r W + c of a mask [..., W] starts at (r W) · STRIDE + c · STRIDE, two
 * short inputs that all masks of a shape share.
 *
 * @param stacked where given, masks of a shape are made as one tensor
 */
export function maskNodes(g: Builder, specs: readonly MaskSpec[], stacked?: Stacks): MaskNodes {
  if (specs.length === 0) return { masks: new Map(), keys: () => ({}), starts: () => ({}) };
  const [first, second] = KEYS.map((name) => g.input(name, 'uint32', [specs.length])) as [Value, Value];
  const shapes = new Map<string, Starts>();
  const startsOf = (shape: Shape): Starts => {
    const known = shapes.get(String(shape));
    if (known !== undefined) return known;
    const starts = {
      shape,
      rows: g.input(rowsName(shape), 'uint32', [...shape.slice(0, -1), 1]),
      columns: g.input(columnsName(shape), 'uint32', shape.slice(-1)),
    };
    shapes.set(String(shape), starts);
    return starts;
  };
  const sites = specs.map((spec, site) => ({ ...spec, site }));
  const groups = grouped(sites, ({ shape }) => String(shape), stacked === undefined ? 1 : TOGETHER);
  return {
    masks: new Map(
      groups.flatMap((group) => {
        const { shape } = group[0]!;
        const each = (list: readonly number[]): readonly number[] => (list.length === 1 ? [] : [list.length, ...shape.map(() => 1)]);
        const at = g.constant(Int32Array.from(group, ({ site }) => site), 'int32', group.length === 1 ? [] : [group.length]);
        const key = (keys: Value): Value => g.reshape(g.Gather(keys, at), each(group.map(({ site }) => site)));
        const thresholds = group.map(({ rate }) => keepThreshold(rate));
        const begun = (stacked === undefined ? firstRound : firstRoundOfMany)(g, startsOf(shape), key(first));
        const kept = keptWhere(g, begun, key(second), thresholds, each);
        const masks = group.length === 1 ? [kept] : stacked!.parts(kept, group.map(() => shape));
        return group.map(({ input }, i) => [input, masks[i] as Value] as const);
      }),
    ),
    keys(seed, step, before = []) {
      const keys = specs.map((_, site) => keyAfter(maskKey(seed, step, site), before[site] ?? 0));
      return Object.fromEntries(KEYS.map((name, word) => [name, uint32([specs.length], (site) => keys[site]![word]!)]));
    },
    starts(symbols) {
      return Object.fromEntries(
        [...shapes.values()].flatMap(({ shape }) => {
          const lengths = concrete(shape, symbols);
          const width = lengths.at(-1)!;
          return [
            [rowsName(shape), uint32([...lengths.slice(0, -1), 1], (row) => Math.imul(Math.imul(row, width), STRIDE))],
            [columnsName(shape), uint32([width], (column) => Math.imul(column, STRIDE))],
          ];
        }),
      );
    },
  };
}

/** Where the hashes of a shape's elements start: a row's number and a column's are added. */
interface Starts {
  readonly shape: Shape;
  readonly rows: Value;
  readonly columns: Value;
}

const number = (g: Builder, x: number): Value => g.constant(Uint32Array.of(x), 'uint32', []);

/** x (2x + 1) */
const permute = (g: Builder, x: Value): Value => g.Mul(x, g.Add(g.Add(x, x), number(g, 1)));

/** The first round of the hashes, from their starts and a key; masks of a shape share the sum of rows and columns. */
function firstRound(g: Builder, { rows, columns }: Starts, key: Value): Value {
  return permute(g, g.Add(g.Add(rows, columns), key));
}

/** The same where masks are made together: both factors straight from what is short, so that no sum of them is written twice. */
function firstRoundOfMany(g: Builder, { rows, columns }: Starts, key: Value): Value {
  const row = g.Add(rows, key);
  return g.Mul(g.Add(row, columns), g.Add(g.Add(row, row), g.Add(g.Add(columns, columns), number(g, 1))));
}

/** `keeps` from the first round of the hashes. `each`: the shape in which one number a mask goes over all of its elements. */
function keptWhere(
  g: Builder,
  begun: Value,
  second: Value,
  thresholds: readonly number[],
  each: (list: readonly number[]) => readonly number[],
): Value {
  const fold = (x: Value): Value => g.Add(x, g.Div(x, number(g, 2 ** 16)));
  const hash = permute(g, fold(permute(g, g.Add(fold(begun), second))));
  const limits = (of: readonly number[]): Value => {
    const distinct = new Set(of).size === 1 ? of.slice(0, 1) : of;
    return g.constant(Uint32Array.from(distinct), 'uint32', each(distinct));
  };
  // ⌊x / 2⁸⌋ < t is x < 2⁸ t, as long as that is a number of 32 bits
  if (thresholds.every((threshold) => threshold < 2 ** 24)) return g.Less(hash, limits(thresholds.map((threshold) => threshold * 2 ** 8)));
  return g.Less(g.Div(hash, number(g, 2 ** 8)), limits(thresholds));
}

const rowsName = (shape: Shape): string => `mask.rows(${shape.join(', ')})`;
const columnsName = (shape: Shape): string => `mask.columns(${shape.join(', ')})`;

function uint32(shape: readonly number[], at: (i: number) => number): HostTensor {
  const length = shape.reduce((product, axis) => product * axis, 1);
  return { dtype: 'uint32', shape, data: Uint32Array.from({ length }, (_, i) => at(i)) };
}
