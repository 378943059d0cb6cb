import type { UpdateRule } from './rules.ts';

/** What the average of a parameter differs from it by: zero at the start, where the average is the parameter. */
export const LAG = 'lag';

/**
 * A rule that also keeps the exponential moving average of every parameter over the updates, e ← d·e + (1-d)·p with e₀ = p₀, as
 * `timm`'s `ModelEmaV2` does. Kept is e - p, because slots begin at zero: from p to p' it becomes d·((e - p) + (p - p')).
 */
export function averaged(rule: UpdateRule, decay: number): UpdateRule {
  return {
    ...rule,
    name: `${rule.name}-ema`,
    slots: [...rule.slots, LAG],
    scalars: { ...rule.scalars, keep: () => decay },
    positive: [...rule.positive, 'keep'],
    update(x, p, g, slots, scalars) {
      const next = rule.update(x, p, g, slots, scalars);
      const lag = x.mul(scalars['keep']!, x.add(slots[LAG]!, x.sub(p, next.p)));
      return { p: next.p, slots: { ...next.slots, [LAG]: lag } };
    },
  };
}

/** The averages of parameters, from these and their lags. */
export function averagesOf(
  parameters: Readonly<Record<string, Float32Array>>,
  lags: Readonly<Record<string, Float32Array>>,
): Readonly<Record<string, Float32Array>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, p]) => [name, p.map((value, i) => value + lags[name]![i]!)]));
}
