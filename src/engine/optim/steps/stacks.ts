import { product, sameShape, type Builder, type Node, type OpName, type Shape, type Value } from '../../graph/index.ts';

/**
 * Tensors of equal size that lie one after the other in one, so that a single node works on all of them: on a device where a node
 * costs microseconds before it computes anything, that is most of the time of small tensors.
 */
export interface Stacks {
  /** The tensors of a stack [count, ...], in order, each in its own shape. */
  parts(whole: Value, shapes: readonly Shape[]): readonly Value[];
  /**
   * Float32 tensors of as many elements each, as a stack [count, elements]; what shaped or widened each of them is left out, or done once.
   */
  join(tensors: readonly Value[], elements: number): Value;
  /**
   * In place of a node that works on one element of a part at a time: the same part of the whole stack, worked on once. In place of one
   * that joins neighbours: what they are in the stack. A bias is read as the row that it is there.
   */
  hoist(node: Node, inputs: Node['inputs']): Value | undefined;
}

export function stacks(g: Builder): Stacks {
  const places = new Map<Value, { readonly whole: Value; readonly index: number; readonly shapes: readonly Shape[] }>();
  /** What was cast from truth values, whose product with a number is a choice between that and zero. */
  const truths = new Map<Value, Value>();
  const split = new Map<Value, readonly Value[]>();
  const shaped = (whole: Value, index: number, { length }: readonly Shape[], shape: Shape): Value => {
    const piece = g.Split(whole, { split: Array.from({ length }, () => 1), axis: 0 })[index] as Value;
    return sameShape(whole.shape.slice(1), shape) ? g.Squeeze(piece, { axes: [0] }) : g.reshape(piece, shape);
  };
  const parts = (whole: Value, shapes: readonly Shape[]): readonly Value[] => {
    const known = split.get(whole);
    if (known !== undefined) return known;
    const made = g.scope('stacks', () => shapes.map((shape, i) => shaped(whole, i, shapes, shape)));
    made.forEach((part, index) => places.set(part, { whole, index, shapes }));
    split.set(whole, made);
    return made;
  };
  return {
    parts,
    join(tensors, elements) {
      const makers = new Map(g.nodes.flatMap((node) => node.outputs.map((y) => [y, node] as const)));
      const before = (x: Value, op: OpName): Value => {
        const maker = makers.get(x);
        return maker?.op === op ? before(maker.inputs[0] as Value, op) : x;
      };
      /** What several neighbours are parts of, one after the other in memory, in place of them. */
      const joined = (list: readonly Value[]): readonly Value[] => {
        const [x] = list;
        const maker = x && makers.get(x);
        if (maker?.op !== 'Split' || !maker.outputs.every((y, i) => list[i] === y)) return list;
        const [whole] = maker.inputs as readonly [Value];
        const isInOrder = product(whole.shape.slice(0, maker.attrs['axis'] as number)) === 1;
        return isInOrder ? [whole, ...joined(list.slice(maker.outputs.length))] : list;
      };
      const stacked = (list: readonly Value[]): Value => {
        const neighbours = joined(list);
        const wholes =
          list.length % neighbours.length === 0 && new Set(neighbours.map(({ shape }) => product(shape))).size === 1 ? neighbours : list;
        const each = list.length / wholes.length;
        const blocks = wholes.map((x) => g.reshape(x, [each, elements]));
        return blocks.length === 1 ? (blocks[0] as Value) : g.Concat(...blocks, { axis: 0 });
      };
      const unshaped = tensors.map((x) => before(x, 'Reshape'));
      const narrow = unshaped.map((x) => before(before(x, 'Cast'), 'Reshape'));
      const isNarrow = narrow.every(({ dtype }) => dtype !== 'float32' && dtype === narrow[0]?.dtype);
      return isNarrow ? g.Cast(stacked(narrow), { to: 'float32' }) : stacked(unshaped);
    },
    hoist({ op, attrs, outputs: [y] }, inputs) {
      const [x, factor, summand] = inputs;
      const bias = op === 'Gemm' ? places.get(summand as Value) : undefined;
      if (bias !== undefined && summand?.shape.length === 1) {
        const row = g.Split(bias.whole, { split: bias.shapes.map(() => 1), axis: 0 })[bias.index] as Value;
        return g.Gemm(x as Value, factor as Value, row, attrs);
      }
      const place = places.get(x as Value);
      if (place === undefined) return undefined;
      const { whole, index, shapes } = place;
      const condition = truths.get(whole);
      if (op === 'Cast') {
        const cast = g.Cast(whole, attrs as { readonly to: Value['dtype'] });
        if (whole.dtype === 'bool') truths.set(cast, whole);
        return parts(cast, shapes)[index];
      }
      if (op === 'Div' && factor?.shape.length === 0) return parts(g.Div(whole, factor), shapes)[index];
      if (op === 'Unsqueeze') return shaped(whole, index, shapes, (y as Value).shape);
      if (op === 'Mul' && factor?.shape.length === 0) {
        return parts(condition === undefined ? g.Mul(whole, factor) : g.Where(condition, factor, g.scalar(0)), shapes)[index];
      }
      const count = inputs.length;
      const isRun = inputs.every((part, i) => places.get(part as Value)?.whole === whole && places.get(part as Value)?.index === index + i);
      if (op === 'Concat' && attrs['axis'] === 0 && isRun && index % count === 0 && shapes.length % count === 0) {
        const runs = shapes.length / count;
        const run = runs === 1 ? whole : g.Split(whole, { split: Array.from({ length: runs }, () => count), axis: 0 })[index / count];
        return g.reshape(run as Value, (y as Value).shape);
      }
      return undefined;
    },
  };
}

/** Things that belong together in groups of at most `largest`, of as even sizes as can be; both in the order of what comes first. */
export function grouped<T>(things: readonly T[], kind: (thing: T) => string, largest: number): readonly (readonly T[])[] {
  const kinds = new Map<string, T[]>();
  for (const thing of things) kinds.set(kind(thing), [...(kinds.get(kind(thing)) ?? []), thing]);
  return [...kinds.values()].flatMap((all) => {
    const count = Math.ceil(all.length / largest);
    return Array.from({ length: count }, (_, i) =>
      all.slice(Math.round((i * all.length) / count), Math.round(((i + 1) * all.length) / count)),
    );
  });
}
