import { hashOf, sha256 } from '../../core/hash.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { AttributeSpec, AttributeSpecs } from './attributes.ts';
import { check, inferTypes } from './check.ts';
import { product, sameShape } from './dims.ts';
import { operators, type Arguments, type OpName, type Operator, type Result } from './ops.ts';
import type { Attribute, ConstantData, DType, Graph, Node, Shape, Value } from './types.ts';

/** Writes a graph: one method for each operator, and these. Equal calls give the same value. */
export type Builder = Writer & { readonly [O in OpName]: (...args: Arguments<O>) => Result<O> };

interface Writer {
  /** The nodes so far, each after those whose values it uses. */
  readonly nodes: readonly Node[];
  /** A tensor fed at every run. Names are unique. */
  input(name: string, dtype: DType, shape: Shape): Value;
  constant(data: ConstantData, dtype: DType, shape: readonly number[]): Value;
  /** A float32 constant without axes. */
  scalar(x: number): Value;
  /** An int64 constant [n]. */
  ints(list: readonly number[]): Value;
  /** x in another shape of as many elements; symbols must be axes of graph inputs. x itself where the shape is its own. */
  reshape(x: Value, dims: Shape): Value;
  /** x repeated along axes of length 1 and new leading axes. x itself where the shape is its own. */
  expand(x: Value, dims: Shape): Value;
  output(name: string, value: Value): void;
  /**
   * What `write` returns. The nodes that it adds belong to the part of the model with this full name, which stands in place
   * of the scope around it. A node that equal calls share keeps the scope of the first.
   */
  scope<T>(name: string, write: () => T): T;
  /** The checked graph of what the outputs need; all inputs stay. */
  build(): Graph;
}

type Given = Readonly<Record<string, Attribute>>;
type Argument = Value | null | Given;
type Apply = (op: OpName, operator: Operator, args: readonly Argument[]) => unknown;

/** `reserved`: names that generated ones keep clear of, such as those of outputs to come. */
export function graphBuilder(name: string, reserved: Iterable<string> = []): Builder {
  const taken = new Set(reserved);
  const inputs: Value[] = [];
  const constants = new Map<Value, ConstantData>();
  const nodes: Node[] = [];
  const outputs = new Map<string, Value>();
  const interned = new Map<string, readonly Value[]>();
  let scope = '';

  const apply: Apply = (op, operator, args) => {
    const { values, given } = splitArguments(operator.inputs, args);
    const attrs = complete(op, operator.attrs, given, values[0] ?? null);
    const key = `${op}(${values.map((x) => x?.name ?? '').join(' ')})${hashOf(attrs)}`;
    const made = interned.get(key) ?? append(op, operator, values, attrs);
    interned.set(key, made);
    return operator.outputs.length > 1 || operator.outputs[0]?.startsWith('...') ? made : made[0];
  };

  const fresh = (wanted: string): string => {
    let free = wanted;
    while (taken.has(free)) free += '_';
    taken.add(free);
    return free;
  };

  const append = (op: OpName, operator: Operator, values: Node['inputs'], attrs: Node['attrs']): readonly Value[] => {
    const nameOf = (i: number): string => fresh(`${op}_${nodes.length}${i === 0 ? '' : `.${operator.outputs[i] ?? i}`}`);
    const made = inferTypes(op, values, attrs, scope).map(({ dtype, shape }, i): Value => ({ name: nameOf(i), dtype, shape }));
    nodes.push(scope === '' ? { op, inputs: values, attrs, outputs: made } : { op, inputs: values, attrs, outputs: made, scope });
    return made;
  };

  const writer: Writer = {
    nodes,
    input(inputName, dtype, shape) {
      if (inputs.some((x) => x.name === inputName)) throw new OrtrainError('run', `Graph ${name} has an input ${inputName} already.`);
      const x: Value = { name: inputName, dtype, shape };
      taken.add(inputName);
      inputs.push(x);
      return x;
    },
    constant(data, dtype, shape) {
      if (product(shape) !== data.length)
        throw new OrtrainError('run', `A constant of shape [${shape.join(', ')}] does not have ${data.length} elements.`);
      const key = `${dtype}[${shape.join(' ')}]${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`;
      const known = interned.get(key)?.[0];
      if (known !== undefined) return known;
      const x: Value = { name: fresh(`const_${constants.size}`), dtype, shape };
      constants.set(x, data);
      interned.set(key, [x]);
      return x;
    },
    scalar: (x) => writer.constant(Float32Array.of(x), 'float32', []),
    ints: (list) => writer.constant(BigInt64Array.from(list, BigInt), 'int64', [list.length]),
    reshape: (x, dims) => (sameShape(x.shape, dims) ? x : builder.Reshape(x, { shape: dims })),
    expand: (x, dims) => (sameShape(x.shape, dims) ? x : builder.Expand(x, { shape: dims })),
    output(outputName, value) {
      if (outputs.has(outputName)) throw new OrtrainError('run', `Graph ${name} has an output ${outputName} already.`);
      outputs.set(outputName, value);
    },
    scope(within, write) {
      const around = scope;
      scope = within;
      try {
        return write();
      } finally {
        scope = around;
      }
    },
    build() {
      const live = liveNodes(nodes, outputs.values());
      const used = new Set([...outputs.values(), ...live.flatMap((node) => node.inputs)]);
      const usedConstants = new Map([...constants].filter(([x]) => used.has(x)));
      const graph: Graph = { name, inputs: [...inputs], constants: usedConstants, nodes: live, outputs: new Map(outputs) };
      check(graph);
      return graph;
    },
  };
  const builder = withOperators(writer, apply);
  return builder;
}

/**
 * A node by its operator's name. The one cast of such calls: whoever makes them has inputs and attributes that fit; what does not is
 * refused all the same.
 */
export function applyOperator(g: Builder, op: string, inputs: Node['inputs'], attrs: Node['attrs']): readonly Value[] {
  const method = g[op as OpName] as (...args: readonly unknown[]) => Value | readonly Value[];
  return [method(...inputs, attrs)].flat();
}

/** The one cast of the builder: that the methods made from the table's rows have the types that the table's rows say. */
function withOperators(writer: Writer, apply: Apply): Builder {
  const rows = Object.entries<Operator>(operators);
  const methods = rows.map(([op, operator]) => [op, (...args: readonly Argument[]) => apply(op as OpName, operator, args)]);
  return Object.assign(writer, Object.fromEntries(methods)) as Builder;
}

/** The inputs, with null for those that are left out, and the attributes that come after them. */
function splitArguments(names: readonly string[], args: readonly Argument[]): { readonly values: Node['inputs']; readonly given: Given } {
  const isValue = (arg: Argument | undefined): arg is Value | null => arg === null || (arg !== undefined && 'dtype' in arg);
  const last = args.at(-1);
  const values = args.filter(isValue);
  const missing = names.slice(values.length).filter((name) => !name.startsWith('...'));
  return { values: [...values, ...missing.map(() => null)], given: last === undefined || isValue(last) ? {} : last };
}

/** Attributes in the one form in which equal ones are equal: defaults filled in, axes counted from the front. */
function complete(op: string, specs: AttributeSpecs, given: Given, x: Value | null): Given {
  const stray = Object.keys(given).find((key) => specs[key] === undefined);
  if (stray !== undefined) throw new OrtrainError('run', `${op} has no attribute ${stray}.`);
  return Object.fromEntries(
    Object.entries(specs).map(([key, spec]) => {
      const value = given[key] ?? spec.fallback;
      if (value === undefined) throw new OrtrainError('run', `${op} needs the attribute ${key}.`);
      return [key, canonical(spec, value, x?.shape.length ?? 0)];
    }),
  );
}

function canonical({ kind }: AttributeSpec, value: Attribute, rank: number): Attribute {
  const front = (axis: number, axes: number): number => (axis < 0 ? axis + axes : axis);
  if (kind === 'axis') return front(value as number, rank);
  if (kind === 'dims') return (value as Shape).map((dim) => product([dim]));
  if (kind !== 'axes' && kind !== 'new-axes') return value;
  const list = value as readonly number[];
  if (kind === 'axes' && list.length === 0) return Array.from({ length: rank }, (_, axis) => axis);
  return list.map((axis) => front(axis, kind === 'axes' ? rank : rank + list.length));
}

/** The nodes that the outputs need, in order. */
function liveNodes(nodes: readonly Node[], outputs: Iterable<Value>): readonly Node[] {
  const used = new Set<Value | null>(outputs);
  const live = [...nodes].reverse().filter((node) => {
    const needed = node.outputs.some((y) => used.has(y));
    if (needed) node.inputs.forEach((x) => used.add(x));
    return needed;
  });
  return live.reverse();
}
