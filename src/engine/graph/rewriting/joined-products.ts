import type { Builder } from '../builder.ts';
import { sameShape } from '../dims.ts';
import { rewrite } from './rewrite.ts';
import { commonScope } from '../scopes.ts';
import type { Graph, Node, Value } from '../types.ts';

/**
 * The graph with products of the same matrix, as those that give queries, keys and values, taken as one: x Aᵀ and x Bᵀ as
 * x [A; B]ᵀ, and likewise in the backward pass. A GPU takes one large product in half the time of three small ones. Weights are
 * graph inputs [n, k], as they come or cast. Sums over more summands at a time are rounded otherwise.
 */
export function joinProducts(graph: Graph): Graph {
  const reads = readsOf(graph);
  const sets = productSets(graph).map((members) => backwardOf(members, reads));
  const ordered = inOrder(graph, new Map(sets.flatMap(dependencies)));
  if (sets.length === 0 || ordered === undefined) return graph;
  return rewrite(ordered, (g) => {
    const writers = new Map(sets.flatMap((set) => writersOf(g, set)));
    return { node: (node, inputs, made) => writers.get(node)?.(inputs, made) };
  });
}

/** Products x Wᵢᵀ + bᵢ of the same x. */
type Members = readonly Node[];

/** What a set of products gives way to. */
interface ProductSet {
  readonly members: Members;
  /** Nodes by member; null where the backward pass does not have one of this kind for each of them. */
  readonly weightGradients: readonly Node[] | null;
  readonly biasGradients: readonly Node[] | null;
  readonly inputGradients: InputGradients | null;
}

/** The members' shares of the gradient of x: products that are added one after the other, by sums or by the products themselves. */
interface InputGradients {
  readonly products: readonly Node[];
  /** The sum that each of them enters, in the order of the sums; none where each product adds the one before. */
  readonly sums: readonly { readonly add: Node; readonly share: Value }[];
  /** What the first product adds. */
  readonly base: Value | null;
}

type Reads = (x: Value) => readonly Node[];

function readsOf({ nodes, outputs }: Graph): Reads {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) for (const x of new Set(node.inputs)) if (x !== null) readers.set(x, [...(readers.get(x) ?? []), node]);
  const left = new Set(outputs.values());
  return (x) => (left.has(x) ? [] : (readers.get(x) ?? []));
}

function productSets({ inputs, nodes }: Graph): readonly Members[] {
  const given = new Set<Value | null | undefined>(inputs);
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((y) => [y, node] as const)));
  const isParameter = (x: Value | null | undefined): boolean => {
    const maker = x ? makers.get(x) : undefined;
    return given.has(x) || (maker?.op === 'Cast' && given.has(maker.inputs[0]));
  };
  const byInput = new Map<string, Node[]>();
  for (const node of nodes) {
    const [x, w, b] = node.inputs;
    if (
      node.op !== 'Gemm' ||
      node.attrs['transA'] !== 0 ||
      node.attrs['transB'] !== 1 ||
      node.attrs['alpha'] !== 1 ||
      node.attrs['beta'] !== 1
    )
      continue;
    if (!isParameter(w) || !(b === null || (isParameter(b) && b?.shape.length === 1))) continue;
    const key = `${x?.name} ${w?.shape.join()} ${b === null}`;
    byInput.set(key, [...(byInput.get(key) ?? []), node]);
  }
  return [...byInput.values()].filter(
    (members) => members.length > 1 && new Set(members.map(({ inputs: [, w] }) => w)).size === members.length,
  );
}

function backwardOf(members: Members, reads: Reads): ProductSet {
  const x = members[0]?.inputs[0] as Value;
  const weights = members.map(({ inputs: [, w] }) => w as Value);
  const isPlain = ({ op, attrs }: Node, transA: number): boolean =>
    op === 'Gemm' && attrs['transA'] === transA && attrs['transB'] === 0 && attrs['alpha'] === 1 && attrs['beta'] === 1;
  const products = each(weights, (w) => only(reads(w).filter((node) => isPlain(node, 0) && node.inputs[1] === w)));
  const gradients = products?.map(({ inputs: [d] }) => d as Value) ?? [];
  const isOfWeight = ({ inputs: [a, b, c] }: Node, d: Value): boolean => a === d && b === x && c === null;
  const weightGradients = products && each(gradients, (d) => only(reads(d).filter((node) => isPlain(node, 1) && isOfWeight(node, d))));
  const biasGradients =
    products &&
    each(gradients, (d) => only(reads(d).filter((node) => node.op === 'MatMul' && node.inputs[0]?.shape[0] === 1 && node.inputs[1] === d)));
  const row = biasGradients?.[0]?.inputs[0];
  return {
    members,
    weightGradients,
    biasGradients: biasGradients?.every(({ inputs: [ones] }) => ones === row) === true ? biasGradients : null,
    inputGradients: products && (chainOf(products, reads) ?? sumsOf(products, reads)),
  };
}

/** Where every product but one adds another one, of which nothing else is read. */
function chainOf(products: readonly Node[], reads: Reads): InputGradients | null {
  const results = new Map(products.map((node) => [node.outputs[0] as Value, node]));
  const firsts = products.filter(({ inputs: [, , c] }) => !results.has(c as Value));
  const lasts = products.filter(({ outputs: [y] }) => !products.some(({ inputs: [, , c] }) => c === y));
  const isChain =
    firsts.length === 1 &&
    lasts.length === 1 &&
    products.every((node) => node === lasts[0] || reads(node.outputs[0] as Value).length === 1);
  return isChain ? { products, sums: [], base: firsts[0]?.inputs[2] ?? null } : null;
}

/** Where every product enters a sum of its own, and these sums follow from each other with nothing else in between. */
function sumsOf(products: readonly Node[], reads: Reads): InputGradients | null {
  if (products.some(({ inputs: [, , c] }) => c !== null)) return null;
  const sums = each(products, ({ outputs: [y] }) => {
    const cast = only(reads(y as Value));
    const share = cast?.op === 'Cast' ? cast.outputs[0] : y;
    const add = only(reads(share as Value));
    return add?.op === 'Add' && add.inputs.every((x) => sameShape(x?.shape ?? [], share?.shape ?? []))
      ? { add, share: share as Value }
      : undefined;
  });
  if (sums === null || new Set(sums.map(({ add }) => add)).size < sums.length) return null;
  const follows = (first: Node, later: Node): boolean => {
    const next = only(reads(first.outputs[0] as Value));
    return next?.op === 'Add' && (next === later || follows(next, later));
  };
  const last = sums.find(({ add }) => sums.every((other) => other.add === add || follows(other.add, add)));
  return last === undefined ? null : { products, sums: [...sums.filter((sum) => sum !== last), last], base: null };
}

function each<A, B>(list: readonly A[], find: (a: A) => B | undefined): readonly B[] | null {
  const found = list.flatMap((a) => find(a) ?? []);
  return found.length === list.length ? found : null;
}

function only<A>(list: readonly A[]): A | undefined {
  return list.length === 1 ? list[0] : undefined;
}

/** What must be there before a node of the set is written: the inputs of all nodes of its kind. */
function dependencies({
  members,
  weightGradients,
  biasGradients,
  inputGradients,
}: ProductSet): readonly (readonly [Node, readonly Value[]])[] {
  return [members, weightGradients, biasGradients, inputGradients?.products ?? null].flatMap((nodes) => {
    const own = new Set((nodes ?? []).flatMap(({ outputs }) => outputs));
    const all = (nodes ?? []).flatMap(({ inputs }) => inputs.filter((x) => x !== null && !own.has(x)) as readonly Value[]);
    return (nodes ?? []).map((node) => [node, all] as const);
  });
}

/** The graph with every node after what it depends on, besides its inputs, and otherwise as before; undefined where that cannot be. */
function inOrder(graph: Graph, besides: ReadonlyMap<Node, readonly Value[]>): Graph | undefined {
  const there = new Set<Value | null>([null, ...graph.inputs, ...graph.constants.keys()]);
  const nodes: Node[] = [];
  let waiting: readonly Node[] = [];
  const isReady = (node: Node): boolean => node.inputs.every((x) => there.has(x)) && (besides.get(node) ?? []).every((x) => there.has(x));
  for (const node of graph.nodes) {
    waiting = [...waiting, node];
    for (let next = waiting.find(isReady); next !== undefined; next = waiting.find(isReady)) {
      nodes.push(next);
      next.outputs.forEach((y) => there.add(y));
      waiting = waiting.filter((other) => other !== next);
    }
  }
  return waiting.length === 0 ? { ...graph, nodes } : undefined;
}

type Write = (inputs: Node['inputs'], made: (x: Value) => Value) => Value;

/** What stands for each node of the set. */
function writersOf(
  g: Builder,
  { members, weightGradients, biasGradients, inputGradients }: ProductSet,
): readonly (readonly [Node, Write])[] {
  const widths = members.map(({ inputs: [, w] }) => w?.shape[0] as number);
  const split = (whole: Value, axis: number, i: number): Value => g.Split(whole, { split: widths, axis })[i] as Value;
  /** Operand i of all of them, one after the other. */
  const joined = (nodes: readonly Node[], i: number, axis: number, made: (x: Value) => Value): Value =>
    g.Concat(...nodes.map(({ inputs }) => made(inputs[i] as Value)), { axis });
  const written = (
    nodes: readonly Node[] | null | undefined,
    write: (all: readonly Node[], i: number) => Write,
  ): readonly (readonly [Node, Write])[] =>
    (nodes ?? []).map((node, i, all) => {
      const shared = commonScope(all);
      return [node, (inputs, made) => g.scope(shared, () => write(all, i)(inputs, made))] as const;
    });
  return [
    ...written(members, (all, i) => ([x], made) => {
      const bias = members[0]?.inputs[2] ? joined(all, 2, 0, made) : null;
      return split(g.Gemm(x as Value, joined(all, 1, 0, made), bias, { transB: 1 }), 1, i);
    }),
    ...written(weightGradients, (all, i) => ([, x], made) => split(g.Gemm(joined(all, 0, 1, made), x as Value, { transA: 1 }), 0, i)),
    ...written(biasGradients, (all, i) => ([ones], made) => split(g.MatMul(ones as Value, joined(all, 1, 1, made)), 1, i)),
    ...written(inputGradients?.products, (all) => (_, made) => {
      const base = inputGradients?.base ?? null;
      return g.Gemm(joined(all, 0, 1, made), joined(all, 1, 0, made), base && made(base));
    }),
    // The last sum takes the whole; the shares of the others are left out.
    ...(inputGradients?.sums ?? [])
      .slice(0, -1)
      .map(({ add, share }): readonly [Node, Write] => [add, ([a, b]) => (add.inputs[0] === share ? b : a) as Value]),
  ];
}
