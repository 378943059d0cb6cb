import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { AttributeKind } from './attributes.ts';
import { factors, product, sameShape, showType } from './dims.ts';
import { refuse } from './infer.ts';
import { operatorOf } from './ops.ts';
import type { Attribute, Graph, Node, TensorType, Value } from './types.ts';

/**
 * Throws unless the graph keeps these laws: names are unique; every value is made once, before it is used; operators and
 * attributes are those of the table; dtypes and shapes are what the table infers; constants have as many elements as their
 * shape says; every symbol is an axis of an input; outputs exist.
 */
export function check(graph: Graph): void {
  const problems = [...brokenLaws(graph)].map((message): Problem => ({ message }));
  if (problems.length === 0) return;
  const list = problems.map(({ message }) => message).join('; ');
  throw new OrtrainError('run', `Graph ${graph.name} is broken: ${list}`, { subject: graph.name, problems });
}

/** The types of an operator's outputs; throws with the operator's name, its operands and its scope where they do not fit. */
export function inferTypes(
  op: string,
  inputs: readonly (Value | null)[],
  attrs: Node['attrs'],
  scope = '',
): readonly TensorType[] {
  const operator = operatorOf(op);
  if (operator === undefined) throw new OrtrainError('run', `There is no operator ${op}.`);
  const operands = inputs.map((x) => (x === null ? 'null' : showType(x))).join(', ');
  try {
    checkInputs(operator.inputs, inputs);
    for (const [key, { kind }] of Object.entries(operator.attrs)) checkAxes(kind, attrs[key] ?? 0, inputs[0]?.shape.length ?? 0);
    const types = operator.infer(inputs as readonly Value[], attrs as never);
    return Array.isArray(types) ? types : [types as TensorType];
  } catch (cause) {
    if (!(cause instanceof OrtrainError)) throw cause;
    throw new OrtrainError('run', `${scope === '' ? '' : `${scope}: `}${op}(${operands}): ${cause.message}`, { subject: op, cause });
  }
}

function checkInputs(names: readonly string[], inputs: readonly (Value | null)[]): void {
  const missing = names.find((name, i) => !/^\.\.\.|\?$/.test(name) && (inputs[i] ?? null) === null);
  if (missing !== undefined) refuse(`lacks its input ${missing}`);
  if (inputs.length > names.length && !names[0]?.startsWith('...')) refuse(`takes ${names.length} inputs`);
}

function checkAxes(kind: AttributeKind, value: Attribute, rank: number): void {
  if (kind !== 'axis' && kind !== 'axes' && kind !== 'new-axes') return;
  const axes = [value].flat() as readonly number[];
  const limit = kind === 'new-axes' ? rank + axes.length : rank;
  for (const axis of axes) if (axis < 0 || axis >= limit) refuse(`there is no axis ${axis}`);
  if (new Set(axes).size < axes.length) refuse(`names an axis twice: ${axes.join(', ')}`);
}

function* brokenLaws(graph: Graph): Generator<string> {
  const known = new Set<Value>();
  const names = new Set<string>();
  const symbols = new Set(graph.inputs.flatMap((x) => x.shape));
  const define = function* (x: Value): Generator<string> {
    if (names.has(x.name)) yield `two values are called ${x.name}`;
    names.add(x.name);
    known.add(x);
    for (const dim of x.shape) {
      if (product([dim]) !== dim) yield `${x.name} has the dimension ${dim}, which is not in canonical form`;
      if (!symbols.has(dim) && !factors(dim).every((factor) => typeof factor === 'number' || symbols.has(factor))) {
        yield `the dimension ${dim} of ${x.name} is no axis of an input`;
      }
    }
  };

  for (const x of graph.inputs) yield* define(x);
  for (const [x, data] of graph.constants) {
    yield* define(x);
    if (product(x.shape) !== data.length) yield `the constant ${x.name} does not have ${data.length} elements`;
  }
  for (const node of graph.nodes) {
    yield* node.inputs.filter((x) => x !== null && !known.has(x)).map((x) => `${nodeLabel(node)} uses ${x?.name} before it is made`);
    yield* brokenNode(node);
    for (const y of node.outputs) yield* define(y);
  }
  for (const [name, value] of graph.outputs) {
    if (!known.has(value)) yield `the output ${name} returns ${value.name}, which nothing makes`;
    if (names.has(name) && value.name !== name) yield `the output ${name} has the name of another value`;
  }
}

function* brokenNode(node: Node): Generator<string> {
  const specs = operatorOf(node.op)?.attrs ?? {};
  const made = [...(node.scope === undefined ? [] : [`in ${node.scope}`]), node.outputs.map((y) => y.name).join(', ')].join(': ');
  const expected = Object.keys(specs).join(', ');
  if (operatorOf(node.op) !== undefined && Object.keys(node.attrs).join(', ') !== expected) {
    yield `${made}: ${node.op} has the attributes ${Object.keys(node.attrs).join(', ')}, not ${expected}`;
    return;
  }
  try {
    const types = inferTypes(node.op, node.inputs, node.attrs);
    if (types.length !== node.outputs.length || types.some((type, i) => !sameType(type, node.outputs[i]))) {
      yield `${made} should be ${types.map(showType).join(', ')}, not ${node.outputs.map(showType).join(', ')}`;
    }
  } catch (error) {
    yield `${made}: ${(error as Error).message}`;
  }
}

function nodeLabel({ op, scope }: Node): string {
  return scope === undefined ? op : `${op} in ${scope}`;
}

function sameType(a: TensorType, b: TensorType | undefined): boolean {
  return b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
