import { sameShape, type Builder, type Value } from '../../graph/index.ts';
import { withLerp, type Arithmetic } from '../arithmetic.ts';
import { leanNodes, rows, scalar, tensor, written, zero, type Term } from '../lean.ts';
import type { Update, UpdateRule } from '../rules.ts';

/** What an update reads. */
export interface UpdateInputs {
  readonly p: Value;
  readonly gradient: Value;
  /** What the gradient has still to be multiplied with, a scalar. */
  readonly factor: Value | null;
  /** A gradient of some rows of p among zeros, or added to a table; any other as it is. */
  whole(gradient: Value, table?: Value): Value;
  readonly slots: Readonly<Record<string, Value>>;
  readonly scalars: Readonly<Record<string, Value>>;
}

/** The rule's operations one by one, as nodes. */
export function plainUpdate(
  g: Builder,
  rule: UpdateRule,
  { p, gradient, factor, whole, slots, scalars }: UpdateInputs,
): Update<string, Value> {
  return rule.update(nodes(g), p, whole(factor === null ? gradient : g.Mul(factor, gradient)), slots, scalars);
}

/** The same in as few passes over the tensors as `leanNodes` finds. Scalars that are not given are zero. */
export function leanUpdate(
  g: Builder,
  rule: UpdateRule,
  { p, gradient, factor, whole, slots, scalars }: UpdateInputs,
): Update<string, Value> {
  const given = Object.keys(rule.scalars).map((name): readonly [string, Term] => {
    const value = scalars[name];
    return [name, value === undefined ? zero : scalar(value, rule.positive.includes(name))];
  });
  const terms = Object.fromEntries(Object.entries(slots).map(([slot, value]) => [slot, tensor(value)]));
  const by = factor === null ? null : scalar(factor);
  const d = sameShape(gradient.shape, p.shape) ? tensor(gradient, by) : rows(gradient, by, (table, values) => whole(values, table));
  const next = rule.update(leanNodes(g), tensor(p), d, terms, Object.fromEntries(given));
  return { p: written(g, next.p), slots: Object.fromEntries(Object.entries(next.slots).map(([slot, term]) => [slot, written(g, term)])) };
}

/** Those that do not stand for weight decay alone. */
export function scalarsWithoutDecay({ scalars }: UpdateRule): readonly string[] {
  const at = (weightDecay: number) => ({ step: 1, lr: 1, weightDecay });
  return Object.entries(scalars).filter(([, value]) => !(value(at(0)) === 0 && value(at(1)) !== 0)).map(([name]) => name);
}

function nodes(g: Builder): Arithmetic<Value> {
  return withLerp({
    add: (a, b) => g.Add(a, b),
    sub: (a, b) => g.Sub(a, b),
    mul: (a, b) => g.Mul(a, b),
    div: (a, b) => g.Div(a, b),
    max: (a, b) => g.Max(a, b),
    sqrt: (a) => g.Sqrt(a),
  });
}
