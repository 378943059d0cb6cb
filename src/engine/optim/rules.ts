import type { Arithmetic } from './arithmetic.ts';

/** What enters one update from outside; it may differ from step to step and from parameter to parameter. */
export interface StepSettings {
  /** Counts from 1. */
  readonly step: number;
  readonly lr: number;
  readonly weightDecay: number;
  /** Takes the place of Adam's first beta or of SGD's momentum where a schedule moves them (one-cycle). */
  readonly momentum?: number;
}

type Scalars<Scalar extends string> = Readonly<Record<Scalar, (at: StepSettings) => number>>;

/**
 * One optimizer, element by element: how a parameter and its slots follow from the gradient.
 * `Slot` names the state kept beside each parameter, zero at the start; `Scalar` names the numbers that enter the update.
 */
export interface UpdateRule<Slot extends string = string, Scalar extends string = string> {
  readonly name: string;
  readonly slots: readonly Slot[];
  /** Each scalar as a function of the step, in float64. The order of the keys is the order of a kernel's arguments. */
  readonly scalars: Scalars<Scalar>;
  /** Those that are above zero at every step. */
  readonly positive: readonly Scalar[];
  update<T>(x: Arithmetic<T>, p: T, g: T, slots: Readonly<Record<Slot, T>>, scalars: Readonly<Record<Scalar, T>>): Update<Slot, T>;
}

export interface Update<Slot extends string, T> {
  readonly p: T;
  readonly slots: Readonly<Record<Slot, T>>;
}

/** How parameters are updated. */
export interface Optimizer {
  readonly rule: UpdateRule;
  /** The group that a parameter belongs to; where it is left out, all have the rate of the step and no weight decay. */
  group?(parameter: string): ParameterGroup;
}

/** What parameters of a group have in common. Groups of equal values are one group. */
export interface ParameterGroup {
  /** Their rate is that of the step times this. */
  readonly lrScale: number;
  readonly weightDecay: number;
}

/** What a step settles for all parameters. */
export type StepRates = Omit<StepSettings, 'weightDecay'>;

export function groupOf(optimizer: Optimizer, parameter: string): ParameterGroup {
  return optimizer.group?.(parameter) ?? { lrScale: 1, weightDecay: 0 };
}

export function settingsOf({ lrScale, weightDecay }: ParameterGroup, at: StepRates): StepSettings {
  return { ...at, lr: at.lr * lrScale, weightDecay };
}

export interface AdamOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Divide by the largest second moment so far (Reddi et al. 2018). */
  readonly amsgrad?: boolean;
}

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** The share of each gradient, the first excepted, that stays out of the momentum. */
  readonly dampening?: number;
}

/** Adam with weight decay as L2, that is, added to the gradient: `torch.optim.Adam`. */
export function adam(options: AdamOptions): UpdateRule {
  return options.amsgrad === true ? l2('adam-amsgrad', amsgradDirection(options)) : l2('adam', adamDirection(options));
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019): `torch.optim.AdamW`. */
export function adamw(options: AdamOptions): UpdateRule {
  return options.amsgrad === true ? decoupled('adamw-amsgrad', amsgradDirection(options)) : decoupled('adamw', adamDirection(options));
}

/** Gradient descent with momentum and weight decay as L2: `torch.optim.SGD`. Without momentum it keeps no state. */
export function sgd(options: SgdOptions): UpdateRule {
  return options.momentum === 0 ? l2('sgd', plainDirection) : l2('sgd-momentum', momentumDirection(options));
}

/** What a parameter moves against, before the learning rate: a function of its gradient and slots alone. */
interface Direction<Slot extends string, Scalar extends string> {
  readonly slots: readonly Slot[];
  readonly scalars: Scalars<Scalar>;
  readonly positive: readonly Scalar[];
  direction<T>(
    x: Arithmetic<T>,
    g: T,
    slots: Readonly<Record<Slot, T>>,
    scalars: Readonly<Record<Scalar, T>>,
  ): { readonly d: T; readonly slots: Readonly<Record<Slot, T>> };
}

/** p ← p - lr · d(g + decay · p) */
function l2<Slot extends string, Scalar extends string>(
  name: string,
  of: Direction<Slot, Scalar>,
): UpdateRule<Slot, Scalar | 'lr' | 'decay'> {
  return {
    name,
    slots: of.slots,
    scalars: { ...of.scalars, lr: (at) => at.lr, decay: (at) => at.weightDecay },
    positive: of.positive,
    update(x, p, g, slots, scalars) {
      const { d, slots: next } = of.direction(x, x.add(g, x.mul(scalars.decay, p)), slots, scalars);
      return { p: x.sub(p, x.mul(scalars.lr, d)), slots: next };
    },
  };
}

/** p ← p - (lr · decay · p + lr · d(g)); as (1 - lr · decay) p it would lose digits of the decay in float32. */
function decoupled<Slot extends string, Scalar extends string>(
  name: string,
  of: Direction<Slot, Scalar>,
): UpdateRule<Slot, Scalar | 'lr' | 'shrink'> {
  return {
    name,
    slots: of.slots,
    scalars: { ...of.scalars, lr: (at) => at.lr, shrink: (at) => at.lr * at.weightDecay },
    positive: of.positive,
    update(x, p, g, slots, scalars) {
      const { d, slots: next } = of.direction(x, g, slots, scalars);
      return { p: x.sub(p, x.add(x.mul(scalars.shrink, p), x.mul(scalars.lr, d))), slots: next };
    },
  };
}

/** Kingma & Ba 2015: m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², d = m / (1-β₁ᵗ) / (√(v / (1-β₂ᵗ)) + ε) */
function adamDirection(options: AdamOptions): Direction<'m' | 'v', AdamScalar> {
  return {
    slots: ['m', 'v'],
    scalars: adamScalars(options),
    positive: ['correction1', 'correction2'],
    direction(x, g, slots, scalars) {
      const { m, v } = moments(x, g, slots, scalars);
      return { d: normalized(x, m, v, scalars), slots: { m, v } };
    },
  };
}

/** Adam over the largest v so far, as `torch.optim.Adam(amsgrad=True)` has it: the maximum is taken before v's bias correction. */
function amsgradDirection(options: AdamOptions): Direction<'m' | 'v' | 'vMax', AdamScalar> {
  return {
    slots: ['m', 'v', 'vMax'],
    scalars: adamScalars(options),
    positive: ['correction1', 'correction2'],
    direction(x, g, slots, scalars) {
      const { m, v } = moments(x, g, slots, scalars);
      const vMax = x.max(slots.vMax, v);
      return { d: normalized(x, m, vMax, scalars), slots: { m, v, vMax } };
    },
  };
}

type AdamScalar = 'gain1' | 'beta2' | 'gain2' | 'correction1' | 'correction2' | 'eps';

function adamScalars({ betas: [beta1, beta2], eps }: AdamOptions): Scalars<AdamScalar> {
  return {
    gain1: (at) => 1 - (at.momentum ?? beta1),
    beta2: () => beta2,
    gain2: () => 1 - beta2,
    correction1: (at) => 1 / (1 - (at.momentum ?? beta1) ** at.step),
    correction2: (at) => 1 / Math.sqrt(1 - beta2 ** at.step),
    eps: () => eps,
  };
}

function moments<T>(x: Arithmetic<T>, g: T, slots: Readonly<Record<'m' | 'v', T>>, scalars: Readonly<Record<AdamScalar, T>>) {
  const m = x.lerp(slots.m, g, scalars.gain1);
  const v = x.add(x.mul(scalars.beta2, slots.v), x.mul(scalars.gain2, x.mul(g, g)));
  return { m, v };
}

function normalized<T>(x: Arithmetic<T>, m: T, v: T, scalars: Readonly<Record<AdamScalar, T>>): T {
  return x.div(x.mul(m, scalars.correction1), x.add(x.mul(x.sqrt(v), scalars.correction2), scalars.eps));
}

/** d = g */
const plainDirection: Direction<never, never> = {
  slots: [],
  scalars: {},
  positive: [],
  direction: (_x, g, slots) => ({ d: g, slots }),
};

/** b ← μb + (1-τ)g with τ = 0 at the first step; d = b, or with Nesterov's look-ahead d = g + μb. */
function momentumDirection({ momentum, nesterov, dampening = 0 }: SgdOptions): Direction<'momentum', 'mu' | 'gain'> {
  return {
    slots: ['momentum'],
    scalars: { mu: (at) => at.momentum ?? momentum, gain: (at) => (at.step === 1 ? 1 : 1 - dampening) },
    positive: [],
    direction(x, g, slots, { mu, gain }) {
      const b = x.add(x.mul(mu, slots.momentum), x.mul(gain, g));
      return { d: nesterov ? x.add(g, x.mul(mu, b)) : b, slots: { momentum: b } };
    },
  };
}
