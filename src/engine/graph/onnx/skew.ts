import type { Dim, Node, Shape } from '../types.ts';

/** What it is written on; a part of `Wire`. */
interface NodeWriter {
  node(op: string, inputs: readonly string[], outputs: readonly string[], attributes: readonly [], name?: string): void;
  ints(list: readonly number[]): string;
  lengths(dims: Shape): string;
}

/** Writes an operator that ONNX does not have as several of its own. */
type Composition = (wire: NodeWriter, node: Node, x: string, y: string, name?: string) => void;

/** Each is a few views and copies, and looks no element up by its index (Huang et al. 2018, Music Transformer, section 3.4.1). */
export const composed: Readonly<Record<string, Composition>> = {
  // [S, 2S] read as [2S, S], without its first row [2S - 1, S], read as [S, 2S - 1]: rows begin one element further left each
  Skew(wire, node, x, y, name = y) {
    const { rank, rows, part, cut, reshape } = writer(wire, node, y, name);
    const turned = reshape(part('turned'), [-1, rows], x);
    const short = cut(part('short'), turned, rank - 2, wire.ints([1]), wire.ints([END]));
    const shifted = reshape(part('shifted'), [rows, -1], short);
    wire.node('Slice', [shifted, wire.ints([0]), wire.lengths([rows]), wire.ints([rank - 1])], [y], [], name);
  },
  // and the same backwards: [S, 2S - 1] read as [2S - 1, S], with a row of zeros before it [2S, S], read as [S, 2S]
  Unskew(wire, node, x, y, name = y) {
    const { rank, rows, part, cut, reshape } = writer(wire, node, y, name);
    const none = Array.from({ length: rank }, (): Dim => 0);
    const wide = part('wide');
    wire.node('Pad', [x, wire.lengths([...none, ...none.slice(1), rows])], [wide], [], `${name}.wide`);
    const shifted = cut(part('shifted'), wide, rank - 1, wire.ints([0]), wire.ints([-1]));
    const short = reshape(part('short'), [-1, rows], shifted);
    const turned = part('turned');
    const before = none.map((_, axis): Dim => (axis === rank - 2 ? 1 : 0));
    wire.node('Pad', [short, wire.lengths([...before, ...none])], [turned], [], `${name}.turned`);
    wire.node('Reshape', [turned, wire.lengths([...none.slice(2), rows, -1])], [y], [], name);
  },
};

/** Ends from here on stand for "to the end". */
const END = 2 ** 31 - 1;

function writer(wire: NodeWriter, { inputs: [x] }: Node, y: string, name: string) {
  const shape = x?.shape ?? [];
  const rank = shape.length;
  return {
    rank,
    /** The length S. */
    rows: shape.at(-2) as Dim,
    part: (what: string): string => `${y}.${what}`,
    cut(into: string, from: string, axis: number, start: string, end: string): string {
      wire.node('Slice', [from, start, end, wire.ints([axis])], [into], [], `${name}${into.slice(y.length)}`);
      return into;
    },
    /** Another shape of the last two axes; those before stay. */
    reshape(into: string, last: readonly Dim[], from: string): string {
      const dims = [...shape.slice(0, -2).map((): Dim => 0), ...last];
      wire.node('Reshape', [from, wire.lengths(dims)], [into], [], `${name}${into.slice(y.length)}`);
      return into;
    },
  };
}
