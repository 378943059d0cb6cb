import { applyOperator, type Builder } from '../builder.ts';
import { sameShape } from '../dims.ts';
import { rewrite } from './rewrite.ts';
import type { DType, Graph, Node, Value } from '../types.ts';

/** The types of 16 bits in which products of matrices can be taken. */
export type LowPrecision = Extract<DType, 'float16' | 'bfloat16'>;

/**
 * The graph with its products of matrices in 16 bits and everything else in float32, as PyTorch's autocast has it: factors are
 * rounded to 16 bits, and so is the product, which hardware sums in float32. To be applied after autodiff, so that the backward pass
 * uses the rounded factors of the forward pass. A value is rounded once for all products that read it; what moves the elements of a
 * product, or works on them one at a time, stays in 16 bits, as long as no tensor of float32 comes in. Inputs and outputs keep their types.
 */
export function inMixedPrecision(graph: Graph, low: LowPrecision): Graph {
  const factors = new Set(graph.nodes.filter(isProduct).flatMap(({ inputs }) => inputs));
  return rewrite(graph, (g) => {
    const { narrow, widen, makerOf } = casts(g, low);
    const products = new Set<Value | null>();
    const sums = sumsOfProducts(g, { graph, products, widen, makerOf });
    const made = (node: Node, inputs: Node['inputs']): readonly Value[] => applyOperator(g, node.op, inputs, node.attrs);
    return {
      node(node, inputs) {
        if (isProduct(node) || isSumOfFactor(node, factors)) {
          const outputs = made(node, inputs.map((x) => x && narrow(x)));
          outputs.forEach((y) => products.add(y));
          return outputs;
        }
        const isLow = inputs[0]?.dtype === low && node.inputs[0]?.dtype === 'float32';
        if (isLow && MOVES.has(node.op) && inputs.length === 1) {
          const outputs = made(node, inputs);
          if (products.has(inputs[0] as Value)) outputs.forEach((y) => products.add(y));
          return outputs;
        }
        const sum = node.op === 'Add' ? sums(node, inputs) : undefined;
        if (sum !== undefined) return sum;
        if (POINTWISE.has(node.op) && areLow(inputs, low)) return made(node, inputs.map((x) => x && narrow(x)));
        return made(node, inputs.map((x, i) => (x && node.inputs[i]?.dtype === 'float32' ? widen(x) : x)));
      },
      output: (y) => (y.dtype === low ? g.scope(makerOf(y)?.scope ?? '', () => widen(y)) : y),
    };
  });
}

/** So many nodes of a graph do the same work in the same type. */
export interface PrecisionCount {
  readonly what: string;
  readonly dtype: DType;
  readonly nodes: number;
}

/** Which nodes of the graph compute in 16 bits, which only convert, and which have been left. */
export function precisionCounts({ nodes }: Graph, low: LowPrecision): readonly PrecisionCount[] {
  const isLow = (x: Value | null | undefined): boolean => x?.dtype === low;
  const count = (what: string, dtype: DType, is: (node: Node) => boolean): PrecisionCount => {
    return { what, dtype, nodes: nodes.filter(is).length };
  };
  const isMatrixProduct = ({ op }: Node): boolean => PRODUCTS.has(op);
  const isNarrowing = ({ op, outputs: [y] }: Node): boolean => op === 'Cast' && isLow(y);
  const isWidening = ({ op, inputs: [x] }: Node): boolean => op === 'Cast' && isLow(x);
  const isLeft = (node: Node): boolean => !isMatrixProduct(node) && !isNarrowing(node) && !isWidening(node);
  return [
    count('matrix products', low, (node) => isMatrixProduct(node) && isLow(node.outputs[0])),
    count('what only moves their elements', low, (node) => isLeft(node) && isLow(node.outputs[0]) && MOVES.has(node.op)),
    count('element by element', low, (node) => isLeft(node) && isLow(node.outputs[0]) && !MOVES.has(node.op)),
    count('casts to it', low, isNarrowing),
    count('casts from it', 'float32', isWidening),
    count('matrix products with an axis under 8', 'float32', (node) => isMatrixProduct(node) && !isLow(node.outputs[0])),
    count('the rest', 'float32', (node) => isLeft(node) && !isLow(node.outputs[0])),
  ];
}

export const PRODUCTS: ReadonlySet<string> = new Set(['MatMul', 'FusedMatMul', 'Gemm']);

/** Tensor cores multiply pieces of this many rows and columns at least. */
const TILE = 8;

/**
 * A product that is worth its casts: no axis of it is known to be shorter than a tile. The others are sums written as products
 * (a column of means, a look-up by one-hot rows) and the layer that gives the logits; they keep all their digits.
 */
function isProduct({ op, inputs: [a, b], outputs: [y], attrs }: Node): boolean {
  if (!PRODUCTS.has(op) || a?.dtype !== 'float32' || b === null || b === undefined || y === undefined) return false;
  const inner = a.shape.at(attrs['transA'] === 1 ? -2 : -1);
  return [...y.shape.slice(-2), inner].every((length) => typeof length !== 'number' || length >= TILE);
}

/** The gradient of a bias: a row of ones times what is rounded for the gradients of input and weight anyway. */
function isSumOfFactor({ op, inputs: [row, x] }: Node, factors: ReadonlySet<Value | null>): boolean {
  return op === 'MatMul' && row?.shape.length === 2 && row.shape[0] === 1 && x !== undefined && factors.has(x);
}

/** They give the elements of their first input in another arrangement. */
const MOVES: ReadonlySet<string> = new Set(['Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Identity', 'Slice', 'Split']);

/** Of these, those that keep all elements: rounding may come before them, where other products read the same value. */
const ARRANGES: ReadonlySet<string> = new Set(['Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Identity']);

/** They work on one element at a time, and hardware computes them in float32 whatever comes in and goes out. */
export const POINTWISE: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Exp', 'Erf', 'Tanh', 'Sigmoid', 'Relu', 'Gelu']);

/** Some tensors, all of them in 16 bits; scalars may be in float32. */
function areLow(inputs: Node['inputs'], low: DType): boolean {
  const isScalar = (x: Value | null): boolean => x?.shape.length === 0;
  const isFit = (x: Value | null): boolean => x?.dtype === low || (isScalar(x) && x?.dtype === 'float32');
  return inputs.some((x) => x?.dtype === low && !isScalar(x)) && inputs.every(isFit);
}

interface Products {
  readonly graph: Graph;
  /** Those in 16 bits, moved or not. */
  readonly products: Set<Value | null>;
  readonly widen: Casts['widen'];
  readonly makerOf: Casts['makerOf'];
}

/**
 * What stands for an Add that a product comes into, undefined for another. A sum of products is summed as a product is, in float32: by the
 * second product itself where it can, which takes neither casts nor passes; and where more products are added to something else, they
 * are summed first. Such are the gradients of what several layers read.
 */
function sumsOfProducts(
  g: Builder,
  { graph, products, widen, makerOf }: Products,
): (node: Node, inputs: Node['inputs']) => Value | undefined {
  const uses = new Map<Value | null, number>();
  for (const x of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()]) uses.set(x, (uses.get(x) ?? 0) + 1);
  const known = new Map<Value, { readonly other: Value; readonly product: Value }>();
  /** x and a product that nobody else reads, as one product. */
  const joined = (x: Value, product: Value, original: Value | null): Value | undefined => {
    const maker = makerOf(product);
    const canAdd = maker?.op === 'Gemm' && (maker.inputs[2] ?? null) === null && sameShape(x.shape, product.shape);
    if (!canAdd || uses.get(original) !== 1) return undefined;
    const sum = applyOperator(g, 'Gemm', [maker.inputs[0] as Value, maker.inputs[1] as Value, x], { ...maker.attrs, beta: 1 })[0] as Value;
    products.add(sum);
    return sum;
  };
  const added = (other: Value, product: Value): Value => {
    const y = g.Add(other, widen(product));
    known.set(y, { other, product });
    return y;
  };
  return (node, inputs) => {
    for (const [at, from] of [[1, 0], [0, 1]] as const) {
      const [product, x] = [inputs[at] as Value, inputs[from] as Value];
      if (!products.has(product)) continue;
      if (products.has(x)) {
        return joined(x, product, node.inputs[at] ?? null) ?? joined(product, x, node.inputs[from] ?? null) ?? added(widen(x), product);
      }
      const before = uses.get(node.inputs[from] ?? null) === 1 ? known.get(x) : undefined;
      const sum = before && joined(before.product, product, node.inputs[at] ?? null);
      if (before !== undefined && sum !== undefined) return added(before.other, sum);
      if (x.dtype === 'float32' && sameShape(x.shape, product.shape)) return added(x, product);
    }
    return undefined;
  };
}

interface Casts {
  readonly narrow: (x: Value) => Value;
  readonly widen: (x: Value) => Value;
  /** The node that has made a value of the new graph. */
  readonly makerOf: (x: Value) => Node | undefined;
}

function casts(g: Builder, low: LowPrecision): Casts {
  const makers = new Map<Value, Node>();
  let seen = 0;
  const makerOf = (x: Value): Node | undefined => {
    for (const node of g.nodes.slice(seen)) for (const y of node.outputs) makers.set(y, node);
    seen = g.nodes.length;
    return makers.get(x);
  };
  const narrow = (x: Value): Value => {
    if (x.dtype === low) return x;
    const maker = makerOf(x);
    const source = maker?.inputs[0];
    if (maker?.op === 'Cast' && source?.dtype === low) return source;
    const isArranged = maker !== undefined && source && ARRANGES.has(maker.op);
    if (isArranged) return applyOperator(g, maker.op, [narrow(source)], maker.attrs)[0] as Value;
    return g.Cast(x, { to: low });
  };
  return { narrow, widen: (x) => (x.dtype === low ? g.Cast(x, { to: 'float32' }) : x), makerOf };
}
