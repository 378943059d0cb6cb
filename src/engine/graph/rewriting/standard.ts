import type { Builder } from '../builder.ts';
import { rewrite } from './rewrite.ts';
import type { Graph, Node, Value } from '../types.ts';

/** What stands for each of com.microsoft's operators in standard ONNX. */
const standard: Readonly<Record<string, (g: Builder, inputs: readonly Value[], attrs: Node['attrs']) => Value>> = {
  FusedMatMul: fusedMatMul,
  // x Φ(x) = ½ x (1 + erf(x/√2)), in the order of operations that runtimes know to fuse
  Gelu: (g, [x]) => g.Mul(g.Mul(x as Value, g.Add(g.Erf(g.Div(x as Value, g.scalar(Math.SQRT2))), g.scalar(1))), g.scalar(0.5)),
};

/** The same computation in standard ONNX operators alone, which any runtime has. */
export function toStandard(graph: Graph): Graph {
  return rewrite(graph, (g) => ({ node: ({ op, attrs }, inputs) => standard[op]?.(g, inputs as readonly Value[], attrs) }));
}

/**
 * alpha a b, with the last two axes of an operand swapped where asked. In 16 bits the factor is scaled, since the product alone may be too
 * large.
 */
export function fusedMatMul(g: Builder, [a, b]: readonly Value[], { alpha, transA, transB }: Node['attrs']): Value {
  const [left, right] = [transA === 1 ? swapped(g, a as Value) : (a as Value), transB === 1 ? swapped(g, b as Value) : (b as Value)];
  if (alpha === 1) return g.MatMul(left, right);
  const scale = g.scalar(alpha as number);
  return left.dtype === 'float32' ? g.Mul(g.MatMul(left, right), scale) : g.MatMul(g.Mul(left, g.Cast(scale, { to: left.dtype })), right);
}

/** The last two axes in the other order. */
function swapped(g: Builder, x: Value): Value {
  const rank = x.shape.length;
  return g.Transpose(x, { perm: [...x.shape.keys()].map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)) });
}
