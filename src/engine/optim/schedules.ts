/** What a schedule sets for one step; `momentum` stands for Adam's first beta or SGD's momentum. */
export interface Rates {
  readonly lr: number;
  readonly momentum?: number;
}

/** The rates of optimizer step `step`, which counts from 0. */
export type Schedule = (step: number) => Rates;

/** A schedule that sets the rates of every step, in the words of the configuration. `warmup` is a share of all steps. */
export type ScheduleChoice =
  | { readonly name: 'linear' | 'cosine'; readonly warmup: number }
  | ({ readonly name: 'one-cycle'; readonly max_lr: number | null } & Omit<OneCycleOptions, 'max_lr'>);

/**
 * The schedule of a training run of `steps` steps, or undefined for those that set the rate between epochs at most. The
 * optimizer's rate is the peak. Warm-up is rounded up to whole steps.
 */
export function rateSchedule(
  choice: ScheduleChoice | { readonly name: 'constant' | 'reduce-on-plateau' },
  { lr }: { readonly lr: number },
  steps: number,
): Schedule | undefined {
  switch (choice.name) {
    case 'linear':
      return scaled(lr, warmedUp(Math.ceil(choice.warmup * steps), steps, linearDecay));
    case 'cosine':
      return scaled(lr, warmedUp(Math.ceil(choice.warmup * steps), steps, cosineWave()));
    case 'one-cycle':
      return oneCycle({ ...choice, max_lr: choice.max_lr ?? lr }, steps);
    default:
      return undefined;
  }
}

/** The factor that a rate is multiplied with at a step, or at a share of the way (0 at its start, 1 at its end). */
export type Factor = (at: number) => number;

/** The rate times a factor. */
export function scaled(lr: number, factor: Factor): Schedule {
  return (step) => ({ lr: lr * factor(step) });
}

/** From 0 up to 1 in `warmup` steps, then `decay` over what is left of `steps`; as the schedules of transformers have it. */
export function warmedUp(warmup: number, steps: number, decay: Factor): Factor {
  return (step) => (step < warmup ? step / Math.max(1, warmup) : decay((step - warmup) / Math.max(1, steps - warmup)));
}

export const constantFactor: Factor = () => 1;

export const linearDecay: Factor = (share) => Math.max(0, 1 - share);

/** Half a wave from 1 to 0, or `cycles` whole ones. */
export function cosineWave(cycles = 0.5): Factor {
  return (share) => Math.max(0, 0.5 * (1 + Math.cos(2 * Math.PI * cycles * share)));
}

/** `cycles` half waves from 1 to 0, jumping back to 1 in between. */
export function cosineRestarts(cycles: number): Factor {
  return (share) => (share >= 1 ? 0 : 0.5 * (1 + Math.cos(Math.PI * ((cycles * share) % 1))));
}

/** From 1 to `end` along a power of what is left. */
export function polynomialDecay(power: number, end: number): Factor {
  return (share) => end + (1 - end) * Math.max(0, 1 - share) ** power;
}

/** Times gamma every `size` steps: `StepLR`; with size 1, `ExponentialLR`. */
export function stepDecay(size: number, gamma: number): Factor {
  return (step) => gamma ** Math.floor(step / size);
}

/** Times gamma at each milestone: `MultiStepLR`. */
export function milestoneDecay(milestones: readonly number[], gamma: number): Factor {
  return (step) => gamma ** milestones.filter((milestone) => milestone <= step).length;
}

/** A cosine from 1 to `end` in `period` steps and back again: `CosineAnnealingLR`. */
export function cosineAnnealing(period: number, end: number): Factor {
  return (step) => end + ((1 - end) * (1 + Math.cos((Math.PI * step) / period))) / 2;
}

export interface OneCycleOptions {
  readonly max_lr: number;
  /** The share of all steps in which the rate rises. */
  readonly pct_start: number;
  readonly anneal: 'cos' | 'linear';
  /** The first rate is max_lr / div_factor, and the last is that / final_div_factor. */
  readonly div_factor: number;
  readonly final_div_factor: number;
  /** Come down as far as the first rate in as many steps as the way up took, then on to the last. */
  readonly three_phase?: boolean;
  /** The momentum at the rate's peak, and at its start and end. */
  readonly base_momentum?: number;
  readonly max_momentum?: number;
}

/** One rise and fall of the rate while the momentum does the opposite (Smith & Topin 2019): PyTorch's `OneCycleLR`. */
export function oneCycle(options: OneCycleOptions, steps: number): Schedule {
  const { max_lr: peak, pct_start, anneal, div_factor, final_div_factor, three_phase = false } = options;
  const { base_momentum: low = 0.85, max_momentum: high = 0.95 } = options;
  const start = peak / div_factor;
  const end = start / final_div_factor;
  const rise = pct_start * steps - 1;
  const up = { until: rise, lr: [start, peak], momentum: [high, low] } as const;
  const phases: readonly Phase[] = three_phase
    ? [
        up,
        { until: 2 * rise, lr: [peak, start], momentum: [low, high] },
        { until: steps - 1, lr: [start, end], momentum: [high, high] },
      ]
    : [up, { until: steps - 1, lr: [peak, end], momentum: [low, high] }];
  const along = anneal === 'cos' ? (share: number) => (1 - Math.cos(Math.PI * share)) / 2 : (share: number) => share;
  return (step) => {
    const found = phases.findIndex(({ until }) => step <= until);
    const index = found === -1 ? phases.length - 1 : found;
    const { until, lr, momentum } = phases[index]!;
    const from = phases[index - 1]?.until ?? 0;
    const way = until === from ? 1 : along((step - from) / (until - from));
    return { lr: lr[0] * (1 - way) + lr[1] * way, momentum: momentum[0] * (1 - way) + momentum[1] * way };
  };
}

/** The values at the phase's first and last step; a phase ends at a step that need not be whole. */
interface Phase {
  readonly until: number;
  readonly lr: readonly [number, number];
  readonly momentum: readonly [number, number];
}
