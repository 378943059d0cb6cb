import { parentScope, type Builder, type Shape, type Value } from '../graph/index.ts';
import type { Initializer, MaskSpec, ParameterSpec } from '../program.ts';
import type { EncoderInput } from './inputs.ts';

/** What a gradient is taken of: a parameter, or those rows of an embedding table that the batch uses. */
export interface Leaf {
  readonly parameter: string;
  readonly value: Value;
  /** Name of the graph input that lists the rows, where `value` is rows of the parameter. */
  readonly rows?: string;
}

/**
 * A model while it is built: its graph, and what its layers declare at the place where they use it. So the list of
 * parameters cannot differ from what the graph computes. A builder stands at a part of the model; names given to it are those within the
 * part: `m.at('layer').at(3).parameter('weight', …)` declares `layer.3.weight`.
 */
export interface ModelBuilder {
  readonly g: Builder;
  /** Of the part, in full; empty for the whole model. */
  readonly name: string;
  /** In the order of declaration, as are the leaves and masks; of the whole model. */
  readonly parameters: readonly ParameterSpec[];
  readonly leaves: readonly Leaf[];
  readonly masks: readonly MaskSpec[];
  /** The builder at a part of this part; parts within parts may be named at once, `at('attention.self')`. */
  at(part: string | number): ModelBuilder;
  /** Writes nodes that belong to this part. */
  within<T>(write: (g: Builder) => T): T;
  /** A graph input that follows from the batch; the same value wherever it is asked for. */
  input(input: EncoderInput): Value;
  /**
   * A tensor that is trained, float32. A parameter that was declared before, with the same shape, is shared: its gradients add up.
   * Throws an Error for another shape.
   */
  parameter(name: string, shape: readonly number[], init: Initializer): Value;
  /** The rows of an embedding table that an int32 input [U] lists: [U, width]. */
  tableRows(name: string, shape: readonly [number, number], init: Initializer, rows: EncoderInput): Value;
  /**
   * `x` with elements set to zero at random and the rest scaled by 1 / (1 - rate); `x` itself where there is no dropout. A second dropout
   * of the same name, in a layer that is used again, has a mask of its own.
   */
  dropout(name: string, x: Value, rate: number): Value;
}

/** `drops`: whether the dropout of a name is active. By default none is, as in evaluation. */
export function modelBuilder(g: Builder, drops: (name: string) => boolean = () => false): ModelBuilder {
  const parameters: ParameterSpec[] = [];
  const leaves: Leaf[] = [];
  const masks: MaskSpec[] = [];
  const inputs = new Map<string, Value>();
  const declared = new Map<string, { readonly leaf: Leaf; readonly shape: readonly number[] }>();
  const input = ({ name, dtype, shape }: EncoderInput): Value => {
    const value = inputs.get(name) ?? g.input(name, dtype, shape);
    inputs.set(name, value);
    return value;
  };
  /** What was declared under the name, or else what `declare` makes. */
  const shared = ({ name, shape, init }: ParameterSpec, read: (whole: Value) => Omit<Leaf, 'parameter'>): Leaf => {
    const known = declared.get(name);
    if (known === undefined) {
      parameters.push({ name, shape, init });
      const leaf = { parameter: name, ...read(g.input(name, 'float32', shape)) };
      leaves.push(leaf);
      declared.set(name, { leaf, shape });
      return leaf;
    }
    if (String(known.shape) !== String(shape))
      throw new Error(`${name} is [${known.shape.join(', ')}] and cannot be shared as [${shape.join(', ')}]`);
    return known.leaf;
  };
  const uses = new Map<string, number>();
  const maskName = (name: string): string => {
    const before = uses.get(name) ?? 0;
    uses.set(name, before + 1);
    return before === 0 ? `${name}.mask` : `${name}.${before}.mask`;
  };

  const builderAt = (part: string): ModelBuilder => {
    const full = (name: string | number): string => (part === '' ? String(name) : `${part}.${name}`);
    return {
      g,
      name: part,
      parameters,
      leaves,
      masks,
      at: (name) => builderAt(full(name)),
      within: (write) => g.scope(part, () => write(g)),
      input,
      parameter(name, shape, init) {
        const { rows, value } = shared({ name: full(name), shape, init }, (value) => ({ value }));
        if (rows !== undefined) throw new Error(`${full(name)} is a table whose rows are read; it cannot be read whole`);
        return value;
      },
      tableRows(name, shape, init, rows) {
        const indices = input(rows);
        const leaf = shared({ name: full(name), shape, init }, (table) => ({
          value: g.scope(parentScope(full(name)), () => g.Gather(table, indices, { axis: 0 })),
          rows: rows.name,
        }));
        if (leaf.rows !== rows.name) throw new Error(`${full(name)} is read by other rows than ${rows.name}`);
        return leaf.value;
      },
      dropout(name, x, rate) {
        if (rate === 0 || !drops(full(name))) return x;
        const mask = maskInput(g, maskName(full(name)), x.shape);
        masks.push({ input: mask.name, shape: mask.shape, rate });
        return g.scope(full(name), () => g.Mul(x, g.Mul(g.Cast(mask, { to: 'float32' }), g.scalar(1 / (1 - rate)))));
      },
    };
  };
  return builderAt('');
}

function maskInput(g: Builder, name: string, shape: Shape): Value {
  return g.input(name, 'uint8', shape);
}
