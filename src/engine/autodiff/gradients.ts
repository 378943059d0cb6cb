import { OrtrainError } from '../../core/errors.ts';
import { backwardScope, product, sameShape, type Builder, type Node, type OpName, type Shape, type Value } from '../graph/index.ts';
import { zeros } from './expressions.ts';
import { rules, type Pullback } from './rules.ts';

/** Adds the backward pass to the graph, as `partials` does; zeros where the loss does not depend on a value. */
export function gradients(g: Builder, loss: Value, wrt: readonly Value[], scale?: Value): readonly Value[] {
  return partials(g, loss, wrt, scale).map((d, i) => d ?? g.scope(backwardScope(), () => zeros(g, (wrt[i] as Value).shape)));
}

/**
 * Adds the backward pass to the graph: d loss / d wrt[i], of wrt[i]'s shape, null where the loss does not depend on it. The loss
 * is a scalar. Reverse accumulation: nodes from the last to the first, each value's gradient the sum over its uses. `wrt` may
 * hold inputs and values in the middle of the graph; what leads to none of them is not visited. What a node's gradients take
 * belongs to its scope, with `backward` behind it.
 *
 * @param scale a scalar that all of them are multiplied by, from the loss on
 */
export function partials(g: Builder, loss: Value, wrt: readonly Value[], scale?: Value): readonly (Value | null)[] {
  if (loss.shape.length > 0) throw new OrtrainError('run', `A loss is a scalar; ${loss.name} has the shape [${loss.shape.join(', ')}].`);
  const nodes = [...g.nodes];
  const leading = dependents(nodes, wrt);
  const gradient = new Map<Value, Value>([[loss, scale ?? g.scalar(1)]]);

  for (const node of nodes.reverse()) {
    const dys = node.outputs.map((y) => gradient.get(y) ?? null);
    if (dys.every((dy) => dy === null)) continue;
    g.scope(backwardScope(node.scope), () => {
      node.inputs.forEach((x, i) => {
        if (x === null || !leading.has(x) || !isFloat(x)) return;
        const dx = pullback(g, node, i, dys);
        if (dx === null) return;
        const known = gradient.get(x);
        const part = sumTo(g, dx, x.shape);
        gradient.set(x, known === undefined ? part : g.Add(known, part));
      });
    });
  }
  return wrt.map((x) => gradient.get(x) ?? null);
}

/** `wrt` and all values that are made from them. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): ReadonlySet<Value> {
  const found = new Set(wrt);
  for (const node of nodes) if (node.inputs.some((x) => x !== null && found.has(x))) node.outputs.forEach((y) => found.add(y));
  return found;
}

/** Whole numbers and truth values have no derivative. */
function isFloat({ dtype }: Value): boolean {
  return dtype === 'float32';
}

/** The rule's answer for one input. The one cast: a node's name, inputs and attributes belong together, as the checker proves. */
function pullback(g: Builder, node: Node, i: number, dys: readonly (Value | null)[]): Value | null {
  const rule = rules[node.op as OpName] as Pullback<OpName> | readonly (Pullback<OpName> | null)[] | null;
  const pull = typeof rule === 'function' ? rule : (rule?.[i] ?? null);
  if (pull === null) return null;
  return pull(g, (dys.length === 1 ? dys[0] : dys) as never, node.inputs as never, node.outputs as never, node.attrs as never, i);
}

/**
 * Undoes broadcasting: x summed over the axes that `shape` lacks or has as 1. Leading axes, as of a bias under a batch, are summed
 * as a product with a row of ones, which threads share; onnxruntime sums them on one.
 */
function sumTo(g: Builder, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dim, axis) => (axis < added || (shape[axis - added] === 1 && dim !== 1) ? [axis] : []));
  const rest = product(x.shape.slice(axes.length));
  if (axes.at(-1) !== axes.length - 1 || rest === 1) return g.reshape(g.ReduceSum(x, { axes }), shape);
  const rows = product(x.shape.slice(0, axes.length));
  const ones = g.expand(g.scalar(1), [1, rows]);
  return g.reshape(g.MatMul(ones, g.reshape(x, [rows, rest])), shape);
}
