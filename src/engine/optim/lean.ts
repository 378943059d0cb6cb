import type { Builder, Value } from '../graph/index.ts';
import { withLerp, type Arithmetic } from './arithmetic.ts';

/**
 * A number of a rule while it becomes nodes: zero; a scalar; or a tensor, times a scalar that is not multiplied with it before it must be.
 * Where scalars meet they are multiplied with each other instead, which costs a device next to nothing, and a tensor is read and written
 * once less for each of them. Digits differ from those of the plain nodes by rounding alone.
 */
export type Term =
  { readonly kind: 'zero' } | Scalar | Rows | { readonly kind: 'tensor'; readonly value: Value; readonly by: Scalar | null };

export interface Scalar {
  readonly kind: 'scalar';
  readonly value: Value;
  /** Known to be above zero, so that it can be divided by. */
  readonly positive: boolean;
}

/** A table that is zero outside of some rows, which differ: the gradient of an embedding. It is written out only where it must be. */
export interface Rows {
  readonly kind: 'rows';
  readonly values: Value;
  readonly by: Scalar | null;
  /** The table, or one of zeros, with the values added. */
  readonly addTo: (table: Value | undefined, values: Value) => Value;
}

type Tensor = Extract<Term, { readonly kind: 'tensor' }>;

export const zero: Term = { kind: 'zero' };

export function scalar(value: Value, positive = false): Scalar {
  return { kind: 'scalar', value, positive };
}

export function tensor(value: Value, by: Scalar | null = null): Term {
  return { kind: 'tensor', value, by };
}

export function rows(values: Value, by: Scalar | null, addTo: Rows['addTo']): Term {
  return { kind: 'rows', values, by, addTo };
}

export function leanNodes(g: Builder): Arithmetic<Term> {
  const product = (a: Scalar | null, b: Scalar | null): Scalar | null =>
    a === null || b === null ? (a ?? b) : scalar(g.Mul(a.value, b.value), a.positive && b.positive);
  const quotient = (a: Scalar | null, b: Scalar | null): Scalar | null =>
    b === null ? a : scalar(g.Div(a?.value ?? g.scalar(1), b.value), a?.positive !== false && b.positive);
  /** A sum or difference, before what both are multiplied with. */
  const combined = (op: (a: Value, b: Value) => Value, a: Tensor | Scalar, b: Tensor | Scalar): Term => {
    if (a.kind === 'scalar' && b.kind === 'scalar') return scalar(op(a.value, b.value));
    const [by, other] = a.kind === 'tensor' ? [a.by, b] : [(b as Tensor).by, a];
    const isUnderBy = other.kind === 'tensor' ? other.by?.value === by?.value : by === null || by.positive;
    const before = (x: Tensor | Scalar): Value => (x.kind === 'tensor' || by === null ? x.value : g.Div(x.value, by.value));
    return isUnderBy ? tensor(op(before(a), before(b)), by) : tensor(op(written(g, a), written(g, b)));
  };
  const dense = (x: Exclude<Term, { readonly kind: 'zero' }>): Scalar | Tensor =>
    x.kind === 'rows' ? { kind: 'tensor', value: written(g, x), by: null } : x;
  const basic: Arithmetic<Term> = withLerp<Term>({
    add(a, b) {
      if (a.kind === 'zero' || b.kind === 'zero') return a.kind === 'zero' ? b : a;
      if (a.kind === 'tensor' && b.kind === 'rows') return tensor(b.addTo(written(g, a), scaledRows(g, b)));
      return a.kind === 'rows' && b.kind === 'tensor' ? basic.add(b, a) : combined(g.Add, dense(a), dense(b));
    },
    sub: (a, b) => (b.kind === 'zero' ? a : combined(g.Sub, a.kind === 'zero' ? scalar(g.scalar(0)) : dense(a), dense(b))),
    mul(first, second) {
      if (first.kind === 'zero' || second.kind === 'zero') return zero;
      const [x, factor] = first.kind === 'rows' ? [first, second] : [second, first];
      if (x.kind === 'rows' && factor.kind === 'scalar') return { ...x, by: product(x.by, factor) };
      if (x.kind === 'rows' && factor === x) return { ...x, values: g.Mul(x.values, x.values), by: product(x.by, x.by) };
      const [a, b] = [dense(first), dense(second)];
      if (a.kind === 'scalar') return b.kind === 'scalar' ? (product(a, b) as Scalar) : tensor(b.value, product(b.by, a));
      return b.kind === 'scalar' ? tensor(a.value, product(a.by, b)) : tensor(g.Mul(a.value, b.value), product(a.by, b.by));
    },
    div(first, second) {
      if (first.kind === 'zero') return zero;
      const [a, b] = [dense(first), second.kind === 'rows' ? dense(second) : second];
      if (a.kind === 'tensor' && b.kind === 'scalar') return tensor(a.value, quotient(a.by, b));
      if (a.kind === 'tensor' && b.kind === 'tensor' && b.by?.positive !== false)
        return tensor(g.Div(a.value, b.value), quotient(a.by, b.by));
      const result = g.Div(written(g, a), written(g, b));
      return a.kind === 'scalar' && b.kind === 'scalar' ? scalar(result, a.positive && b.positive) : tensor(result);
    },
    max: (a, b) => tensor(g.Max(written(g, a), written(g, b))),
    sqrt: (a) => (a.kind === 'zero' ? zero : a.kind === 'scalar' ? scalar(g.Sqrt(a.value), a.positive) : tensor(g.Sqrt(written(g, a)))),
  });
  return {
    ...basic,
    // (1 - t) a + t b: one pass less than a + t (b - a), and none for what b has still to be multiplied with
    lerp(a, b, t) {
      if (t.kind !== 'scalar') return basic.lerp(a, b, t);
      return basic.add(basic.mul(scalar(g.Sub(g.scalar(1), t.value)), a), basic.mul(t, b));
    },
  };
}

/** The number itself. */
export function written(g: Builder, x: Term): Value {
  if (x.kind === 'zero') return g.scalar(0);
  if (x.kind === 'rows') return x.addTo(undefined, scaledRows(g, x));
  return x.kind === 'tensor' && x.by !== null ? g.Mul(x.value, x.by.value) : x.value;
}

function scaledRows(g: Builder, { values, by }: Rows): Value {
  return by === null ? values : g.Mul(values, by.value);
}
