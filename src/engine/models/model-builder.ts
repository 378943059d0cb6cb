import { parentScope, type Builder } from '../graph/index.ts';
import type { Shape, Value } from '../graph/types.ts';
import type { Initializer, MaskSpec, ParameterSpec } from '../program.ts';

/** What a gradient is taken of: a parameter, or those rows of an embedding table that the batch uses. */
export interface Leaf {
  readonly parameter: string;
  readonly value: Value;
  /** Name of the graph input that lists the rows, where `value` is rows of the parameter. */
  readonly rows?: string;
}

/**
 * A model while it is built: its graph, and what its layers declare at the place where they use it. So the list of
 * parameters cannot differ from what the graph computes.
 */
export interface ModelBuilder {
  readonly g: Builder;
  /** In the order of declaration, as are the leaves and masks. */
  readonly parameters: readonly ParameterSpec[];
  readonly leaves: readonly Leaf[];
  readonly masks: readonly MaskSpec[];
  /** A tensor that is trained, float32. */
  parameter(name: string, shape: readonly number[], init: Initializer): Value;
  /** The rows of an embedding table that an int32 input [U] lists: [U, width]. */
  tableRows(name: string, shape: readonly [number, number], init: Initializer, rows: Value): Value;
  /** `x` with elements set to zero at random and the rest scaled by 1 / (1 - rate); `x` itself where there is no dropout. */
  dropout(name: string, x: Value, rate: number): Value;
}

/** Without `withDropout`, dropout layers pass everything through, as they do in evaluation. */
export function modelBuilder(g: Builder, withDropout: boolean): ModelBuilder {
  const parameters: ParameterSpec[] = [];
  const leaves: Leaf[] = [];
  const masks: MaskSpec[] = [];
  const declare = (name: string, shape: readonly number[], init: Initializer): Value => {
    parameters.push({ name, shape, init });
    return g.input(name, 'float32', shape);
  };
  return {
    g,
    parameters,
    leaves,
    masks,
    parameter: (name, shape, init) => {
      const value = declare(name, shape, init);
      leaves.push({ parameter: name, value });
      return value;
    },
    tableRows: (name, shape, init, rows) => {
      const value = g.scope(parentScope(name), () => g.Gather(declare(name, shape, init), rows, { axis: 0 }));
      leaves.push({ parameter: name, value, rows: rows.name });
      return value;
    },
    dropout: (name, x, rate) => {
      if (!withDropout || rate === 0) return x;
      const mask = maskInput(g, name, x.shape);
      masks.push({ input: mask.name, shape: mask.shape, rate });
      return g.scope(name, () => g.Mul(x, g.Mul(g.Cast(mask, { to: 'float32' }), g.scalar(1 / (1 - rate)))));
    },
  };
}

function maskInput(g: Builder, name: string, shape: Shape): Value {
  return g.input(`${name}.mask`, 'uint8', shape);
}
